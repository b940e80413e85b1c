// Jinja's built-in tests: what may follow `is`.
#pragma once

#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

using Predicate = Builtin;  // gives a bool

Predicate FindTest(std::string_view name);  // null when there is none

}  // namespace frugal::jinja
