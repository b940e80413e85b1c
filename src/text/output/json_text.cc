#include "text/output/json_text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "text/output/stream.h"
#include "text/unicode.h"

namespace frugal::output {

size_t JsonValueScanner::Feed(std::string_view text) {
  for (size_t i = 0; i < text.size() && !done_; ++i) {
    const char c = text[i];
    if (kind_ == Kind::kNone) {
      kind_ = c == '{' || c == '[' ? Kind::kNested : c == '"' ? Kind::kString : Kind::kScalar;
      if (kind_ == Kind::kNested) {
        depth_ = 1;
        continue;
      }
      if (kind_ == Kind::kString) {
        in_string_ = true;
        continue;
      }
    }
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        done_ = kind_ == Kind::kString;
      }
      if (done_) return i + 1;
      continue;
    }
    if (kind_ == Kind::kScalar) {
      done_ = IsSpace(c) || c == ',' || c == '}' || c == ']' || c == '<';
      if (done_) return i;
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      done_ = true;
      return i + 1;
    }
  }
  return done_ ? 0 : text.size();
}

std::optional<std::string> DecodeJsonString(std::string_view quoted) {
  const auto json =
      nlohmann::json::parse(quoted.begin(), quoted.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

std::string EscapeJson(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string QuoteJson(std::string_view text) { return '"' + EscapeJson(text) + '"'; }

namespace {

// Reads one Python literal; every function returns false where it finds no such thing.
class PythonReader {
 public:
  explicit PythonReader(std::string_view text) : rest_(text) {}

  bool Value(int depth, std::string* out) {
    constexpr int kMaxDepth = 64;
    Space();
    if (depth > kMaxDepth || rest_.empty()) return false;
    switch (rest_[0]) {
      case '[':
        return List(']', depth, out);
      case '(':
        return List(')', depth, out);
      case '{':
        return Dict(depth, out);
      case '"':
      case '\'':
        return String(out);
      default:
        return Word(out);
    }
  }

  bool AtEnd() {
    Space();
    return rest_.empty();
  }

 private:
  void Space() {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
  }

  bool Take(char c) {
    Space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool List(char close, int depth, std::string* out) {
    rest_.remove_prefix(1);
    *out += '[';
    for (bool first = true; !Take(close); first = false) {
      if (!first) {
        if (!Take(',')) return false;
        if (Take(close)) break;  // a trailing comma, as in (1,)
        *out += ", ";
      }
      if (!Value(depth + 1, out)) return false;
    }
    *out += ']';
    return true;
  }

  bool Dict(int depth, std::string* out) {
    rest_.remove_prefix(1);
    *out += '{';
    for (bool first = true; !Take('}'); first = false) {
      if (!first) {
        if (!Take(',')) return false;
        if (Take('}')) break;
        *out += ", ";
      }
      Space();
      if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\'') || !String(out)) return false;
      if (!Take(':')) return false;
      *out += ": ";
      if (!Value(depth + 1, out)) return false;
    }
    *out += '}';
    return true;
  }

  bool String(std::string* out) {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_[0] != quote) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (!Escape(&text)) return false;
      } else {
        text += c;
      }
    }
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    *out += QuoteJson(text);
    return true;
  }

  bool Escape(std::string* text) {
    if (rest_.empty()) return false;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    static constexpr std::string_view kFrom = "nrtabfv0\\'\"";
    static constexpr std::string_view kTo("\n\r\t\a\b\f\v\0\\'\"", 11);
    if (const size_t at = kFrom.find(c); at != std::string_view::npos) {
      *text += kTo[at];
      return true;
    }
    const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || rest_.size() < digits) return false;
    uint32_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char d = rest_[i];
      const int digit = d >= '0' && d <= '9'   ? d - '0'
                        : d >= 'a' && d <= 'f' ? d - 'a' + 10
                        : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      value = value * 16 + static_cast<uint32_t>(digit);
    }
    rest_.remove_prefix(digits);
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
    AppendUtf8(value, text);
    return true;
  }

  bool Word(std::string* out) {
    const size_t end = std::min(rest_.find_first_of(" \t\r\n,]}):"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (word == "None" || word == "True" || word == "False") {
      *out += word == "None" ? "null" : word == "True" ? "true" : "false";
      return true;
    }
    if (!nlohmann::json::accept(word.begin(), word.end())) return false;
    *out += word;
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string> PythonToJson(std::string_view text) {
  PythonReader reader(text);
  std::string out;
  if (!reader.Value(/*depth=*/0, &out) || !reader.AtEnd()) return std::nullopt;
  return out;
}

}  // namespace frugal::output
