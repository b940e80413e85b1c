// JSON as models write it: found in a stream, escaped, and made from Python's notation.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace frugal::output {

// Finds the end of one JSON value by counting brackets outside strings; it does not check the
// rest of the syntax, so broken values pass through as they are written.
class JsonValueScanner {
 public:
  // How many bytes of `text` belong to the value. The value begins at the first byte of the first
  // call; done() tells whether its end was seen.
  size_t Feed(std::string_view text);
  bool done() const { return done_; }

 private:
  enum class Kind { kNone, kNested, kString, kScalar };
  Kind kind_ = Kind::kNone;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool done_ = false;
};

// The text of a JSON string, quotes included; none when it is malformed.
std::optional<std::string> DecodeJsonString(std::string_view quoted);

// `text` with what JSON strings may not hold escaped; without the quotes.
std::string EscapeJson(std::string_view text);
std::string QuoteJson(std::string_view text);

// None, True, False, numbers, strings, lists, tuples and dicts with string keys, as Python's repr
// writes them, in JSON; nothing when it is something else or nested more than 64 levels.
std::optional<std::string> PythonToJson(std::string_view text);

}  // namespace frugal::output
