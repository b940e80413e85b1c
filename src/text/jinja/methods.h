// The methods of Python's types that templates call. Those that would change their object do not
// exist here: the sandbox is the immutable one (access.h).
#pragma once

#include <span>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

struct Method {
  const char* name;
  Builtin function;
};

std::span<const Method> StrMethods();
std::span<const Method> ContainerMethods(Type type);  // dict, list, tuple, range
std::span<const Method> NumberMethods(Type type);     // int, bool, float
std::span<const Method> HelperMethods(Type type);     // loop, cycler

// A code-point index as str and list methods clamp it: negative counts from the end.
int64_t ClampIndex(const Value& v, int64_t length, int64_t if_absent);

}  // namespace frugal::jinja
