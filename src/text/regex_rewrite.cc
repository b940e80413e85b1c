#include "text/regex_rewrite.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace frugal {
namespace {

constexpr int kMaxClassDepth = 32;

// Class bodies (what stands between the brackets).
constexpr std::string_view kSpace = "\\t-\\r\\x{85}\\p{Z}";
constexpr std::string_view kOnigWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
// Outside a class, Oniguruma's \w takes ² ³ ¹ ¼ ½ ¾ as well (it looks Latin-1 up in a table).
constexpr std::string_view kOnigLoneWord =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}";
constexpr std::string_view kRustWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}";
constexpr std::string_view kHex = "0-9A-Fa-f";

// Long property names that PCRE2 10.42 does not know.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kProperties = {{
    {"Letter", "L"},
    {"Mark", "M"},
    {"Number", "N"},
    {"Punctuation", "P"},
    {"Punct", "P"},
    {"Symbol", "S"},
    {"Separator", "Z"},
    {"Other", "C"},
    {"Digit", "Nd"},
    {"Alpha", "Alphabetic"},
    {"Upper", "Uppercase"},
    {"Lower", "Lowercase"},
    {"Space", "White_Space"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Decimal_Number", "Nd"},
}};

// Whether PCRE2 knows a script of that name. Its own \p{Han} means the script's extensions, which
// take in punctuation that scripts share; the other engines mean the script.
bool IsScript(std::string_view name) {
  if (name.size() < 3) return false;  // a general category
  const std::string pattern = fmt::format("\\p{{sc:{}}}", name);
  int error = 0;
  PCRE2_SIZE where = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF, &error, &where, nullptr);
  pcre2_code_free(code);
  return code != nullptr;
}

class Rewriter {
 public:
  Rewriter(std::string_view in, RegexDialect dialect) : in_(in), dialect_(dialect) {}

  Result<std::string> Run() {
    while (at_ < in_.size()) RETURN_IF_ERROR(Item());
    return std::move(out_);
  }

 private:
  // One operand of a class intersection: plain items, and members that are classes themselves.
  struct Operand {
    std::string body;
    std::vector<std::string> matchers;  // each matches exactly one character
  };

  std::string_view Word() const {
    return dialect_ == RegexDialect::kOniguruma ? kOnigWord : kRustWord;
  }
  std::string_view LoneWord() const {
    return dialect_ == RegexDialect::kOniguruma ? kOnigLoneWord : kRustWord;
  }
  bool Done() const { return at_ >= in_.size(); }
  Status Ends(const char* where) const {
    return Error(StatusCode::kCorrupt, "the pattern ends inside {}", where);
  }

  void Put(std::string_view before, std::string_view text, std::string_view after) {
    out_.append(before).append(text).append(after);
  }

  // "(?:" … ")" around what was written since `begin`.
  void Wrap(size_t begin, std::string_view tail) {
    out_.insert(begin, "(?:");
    out_ += ")";
    out_ += tail;
  }

  Status Item() {
    const char c = in_[at_];
    switch (c) {
      case '\\':
        atom_ = out_.size();
        return Escape();
      case '[':
        atom_ = out_.size();
        return Class();
      case '(':
        groups_.push_back(out_.size());
        ++at_;
        out_ += '(';
        if (!Done() && in_[at_] == '?') GroupFlags();
        return OkStatus();
      case ')':
        ++at_;
        out_ += ')';
        if (!groups_.empty()) {
          atom_ = groups_.back();
          groups_.pop_back();
        }
        return OkStatus();
      case '{':
        return Repeat();
      default:
        atom_ = out_.size();
        out_ += c;
        ++at_;
        while (!Done() && (static_cast<unsigned char>(in_[at_]) & 0xC0) == 0x80) {
          out_ += in_[at_++];
        }
        return OkStatus();
    }
  }

  // "?…" after an opening parenthesis. Ruby's m is everybody else's s.
  void GroupFlags() {
    size_t end = at_ + 1;
    while (end < in_.size() && (in_[end] == 'i' || in_[end] == 'm' || in_[end] == 'x' ||
                                in_[end] == 's' || in_[end] == '-')) {
      ++end;
    }
    const bool flags = end < in_.size() && (in_[end] == ':' || in_[end] == ')') && end > at_ + 1;
    out_ += in_[at_++];
    if (!flags) return;
    for (; at_ < end; ++at_) {
      out_ += dialect_ == RegexDialect::kOniguruma && in_[at_] == 'm' ? 's' : in_[at_];
    }
  }

