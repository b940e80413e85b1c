#include "text/jinja/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

bool IsAlign(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

int64_t TakeNumber(std::string_view text, size_t* pos) {
  int64_t n = 0;
  for (; *pos < text.size() && text[*pos] >= '0' && text[*pos] <= '9'; ++*pos) {
    if (n > INT32_MAX) Fail("too many decimal digits in format string");
    n = n * 10 + (text[*pos] - '0');
  }
  return n;
}

// What a number's text consists of: sign, prefix, integer digits, the rest ('.5e+10', '%').
struct NumberParts {
  bool negative = false;
  std::string prefix;
  std::string digits;
  std::string rest;
};

// Separators between groups of digits, counted from the right; leading zeros are added until the
// whole has `min_width` characters.
std::string Grouped(std::string digits, char separator, int group, int64_t min_width) {
  const auto width_of = [&](int64_t n) { return separator == 0 ? n : n + (n - 1) / group; };
  int64_t n = static_cast<int64_t>(digits.size());
  while (width_of(n) < min_width) ++n;
  digits.insert(0, static_cast<size_t>(n) - digits.size(), '0');
  if (separator == 0) return digits;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % static_cast<size_t>(group) == 0) out += separator;
    out += digits[i];
  }
  return out;
}

std::string Layout(Runtime& rt, const FormatSpec& spec, NumberParts parts) {
  std::string sign = parts.negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
  const bool hex_like =
      spec.type == 'b' || spec.type == 'o' || spec.type == 'x' || spec.type == 'X';
  const int group = hex_like ? 4 : 3;
  const char align = spec.align == 0 ? '>' : spec.align;
  rt.CheckSize(spec.width);
  rt.ChargeBytes(static_cast<size_t>(spec.width));
  const auto taken = static_cast<int64_t>(sign.size() + parts.prefix.size() + parts.rest.size());
  const bool zeros = align == '=' && spec.fill == "0";
  const bool digits_only = std::all_of(parts.digits.begin(), parts.digits.end(),
                                       [](char c) { return c != 'n' && c != 'i'; }) ||
                           hex_like;
  const char separator = digits_only ? spec.grouping : char{0};
  const std::string number =
      Grouped(std::move(parts.digits), separator, group, zeros ? spec.width - taken : 0) +
      parts.rest;
  if (align == '=') {
    const std::string head = sign + parts.prefix;
    const int64_t width = spec.width - static_cast<int64_t>(head.size());
    return head + Justified(rt, number, width, spec.fill, '>');
  }
  std::string whole = sign + parts.prefix + number;
  if (align != '^') return Justified(rt, whole, spec.width, spec.fill, align);
  // Unlike str.center, format always puts the odd one on the right.
  const int64_t pad = std::max<int64_t>(spec.width - static_cast<int64_t>(whole.size()), 0);
  const std::string left =
      Justified(rt, whole, static_cast<int64_t>(whole.size()) + pad / 2, spec.fill, '>');
  return Justified(rt, left, spec.width, spec.fill, '<');
}

std::string FormatStr(Runtime& rt, std::string_view text, const FormatSpec& spec) {
  if (spec.type != 0 && spec.type != 's') {
    Fail("unknown format code '{}' for object of type 'str'", spec.type);
  }
  if (spec.sign != '-') Fail("sign not allowed in string format specifier");
  if (spec.alternate) Fail("alternate form (#) not allowed in string format specifier");
  if (spec.negative_zero) Fail("negative zero coercion (z) not allowed in string format specifier");
  if (spec.grouping != 0) Fail("cannot specify '{}' with 's'", spec.grouping);
  if (spec.align == '=') Fail("'=' alignment not allowed in string format specifier");
  if (spec.precision >= 0) text = text.substr(0, ByteOffset(text, spec.precision));
  const char align = spec.align == 0 ? '<' : spec.align;
  if (align != '^') return Justified(rt, text, spec.width, spec.fill, align);
  const int64_t length = CountCodePoints(text);
  const int64_t pad = std::max<int64_t>(spec.width - length, 0);
  const std::string left = Justified(rt, text, length + pad / 2, spec.fill, '>');
  return Justified(rt, left, spec.width, spec.fill, '<');
}

