#include "text/jinja/text_ops.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

bool AllOfOneCase(Runtime& rt, std::string_view text, bool (*wanted)(char32_t),
                  bool (*unwanted)(char32_t)) {
  rt.ChargeBytes(text.size());
  bool any = false;
  for (size_t pos = 0; pos < text.size();) {
    const char32_t c = NextCodePoint(text, &pos);
    if (unwanted(c) || IsTitle(c)) return false;
    any = any || wanted(c);
  }
  return any;
}

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// Takes off "0x" and the like where they agree with `base`; base 0 becomes what they say.
bool TakePrefix(std::string_view* text, int* base) {
  int said = 0;
  if (text->size() > 1 && (*text)[0] == '0') {
    const char c = static_cast<char>((*text)[1] | 32);
    said = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
  }
  if (said != 0 && (*base == 0 || *base == said)) {
    *base = said;
    text->remove_prefix(2);
    if (text->starts_with('_')) text->remove_prefix(1);
  } else if (*base == 0) {
    *base = 10;
    // "010" is no number in base 0, but "000" is.
    if (text->starts_with('0') && text->find_first_not_of("0_") != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Replace(Runtime& rt, std::string_view text, std::string_view old, std::string_view with,
                    int64_t count) {
  rt.ChargeBytes(text.size());
  std::string out;
  const auto check = [&] { rt.CheckSize(static_cast<int64_t>(out.size())); };
  if (old.empty()) {
    size_t pos = 0;
    for (; count != 0; --count) {
      out += with;
      check();
      rt.ChargeBytes(with.size());
      if (pos >= text.size()) break;
      const size_t at = pos;
      NextCodePoint(text, &pos);
      out += text.substr(at, pos - at);
    }
    out += text.substr(pos);
    check();
    return out;
  }
  size_t begin = 0;
  for (size_t at; count != 0 && (at = FindText(text, old, begin)) != text.npos; --count) {
    out += text.substr(begin, at - begin);
    out += with;
    check();
    rt.ChargeBytes(with.size());
    begin = at + old.size();
  }
  out += text.substr(begin);
  check();
  return out;
}

std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    if (!IsLineBreak(c)) continue;
    if (c == '\r' && pos < text.size() && text[pos] == '\n') ++pos;
    lines.push_back(text.substr(begin, (keep_ends ? pos : at) - begin));
    begin = pos;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::string Justified(Runtime& rt, std::string_view text, int64_t width, std::string_view fill,
                      char align) {
  const int64_t length = CountCodePoints(text);
  if (width <= length) return std::string(text);
  const int64_t pad = width - length;
  rt.CheckSize(pad);
  rt.CheckSize(pad * static_cast<int64_t>(fill.size()) + static_cast<int64_t>(text.size()));
  rt.ChargeBytes(static_cast<size_t>(pad));
  const int64_t left = align == '<' ? 0 : align == '>' ? pad : pad / 2 + (pad & width & 1);
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += text;
  for (int64_t i = left; i < pad; ++i) out += fill;
  return out;
}

bool IsLowerText(Runtime& rt, std::string_view text) {
  return AllOfOneCase(rt, text, IsLower, IsUpper);
}
bool IsUpperText(Runtime& rt, std::string_view text) {
  return AllOfOneCase(rt, text, IsUpper, IsLower);
}

bool ParseInt(std::string_view text, int base, Int* out) {
  text = Strip(text, nullptr, true, true);
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.starts_with('_') || !TakePrefix(&text, &base)) return false;
  if (text.empty()) return false;
  unsigned __int128 value = 0;
  constexpr auto kMax = ~static_cast<unsigned __int128>(0) >> 1;
  bool after_digit = true;  // an underscore may follow
  bool too_big = false;
  for (const char c : text) {
    if (c == '_') {
      if (!after_digit) return false;
      after_digit = false;
      continue;
    }
    const int digit = DigitValue(c);
    if (digit >= base) return false;
    const auto wide_base = static_cast<unsigned>(base);
    if (value > (kMax - static_cast<unsigned>(digit)) / wide_base) too_big = true;
    if (!too_big) value = value * wide_base + static_cast<unsigned>(digit);
    after_digit = true;
  }
  if (!after_digit) return false;
  if (too_big) FailLimit("an integer of more than 127 bits is not supported");
  *out = negative ? -static_cast<Int>(value) : static_cast<Int>(value);
  return true;
}

bool ParseFloat(std::string_view text, double* out) {
  text = Strip(text, nullptr, true, true);
  std::string clean;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      clean += text[i];
    } else if (i == 0 || i + 1 == text.size() || DigitValue(text[i - 1]) > 9 ||
               DigitValue(text[i + 1]) > 9) {
      return false;
    }
  }
  std::string_view digits = clean;
  bool negative = false;
  if (digits.starts_with('-') || digits.starts_with('+')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  const std::string lower = Lower(digits);
  double value = 0;
  if (lower == "inf" || lower == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (lower == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (digits.empty() || (DigitValue(digits[0]) > 9 && digits[0] != '.')) return false;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size()) return false;
    if (error == std::errc::result_out_of_range) {
      // from_chars leaves the value alone; the exponent's sign says which end was passed.
      value = lower.find("e-") != std::string::npos ? 0 : std::numeric_limits<double>::infinity();
    } else if (error != std::errc()) {
      return false;
    }
  }
  *out = negative ? -value : value;
  return true;
}

}  // namespace frugal::jinja