  // {n}, {n,}, {n,m}, {,m}; anything else is a literal brace.
  Status Repeat() {
    size_t end = at_ + 1;
    size_t commas = 0, digits = 0;
    while (end < in_.size() && in_[end] != '}') {
      if (in_[end] == ',') {
        ++commas;
      } else if (in_[end] >= '0' && in_[end] <= '9') {
        ++digits;
      } else {
        break;
      }
      ++end;
    }
    if (end >= in_.size() || in_[end] != '}' || digits == 0 || commas > 1) {
      atom_ = out_.size();
      out_ += "\\{";
      ++at_;
      return OkStatus();
    }
    const std::string_view bounds = in_.substr(at_ + 1, end - at_ - 1);
    const std::string repeat = fmt::format("{{{}{}}}", bounds[0] == ',' ? "0" : "", bounds);
    at_ = end + 1;
    if (dialect_ == RegexDialect::kOniguruma && !Done() && in_[at_] == '+') {
      out_ += repeat;  // Ruby: repeat the repetition
      Wrap(atom_, "+");
      ++at_;
    } else {
      out_ += repeat;
    }
    return OkStatus();
  }

  // \p{…} or \P{…}, at the p; gives the text to write.
  Result<std::string> Property() {
    bool negated = in_[at_] == 'P';
    ++at_;
    if (Done()) return Ends("a property name");
    if (in_[at_] != '{') {
      const std::string name(1, in_[at_++]);
      return fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', name);
    }
    const size_t end = in_.find('}', at_);
    if (end == std::string_view::npos) return Ends("a property name");
    std::string_view name = in_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (!name.empty() && name[0] == '^') {
      negated = !negated;
      name.remove_prefix(1);
    }
    if (name == "Word") return fmt::format("[{}{}]", negated ? "^" : "", Word());
    for (const auto& [from, to] : kProperties) {
      if (name == from) name = to;
    }
    if (IsScript(name)) return fmt::format("\\{}{{sc:{}}}", negated ? 'P' : 'p', name);
    return fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', name);
  }

  // \uXXXX or \u{X…}, at the u.
  Result<std::string> UnicodeEscape() {
    ++at_;
    std::string_view hex;
    if (!Done() && in_[at_] == '{') {
      const size_t end = in_.find('}', at_);
      if (end == std::string_view::npos) return Ends("an escape");
      hex = in_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      if (in_.size() - at_ < 4) return Ends("an escape");
      hex = in_.substr(at_, 4);
      at_ += 4;
    }
    return fmt::format("\\x{{{}}}", hex);
  }

  Status Escape() {
    ++at_;
    if (Done()) return Ends("an escape");
    const char c = in_[at_];
    const std::string_view word = LoneWord();
    switch (c) {
      case 's':
        Put("[", kSpace, "]");
        break;
      case 'S':
        Put("[^", kSpace, "]");
        break;
      case 'w':
        Put("[", word, "]");
        break;
      case 'W':
        Put("[^", word, "]");
        break;
      case 'h':
        Put("[", kHex, "]");
        break;
      case 'H':
        Put("[^", kHex, "]");
        break;
      case 'b':
        out_ += fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", word);
        break;
      case 'B':
        out_ += fmt::format("(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))", word);
        break;
      case 'p':
      case 'P': {
        ASSIGN_OR_RETURN(const std::string property, Property());
        out_ += property;
        return OkStatus();
      }
      case 'u': {
        ASSIGN_OR_RETURN(const std::string escape, UnicodeEscape());
        out_ += escape;
        return OkStatus();
      }
      case 'x':
        if (in_.substr(at_, 2) == "x{") {
          const size_t end = in_.find('}', at_);
          if (end == std::string_view::npos) return Ends("an escape");
          Put("\\", in_.substr(at_, end + 1 - at_), "");
          at_ = end + 1;
          return OkStatus();
        }
        [[fallthrough]];
      default:
        out_ += '\\';
        out_ += c;
        ++at_;
        while (!Done() && (static_cast<unsigned char>(in_[at_]) & 0xC0) == 0x80) {
          out_ += in_[at_++];
        }
        return OkStatus();
    }
    ++at_;
    return OkStatus();
  }

  Status Class() {
    ASSIGN_OR_RETURN(const std::string matcher, ClassMatcher(0));
    out_ += matcher;
    return OkStatus();
  }

  static std::string OperandMatcher(const Operand& operand) {
    const std::string plain = fmt::format("[{}]", operand.body);
    if (operand.matchers.empty()) return plain;
    std::string any;
    if (!operand.body.empty()) any = plain;
    for (const std::string& matcher : operand.matchers)
      any.append(any.empty() ? "" : "|").append(matcher);
    return operand.body.empty() && operand.matchers.size() == 1 ? any : fmt::format("(?:{})", any);
  }

