// Status and Result<T>: how functions that read outside input report failure.
//
// A message says what was expected, what came, and a hint where there is one; it names the file
// and the field. CHECK (base/check.h) is for our own bugs only.
#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <utility>

namespace frugal {

enum class StatusCode {
  kOk = 0,
  kInvalidArgument,    // the caller's request makes no sense (bad option, id out of range)
  kNotFound,           // a file, tensor or key is missing
  kCorrupt,            // outside data breaks its own format
  kUnsupported,        // well formed, but Frugal does not know it
  kResourceExhausted,  // memory, disk or a limit of ours
  kIo,                 // the operating system said no
  kCancelled,          // the caller asked to stop
};

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same status with "context: " put before its message (the file's name, say).
  Status WithContext(const std::string& context) const {
    return ok() ? *this : Status(code_, context + ": " + message_);
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return Status(); }

// Error(StatusCode::kCorrupt, "tensor '{}': ...", name)
template <typename... Args>
Status Error(StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return Status(code, fmt::format(format, std::forward<Args>(args)...));
}

// A value, or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: status must not be ok

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  Status status_;
  std::optional<T> value_;
};

#define FRUGAL_CONCAT_INNER(a, b) a##b
#define FRUGAL_CONCAT(a, b) FRUGAL_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(expr): expr is a Status.
#define RETURN_IF_ERROR(expr)                                             \
  do {                                                                    \
    if (::frugal::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, expr): expr is a Result.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_INNER(FRUGAL_CONCAT(result_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_INNER(result, lhs, expr) \
  auto result = (expr);                           \
  if (!result.ok()) return result.status();       \
  lhs = *std::move(result)

}  // namespace frugal
