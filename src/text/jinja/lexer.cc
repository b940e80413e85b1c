#include "text/jinja/lexer.h"

#include <algorithm>

#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

struct Operator {
  std::string_view text;
  Token token;
};
// Longer ones first.
constexpr Operator kOperators[] = {
    {"//", Token::kFloorDiv}, {"**", Token::kPow},     {"==", Token::kEq},
    {"!=", Token::kNe},       {"<=", Token::kLe},      {">=", Token::kGe},
    {"+", Token::kAdd},       {"-", Token::kSub},      {"*", Token::kMul},
    {"/", Token::kDiv},       {"%", Token::kMod},      {"~", Token::kTilde},
    {"<", Token::kLt},        {">", Token::kGt},       {"=", Token::kAssign},
    {".", Token::kDot},       {":", Token::kColon},    {",", Token::kComma},
    {";", Token::kSemicolon}, {"|", Token::kPipe},     {"(", Token::kLParen},
    {")", Token::kRParen},    {"[", Token::kLBracket}, {"]", Token::kRBracket},
    {"{", Token::kLBrace},    {"}", Token::kRBrace},
};

bool IsDigitChar(char c) { return c >= '0' && c <= '9'; }

// Line breaks become \n, and one at the very end is dropped.
std::string NormalizeNewlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(NormalizeNewlines(source)), text_(source_) {}

  std::vector<Lexeme> Run() {
    while (pos_ < text_.size()) Root();
    Push(Token::kEnd, pos_);
    return std::move(out_);
  }

 private:
  // Moves the place that line and column are counted from to byte `to`.
  void MoveMark(size_t to) {
    for (; mark_ < to; ++mark_) {
      if (text_[mark_] == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<uint8_t>(text_[mark_]) & 0xC0) != 0x80) {
        ++column_;
      }
    }
  }

  Lexeme& Push(Token token, size_t at, std::string text = {}) {
    MoveMark(at);
    out_.push_back({token, line_, column_, std::move(text)});
    return out_.back();
  }

  template <typename... Args>
  [[noreturn]] void FailAt(size_t at, fmt::format_string<Args...> format, Args&&... args) {
    MoveMark(at);
    throw Failure{StatusCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...),
                  false, line_, column_};
  }

  size_t SkipSpace(size_t pos) const {
    while (pos < text_.size()) {
      size_t next = pos;
      if (!IsSpace(NextCodePoint(text_, &next))) break;
      pos = next;
    }
    return pos;
  }

  // Text up to the next tag, and the tag's opening.
  void Root() {
    const size_t begin = pos_;
    size_t tag = begin;
    for (;; ++tag) {
      tag = text_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 >= text_.size()) {
        EmitData(begin, text_.size());
        pos_ = text_.size();
        return;
      }
      const char c = text_[tag + 1];
      if (c == '{' || c == '%' || c == '#') break;
    }
    const char kind = text_[tag + 1];
    size_t after = tag + 2;
    char sign = 0;
    if (after < text_.size() && (text_[after] == '-' || text_[after] == '+')) sign = text_[after++];

    size_t end = tag;
    if (sign == '-') {
      end = begin + Strip(text_.substr(begin, tag - begin), nullptr, false, true).size();
    } else if (sign == 0 && kind != '{') {
      end = LeftStripped(begin, tag);
    }
    EmitData(begin, end);
    switch (kind) {
      case '{':
        Push(Token::kVariableBegin, tag);
        pos_ = after;
        return Inside(Token::kVariableEnd);
      case '#':
        return Comment(tag, after);
      default: {
        if (const size_t raw = RawBegin(after); raw != 0) return Raw(tag, raw);
        Push(Token::kBlockBegin, tag);
        pos_ = after;
        return Inside(Token::kBlockEnd);
      }
    }
  }

  // lstrip_blocks: where a tag is the first thing on its line, the white space before it goes.
  size_t LeftStripped(size_t begin, size_t tag) const {
    size_t line = begin;
    const size_t newline = text_.substr(begin, tag - begin).rfind('\n');
    if (newline != std::string_view::npos) line = begin + newline + 1;
    const bool starts_line =
        newline != std::string_view::npos || begin == 0 || text_[begin - 1] == '\n';
    return starts_line && SkipSpace(line) >= tag ? line : tag;
  }

  void EmitData(size_t begin, size_t end) {
    if (end > begin) Push(Token::kData, begin, std::string(text_.substr(begin, end - begin)));
  }

  // The byte behind "raw %}" at `pos`, or 0.
  size_t RawBegin(size_t pos) const {
    pos = SkipSpace(pos);
    if (!text_.substr(pos).starts_with("raw")) return 0;
    pos = SkipSpace(pos + 3);
    if (text_.substr(pos).starts_with("%}")) return pos + 2;
    return text_.substr(pos).starts_with("-%}") ? SkipSpace(pos + 3) : 0;
  }

  // The byte behind a closing "%}" or "#}" at `pos` with its sign and what it trims, or 0.
  size_t CloseAt(size_t pos, std::string_view mark) const {
    const std::string_view rest = text_.substr(pos);
    if (rest.starts_with(mark)) {
      const size_t end = pos + 2;
      return end < text_.size() && text_[end] == '\n' ? end + 1 : end;  // trim_blocks
    }
    if (rest.size() < 3 || rest.substr(1, 2) != mark) return 0;
    if (rest[0] == '-') return SkipSpace(pos + 3);
    return rest[0] == '+' ? pos + 3 : 0;
  }

  void Comment(size_t tag, size_t pos) {
    const size_t at = text_.find("#}", pos);
    if (at == std::string_view::npos) FailAt(tag, "this comment is not closed: expected '#}}'");
    const bool signed_end = at > pos && (text_[at - 1] == '-' || text_[at - 1] == '+');
    pos_ = CloseAt(signed_end ? at - 1 : at, "#}");
  }

  void Raw(size_t tag, size_t begin) {
    for (size_t at = begin;; at += 2) {
      at = text_.find("{%", at);
      if (at == std::string_view::npos) {
        FailAt(tag, "this raw block is not closed: expected '{{% endraw %}}'");
      }
      size_t pos = at + 2;
      char sign = 0;
      if (pos < text_.size() && (text_[pos] == '-' || text_[pos] == '+')) sign = text_[pos++];
      pos = SkipSpace(pos);
      if (!text_.substr(pos).starts_with("endraw")) continue;
      const size_t end = CloseAt(SkipSpace(pos + 6), "%}");
      if (end == 0) continue;
      size_t data_end = at;
      if (sign == '-') {
        data_end = begin + Strip(text_.substr(begin, at - begin), nullptr, false, true).size();
      } else if (sign == 0) {
        data_end = LeftStripped(begin, at);
      }
      EmitData(begin, data_end);
      pos_ = end;
      return;
    }
  }

  // The tokens of a tag up to its end.
  void Inside(Token close) {
    const int line = line_;
    const int column = column_;
    std::string open;  // brackets that are open
    while (pos_ < text_.size()) {
      if (open.empty()) {
        size_t end = 0;
        if (close == Token::kBlockEnd) {
          end = CloseAt(pos_, "%}");
        } else if (text_.substr(pos_).starts_with("}}")) {
          end = pos_ + 2;
        } else if (text_.substr(pos_).starts_with("-}}")) {
          end = SkipSpace(pos_ + 3);
        }
        if (end != 0) {
          Push(close, pos_);
          pos_ = end;
          return;
        }
      }
      size_t next = pos_;
      const char32_t c = NextCodePoint(text_, &next);
      if (IsSpace(c)) {
        pos_ = SkipSpace(pos_);
      } else if (IsDigitChar(text_[pos_])) {
        Number();
      } else if (IsWord(c) || IsIdentifierPart(c)) {
        Name();
      } else if (c == '\'' || c == '"') {
        String(static_cast<char>(c));
      } else {
        OperatorAt(&open);
      }
    }
    throw Failure{StatusCode::kInvalidArgument,
                  fmt::format("this tag is not closed: expected '{}'", TokenText(close)), false,
                  line, column};
  }

  void OperatorAt(std::string* open) {
    const std::string_view rest = text_.substr(pos_);
    const auto* it = std::find_if(std::begin(kOperators), std::end(kOperators),
                                  [&](const Operator& o) { return rest.starts_with(o.text); });
    if (it == std::end(kOperators)) {
      size_t end = pos_;
      NextCodePoint(text_, &end);
      const char c = text_[pos_];
      if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
        FailAt(pos_, "unexpected control character {:#04x} in a tag", static_cast<unsigned>(c));
      }
      FailAt(pos_, "unexpected character '{}' in a tag", text_.substr(pos_, end - pos_));
    }
    switch (it->token) {
      case Token::kLParen:
        open->push_back(')');
        break;
      case Token::kLBracket:
        open->push_back(']');
        break;
      case Token::kLBrace:
        open->push_back('}');
        break;
      case Token::kRParen:
      case Token::kRBracket:
      case Token::kRBrace:
        if (open->empty()) FailAt(pos_, "unexpected '{}'", it->text);
        if (open->back() != it->text[0]) {
          FailAt(pos_, "unexpected '{}', expected '{}'", it->text, open->back());
        }
        open->pop_back();
        break;
      default:
        break;
    }
    Push(it->token, pos_);
    pos_ += it->text.size();
  }

  void Name() {
    const size_t begin = pos_;
    bool valid = true;
    while (pos_ < text_.size()) {
      size_t next = pos_;
      const char32_t c = NextCodePoint(text_, &next);
      if (!IsWord(c) && !IsIdentifierPart(c)) break;
      valid = valid && (pos_ == begin ? IsIdentifierStart(c) : IsIdentifierPart(c));
      pos_ = next;
    }
    if (!valid) FailAt(begin, "invalid character in identifier");
    Push(Token::kName, begin, std::string(text_.substr(begin, pos_ - begin)));
  }

  // (\d+_)*\d+ at `pos`: the byte behind it, or `pos`.
  size_t Digits(size_t pos) const {
    size_t end = pos;
    while (end < text_.size() && IsDigitChar(text_[end])) {
      ++end;
      if (end + 1 < text_.size() && text_[end] == '_' && IsDigitChar(text_[end + 1])) ++end;
    }
    return end;
  }

  size_t FloatEnd() const {
    if (pos_ > 0 && text_[pos_ - 1] == '.') return 0;
    const auto at = [&](size_t i) { return i < text_.size() ? text_[i] : '\0'; };
    size_t end = Digits(pos_);
    bool is_float = false;
    if (at(end) == '.' && Digits(end + 1) > end + 1) {
      end = Digits(end + 1);
      is_float = true;
    }
    if ((at(end) | 32) == 'e') {
      const size_t exponent = end + (at(end + 1) == '+' || at(end + 1) == '-' ? 2 : 1);
      if (Digits(exponent) > exponent) return Digits(exponent);
    }
    return is_float ? end : 0;
  }

  void Number() {
    const size_t begin = pos_;
    const auto without_underscores = [&](size_t end) {
      std::string digits(text_.substr(begin, end - begin));
      std::erase(digits, '_');
      return digits;
    };
    if (const size_t end = FloatEnd(); end != 0) {
      double d = 0;
      ParseFloat(without_underscores(end), &d);
      pos_ = end;
      Push(Token::kFloat, begin, std::string(text_.substr(begin, end - begin))).real = d;
      return;
    }
    size_t end = begin;
    int base = 10;
    const char mark = begin + 1 < text_.size() ? static_cast<char>(text_[begin + 1] | 32) : '\0';
    if (text_[begin] == '0' && (mark == 'x' || mark == 'o' || mark == 'b')) {
      base = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
      end = Radix(begin + 2, base);
    }
    if (end == begin && text_[begin] == '0') {
      base = 10;
      end = begin + 1;  // zeros only: "007" is 00 and then 7
      while (end < text_.size() &&
             (text_[end] == '0' ||
              (text_[end] == '_' && end + 1 < text_.size() && text_[end + 1] == '0'))) {
        ++end;
      }
    } else if (end == begin) {
      end = Digits(begin);
    }
    Int i = 0;
    try {
      ParseInt(without_underscores(end), base, &i);
    } catch (const Failure& failure) {
      FailAt(begin, "{}", failure.message);
    }
    pos_ = end;
    Push(Token::kInteger, begin, std::string(text_.substr(begin, end - begin))).integer = i;
  }

  // (_?digit)+ of `base` at `pos`: the byte behind it, or `pos` - 2 when there is none.
  size_t Radix(size_t pos, int base) const {
    const auto is_digit = [&](size_t i) {
      if (i >= text_.size()) return false;
      const char c = text_[i];
      if (base == 16) return IsDigitChar(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
      return c >= '0' && c < '0' + base;
    };
    size_t end = pos;
    while (is_digit(end) || (end < text_.size() && text_[end] == '_' && is_digit(end + 1))) {
      end += is_digit(end) ? 1 : 2;
    }
    return end > pos ? end : pos - 2;
  }

  void String(char quote) {
    const size_t begin = pos_;
    size_t end = begin + 1;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) FailAt(begin, "this string is not closed: expected {}", quote);
    std::string value = Unescape(text_.substr(begin + 1, end - begin - 1), begin);
    pos_ = end + 1;
    Push(Token::kString, begin, std::move(value));
  }

  // Jinja writes what is not ASCII as escapes and then reads all escapes as Python does, so that a
  // backslash before such a character spoils its escape.
  std::string Unescape(std::string_view raw, size_t at) {
    if (raw.find('\\') == std::string_view::npos) return std::string(raw);
    std::string ascii;
    for (size_t pos = 0; pos < raw.size();) {
      const auto c = static_cast<uint32_t>(NextCodePoint(raw, &pos));
      if (c < 0x80) {
        ascii += static_cast<char>(c);
      } else {
        ascii += c < 0x100     ? fmt::format("\\x{:02x}", c)
                 : c < 0x10000 ? fmt::format("\\u{:04x}", c)
                               : fmt::format("\\U{:08x}", c);
      }
    }
    std::string out;
    for (size_t pos = 0; pos < ascii.size();) {
      const char c = ascii[pos++];
      if (c != '\\') {
        out += c;
        continue;
      }
      if (pos >= ascii.size()) FailAt(at, "\\ at the end of a string");
      Escape(ascii, &pos, at, &out);
    }
    return out;
  }

  void Escape(const std::string& ascii, size_t* pos, size_t at, std::string* out) {
    const char c = ascii[(*pos)++];
    switch (c) {
      case '\n':
        return;
      case '\\':
      case '\'':
      case '"':
        out->push_back(c);
        return;
      case 'a':
        out->push_back('\a');
        return;
      case 'b':
        out->push_back('\b');
        return;
      case 'f':
        out->push_back('\f');
        return;
      case 'n':
        out->push_back('\n');
        return;
      case 'r':
        out->push_back('\r');
        return;
      case 't':
        out->push_back('\t');
        return;
      case 'v':
        out->push_back('\v');
        return;
      case 'N':
        FailAt(at, "the escape \\N{{name}} is not supported; write \\u and its number");
      case 'x':
        return Hex(ascii, pos, 2, at, out);
      case 'u':
        return Hex(ascii, pos, 4, at, out);
      case 'U':
        return Hex(ascii, pos, 8, at, out);
      default:
        break;
    }
    if (c >= '0' && c <= '7') {
      char32_t value = static_cast<char32_t>(c - '0');
      for (int i = 0; i < 2 && *pos < ascii.size() && ascii[*pos] >= '0' && ascii[*pos] <= '7';
           ++i) {
        value = value * 8 + static_cast<char32_t>(ascii[(*pos)++] - '0');
      }
      AppendCodePoint(value, out);
      return;
    }
    out->push_back('\\');  // Python keeps escapes that it does not know
    out->push_back(c);
  }

  void Hex(const std::string& ascii, size_t* pos, int digits, size_t at, std::string* out) {
    Int value = 0;
    const std::string_view text = std::string_view(ascii).substr(*pos, static_cast<size_t>(digits));
    const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
      return IsDigitChar(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
    });
    if (text.size() < static_cast<size_t>(digits) || !hex) {
      FailAt(at, "an escape in this string is cut short: expected {} hexadecimal digits", digits);
    }
    ParseInt(text, 16, &value);
    if (value > 0x10FFFF) FailAt(at, "an escape in this string is beyond U+10FFFF");
    AppendCodePoint(static_cast<char32_t>(value), out);
    *pos += static_cast<size_t>(digits);
  }

  const std::string source_;
  const std::string_view text_;
  size_t pos_ = 0;
  size_t mark_ = 0;
  int line_ = 1;
  int column_ = 1;
  std::vector<Lexeme> out_;
};

}  // namespace

std::vector<Lexeme> Tokenize(std::string_view source) { return Lexer(source).Run(); }

const char* TokenText(Token token) {
  switch (token) {
    case Token::kData:
      return "text";
    case Token::kVariableBegin:
      return "{{";
    case Token::kVariableEnd:
      return "}}";
    case Token::kBlockBegin:
      return "{%";
    case Token::kBlockEnd:
      return "%}";
    case Token::kName:
      return "a name";
    case Token::kString:
      return "a string";
    case Token::kInteger:
      return "an integer";
    case Token::kFloat:
      return "a float";
    case Token::kEnd:
      return "end of template";
    default:
      break;
  }
  for (const Operator& o : kOperators) {
    if (o.token == token) return o.text.data();
  }
  return "?";
}

std::string Describe(const Lexeme& lexeme) {
  switch (lexeme.token) {
    case Token::kName:
      return fmt::format("'{}'", lexeme.text);
    case Token::kInteger:
    case Token::kFloat:
      return lexeme.text;
    case Token::kString:
    case Token::kData:
    case Token::kEnd:
      return TokenText(lexeme.token);
    default:
      return fmt::format("'{}'", TokenText(lexeme.token));
  }
}

}  // namespace frugal::jinja