std::string FormatFloat(Runtime& rt, double d, const FormatSpec& spec) {
  NumberParts parts;
  char type = spec.type;
  int64_t precision = spec.precision;
  std::string text;
  if (type == 0 && precision < 0) {
    text = FloatRepr(std::abs(d));
    if (spec.alternate && text.find('e') != std::string::npos &&
        text.find('.') == std::string::npos) {
      text.insert(text.find('e'), 1, '.');
    }
  } else {
    const bool dot_zero = type == 0;
    if (type == 'n' || type == 0) type = 'g';
    if (precision < 0) precision = 6;
    const bool percent = type == '%';
    text = FloatDigits(rt, percent ? d * 100 : d, percent ? 'f' : type, precision, spec.alternate,
                       dot_zero);
    if (percent) text += '%';
  }
  parts.negative = std::signbit(d) && !std::isnan(d);
  if (parts.negative && spec.negative_zero &&
      text.find_first_of("123456789infNF") == std::string::npos) {
    parts.negative = false;
  }
  const size_t end =
      std::isfinite(d) ? std::min(text.find_first_not_of("0123456789"), text.size()) : text.size();
  parts.digits = text.substr(0, end);
  parts.rest = text.substr(end);
  return Layout(rt, spec, std::move(parts));
}

std::string FormatInt(Runtime& rt, Int i, const FormatSpec& spec) {
  if (spec.type != 0 && std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos) {
    return FormatFloat(rt, static_cast<double>(i), spec);
  }
  if (spec.precision >= 0) Fail("precision not allowed in integer format specifier");
  if (spec.negative_zero)
    Fail("negative zero coercion (z) not allowed in integer format specifier");
  NumberParts parts;
  parts.negative = i < 0;
  switch (spec.type) {
    case 0:
    case 'd':
    case 'n':
      if (spec.type == 'n' && spec.grouping != 0)
        Fail("cannot specify '{}' with 'n'", spec.grouping);
      parts.digits = IntDigits(i, 10, false);
      break;
    case 'b':
    case 'o':
    case 'x':
    case 'X':
      if (spec.grouping == ',') Fail("cannot specify ',' with '{}'", spec.type);
      parts.digits = IntDigits(i,
                               spec.type == 'b'   ? 2
                               : spec.type == 'o' ? 8
                                                  : 16,
                               spec.type == 'X');
      if (spec.alternate) parts.prefix = std::string("0") + spec.type;
      break;
    case 'c': {
      if (spec.sign != '-') Fail("sign not allowed with integer format specifier 'c'");
      if (spec.alternate) Fail("alternate form (#) not allowed with integer format specifier 'c'");
      if (spec.grouping != 0) Fail("cannot specify '{}' with 'c'", spec.grouping);
      if (i < 0 || i > 0x10FFFF) Fail("%c arg not in range(0x110000)");
      FormatSpec as_text = spec;
      as_text.type = 's';
      if (as_text.align == 0) as_text.align = '>';
      if (as_text.align == '=') as_text.align = '>';
      std::string text;
      AppendCodePoint(static_cast<char32_t>(i), &text);
      return FormatStr(rt, text, as_text);
    }
    default:
      Fail("unknown format code '{}' for object of type 'int'", spec.type);
  }
  return Layout(rt, spec, std::move(parts));
}

// The %g notation: P significant digits, in exponent form when the exponent is out of range.
std::string General(Runtime& rt, double d, char type, int64_t precision, bool alternate,
                    bool dot_zero) {
  precision = std::max<int64_t>(precision, 1);
  const std::string scientific =
      FloatDigits(rt, d, type == 'G' ? 'E' : 'e', precision - 1, false, false);
  const size_t e = scientific.find_first_of("eE");
  int exponent = 0;
  const char* digits = scientific.data() + e + 1;
  std::from_chars(*digits == '+' ? digits + 1 : digits, scientific.data() + scientific.size(),
                  exponent);
  const bool use_exponent = exponent + 1 <= -4 || exponent + 1 > precision - (dot_zero ? 1 : 0);
  std::string mantissa = scientific.substr(0, e);
  std::string tail = scientific.substr(e);
  if (!use_exponent) {
    mantissa =
        FloatDigits(rt, d, 'f', std::max<int64_t>(precision - 1 - exponent, 0), false, false);
    tail.clear();
  }
  if (alternate) {
    if (mantissa.find('.') == std::string::npos) mantissa += '.';
    return mantissa + tail;
  }
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.')) mantissa.pop_back();
  }
  if (dot_zero && !use_exponent && mantissa.find('.') == std::string::npos) mantissa += ".0";
  return mantissa + tail;
}

}  // namespace

