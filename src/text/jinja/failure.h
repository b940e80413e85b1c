// How the engine's inside reports failure: thrown where something fails, given its place by the
// innermost node around it, and turned into a Status where the engine is entered.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace frugal::jinja {

struct Failure {
  StatusCode code = StatusCode::kInvalidArgument;
  std::string message;
  bool raised = false;  // by the template's own raise_exception: the message is passed on as it is
  int line = 0;         // 0: not known yet
  int column = 0;
};

// What Python would report as an exception.
template <typename... Args>
[[noreturn]] void Fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure{StatusCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...)};
}

// A bound of RenderLimits or of the engine was reached.
template <typename... Args>
[[noreturn]] void FailLimit(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure{StatusCode::kResourceExhausted, fmt::format(format, std::forward<Args>(args)...)};
}

}  // namespace frugal::jinja