  // The class that starts at '[', as an expression that matches exactly one character.
  Result<std::string> ClassMatcher(int depth) {
    if (depth > kMaxClassDepth) {
      return Error(StatusCode::kCorrupt, "character classes nest deeper than {}", kMaxClassDepth);
    }
    ++at_;
    bool negated = false;
    if (!Done() && in_[at_] == '^') {
      negated = true;
      ++at_;
    }
    std::vector<Operand> operands(1);
    bool first = true;
    while (true) {
      if (Done()) return Ends("a character class");
      if (in_[at_] == ']' && !first) break;
      if (in_.substr(at_, 2) == "&&") {
        at_ += 2;
        operands.emplace_back();
        first = false;
        continue;
      }
      RETURN_IF_ERROR(ClassItem(depth, first, &operands.back()));
      first = false;
    }
    ++at_;
    for (const Operand& operand : operands) {
      if (operand.body.empty() && operand.matchers.empty()) {
        return Error(StatusCode::kCorrupt, "a character class is empty");
      }
    }
    if (operands.size() == 1 && operands[0].matchers.empty()) {
      return fmt::format("[{}{}]", negated ? "^" : "", operands[0].body);
    }
    std::string matcher;
    if (operands.size() == 1) {
      matcher = OperandMatcher(operands[0]);
    } else {
      matcher = "(?:";
      for (size_t i = 1; i < operands.size(); ++i) {
        matcher += fmt::format("(?={})", OperandMatcher(operands[i]));
      }
      matcher += OperandMatcher(operands[0]) + ")";
    }
    return negated ? fmt::format("(?:(?!{})(?s:.))", matcher) : matcher;
  }

  Status ClassItem(int depth, bool first, Operand* operand) {
    const char c = in_[at_];
    if (c == '[') {
      if (in_.substr(at_, 2) == "[:") {
        if (const auto posix = PosixClass()) {
          operand->body += *posix;
          return OkStatus();
        }
      }
      const auto result = ClassMatcher(depth + 1);
      if (!result.ok()) return result.status();
      const std::string& matcher = *result;
      if (matcher.starts_with('[') && !matcher.starts_with("[^")) {  // a union: flatten it
        operand->body += matcher.substr(1, matcher.size() - 2);
      } else {
        operand->matchers.push_back(matcher);
      }
      return OkStatus();
    }
    if (c == '\\') return ClassEscape(operand);
    if (c == ']' && first) {
      operand->body += "\\]";
    } else if (c == '^') {
      operand->body += "\\^";
    } else {
      operand->body += c;
    }
    ++at_;
    return OkStatus();
  }

  // [:name:] inside a class, where it is one we know; PCRE2's own differ in the ASCII symbols.
  std::optional<std::string> PosixClass() {
    const size_t end = in_.find(":]", at_ + 2);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = in_.substr(at_ + 2, end - at_ - 2);
    std::string body;
    if (name == "alpha") body = "\\p{Alphabetic}";
    if (name == "digit") body = "\\p{Nd}";
    if (name == "alnum") body = "\\p{Alphabetic}\\p{Nd}";
    if (name == "upper") body = "\\p{Uppercase}";
    if (name == "lower") body = "\\p{Lowercase}";
    if (name == "space") body = kSpace;
    if (name == "punct") body = "\\p{P}\\p{S}";
    if (name == "word") body = Word();
    if (name == "xdigit") body = kHex;
    if (body.empty()) return std::nullopt;
    at_ = end + 2;
    return body;
  }

  Status ClassEscape(Operand* operand) {
    ++at_;
    if (Done()) return Ends("an escape");
    const char c = in_[at_];
    switch (c) {
      case 's':
        operand->body += kSpace;
        break;
      case 'S':
        operand->matchers.push_back(fmt::format("[^{}]", kSpace));
        break;
      case 'w':
        operand->body += Word();
        break;
      case 'W':
        operand->matchers.push_back(fmt::format("[^{}]", Word()));
        break;
      case 'h':
        operand->body += kHex;
        break;
      case 'H':
        operand->matchers.push_back(fmt::format("[^{}]", kHex));
        break;
      case 'p':
      case 'P': {
        const auto result = Property();
        if (!result.ok()) return result.status();
        const std::string& property = *result;
        if (property.starts_with("[^")) {
          operand->matchers.push_back(property);
        } else if (property.starts_with('[')) {
          operand->body += property.substr(1, property.size() - 2);
        } else {
          operand->body += property;
        }
        return OkStatus();
      }
      case 'u': {
        ASSIGN_OR_RETURN(const std::string escape, UnicodeEscape());
        operand->body += escape;
        return OkStatus();
      }
      default:
        operand->body += '\\';
        operand->body += c;
        ++at_;
        while (!Done() && (static_cast<unsigned char>(in_[at_]) & 0xC0) == 0x80) {
          operand->body += in_[at_++];
        }
        return OkStatus();
    }
    ++at_;
    return OkStatus();
  }

  std::string_view in_;
  RegexDialect dialect_;
  size_t at_ = 0;
  std::string out_;
  size_t atom_ = 0;             // where the last atom starts in out_
  std::vector<size_t> groups_;  // where the open groups start in out_
};

}  // namespace

Result<std::string> RewriteRegex(std::string_view pattern, RegexDialect dialect) {
  return Rewriter(pattern, dialect).Run();
}

}  // namespace frugal