std::string IntDigits(Int i, int base, bool upper) {
  auto u = static_cast<unsigned __int128>(i);
  if (i < 0) u = -u;
  std::string out;
  do {
    const auto digit = static_cast<size_t>(u % static_cast<unsigned>(base));
    out += (upper ? "0123456789ABCDEF" : "0123456789abcdef")[digit];
    u /= static_cast<unsigned>(base);
  } while (u != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string FloatDigits(Runtime& rt, double d, char type, int64_t precision, bool alternate,
                        bool dot_zero) {
  const bool upper = type >= 'A' && type <= 'Z';
  if (std::isnan(d)) return upper ? "NAN" : "nan";
  if (std::isinf(d)) return upper ? "INF" : "inf";
  if (precision > INT32_MAX - 400) Fail("precision too big");
  rt.CheckSize(precision);
  rt.ChargeBytes(static_cast<size_t>(precision));
  d = std::abs(d);
  if (type == 'g' || type == 'G') return General(rt, d, type, precision, alternate, dot_zero);
  std::string out(static_cast<size_t>(precision) + 400, '\0');
  const auto form =
      type == 'f' || type == 'F' ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end =
      std::to_chars(out.data(), out.data() + out.size(), d, form, static_cast<int>(precision));
  out.resize(static_cast<size_t>(end.ptr - out.data()));
  if (alternate && precision == 0) out.insert(std::min(out.find('e'), out.size()), 1, '.');
  if (upper) std::replace(out.begin(), out.end(), 'e', 'E');
  return out;
}

FormatSpec ParseFormatSpec(std::string_view text) {
  FormatSpec spec;
  size_t pos = 0;
  const auto at = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  const auto take = [&](char c) {
    return at(pos) == c && pos < text.size() ? (++pos, true) : false;
  };
  size_t after_fill = 0;
  if (!text.empty()) NextCodePoint(text, &after_fill);
  if (!text.empty() && after_fill < text.size() && IsAlign(text[after_fill])) {
    spec.fill = text.substr(0, after_fill);
    spec.align = text[after_fill];
    pos = after_fill + 1;
  } else if (IsAlign(at(0))) {
    spec.align = text[0];
    pos = 1;
  }
  const bool filled = pos > 1;
  if (at(pos) == '+' || at(pos) == '-' || at(pos) == ' ') spec.sign = text[pos++];
  spec.negative_zero = take('z');
  spec.alternate = take('#');
  if (!filled && take('0')) {
    spec.fill.assign(1, '0');
    if (spec.align == 0) spec.align = 'z';  // '=' for numbers, none for text: settled below
  }
  spec.width = TakeNumber(text, &pos);
  if (take(',')) spec.grouping = ',';
  if (take('_')) {
    if (spec.grouping != 0) Fail("cannot specify both ',' and '_'.");
    spec.grouping = '_';
  }
  if (at(pos) == ',' && spec.grouping == '_') Fail("cannot specify both ',' and '_'.");
  if (take('.')) {
    if (at(pos) < '0' || at(pos) > '9') Fail("format specifier missing precision");
    spec.precision = TakeNumber(text, &pos);
  }
  if (pos < text.size()) {
    size_t end = pos;
    const char32_t type = NextCodePoint(text, &end);
    if (end < text.size()) Fail("invalid format specifier '{}'", text);
    if (type >= 0x80) Fail("unknown format code in '{}'", text);
    spec.type = static_cast<char>(type);
  }
  if (spec.grouping != 0 && spec.type != 0 &&
      std::string_view("deEfgGF%sbcoxXn").find(spec.type) == std::string_view::npos) {
    Fail("cannot specify '{}' with '{}'.", spec.grouping, spec.type);
  }
  return spec;
}

std::string FormatValue(Runtime& rt, const Value& v, std::string_view spec_text) {
  if (spec_text.empty()) return Str(rt, v);
  Int i = 0;
  const bool is_int = GetInt(v, &i);
  if (!is_int && !v.is(Type::kFloat) && !v.is_str()) {
    Fail("unsupported format string passed to {}.__format__", TypeName(v));
  }
  FormatSpec spec = ParseFormatSpec(spec_text);
  if (spec.align == 'z') spec.align = v.is_str() ? '<' : '=';
  if (v.is_str()) return FormatStr(rt, v.text(), spec);
  if (is_int) return FormatInt(rt, i, spec);
  if (spec.type != 0 && std::string_view("eEfFgGn%").find(spec.type) == std::string_view::npos) {
    Fail("unknown format code '{}' for object of type 'float'", spec.type);
  }
  return FormatFloat(rt, v.real(), spec);
}

std::string AsciiRepr(Runtime& rt, const Value& v) {
  const std::string repr = Repr(rt, v);
  std::string out;
  for (size_t pos = 0; pos < repr.size();) {
    const auto c = static_cast<uint32_t>(NextCodePoint(repr, &pos));
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      out += c < 0x100     ? fmt::format("\\x{:02x}", c)
             : c < 0x10000 ? fmt::format("\\u{:04x}", c)
                           : fmt::format("\\U{:08x}", c);
    }
  }
  return out;
}

}  // namespace frugal::jinja
