#include "text/jinja/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace frugal::jinja {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
struct Special {
  char32_t from;
  const char* to;
};

#include "text/jinja/unicode_tables.inc"

template <size_t N>
bool InRanges(const Range (&table)[N], char32_t c) {
  const Range* it = std::upper_bound(std::begin(table), std::end(table), c,
                                     [](char32_t v, const Range& r) { return v < r.first; });
  return it != std::begin(table) && c <= std::prev(it)->last;
}

template <size_t N>
const char* FindSpecial(const Special (&table)[N], char32_t c) {
  const Special* it = std::lower_bound(std::begin(table), std::end(table), c,
                                       [](const Special& s, char32_t v) { return s.from < v; });
  return it != std::end(table) && it->from == c ? it->to : nullptr;
}

utf8proc_category_t Category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool IsSurrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }
bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

enum class Case { kLower, kUpper, kTitle };

// Final sigma: a Σ after a cased letter and before none becomes ς (Unicode 3.13, Final_Sigma).
char32_t LowerSigma(std::string_view text, size_t at) {
  bool before = false;
  for (size_t p = at; p > 0;) {
    const char32_t c = PrevCodePoint(text, &p);
    if (InRanges(kCaseIgnorable, c)) continue;
    before = IsCased(c);
    break;
  }
  if (!before) return 0x3C3;
  size_t p = at;
  NextCodePoint(text, &p);
  while (p < text.size()) {
    const char32_t c = NextCodePoint(text, &p);
    if (InRanges(kCaseIgnorable, c)) continue;
    return IsCased(c) ? 0x3C3 : 0x3C2;
  }
  return 0x3C2;
}

// Appends the mapping of code point `c`, which lies at byte `at` of `text`.
void AppendMapped(std::string_view text, size_t at, char32_t c, Case to, std::string* out) {
  if (c < 0x80) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (to == Case::kLower) {
      out->push_back(static_cast<char>(is_upper ? c + 32 : c));
    } else {
      out->push_back(static_cast<char>(is_lower ? c - 32 : c));
    }
    return;
  }
  if (IsSurrogate(c)) return AppendCodePoint(c, out);
  const char* special = to == Case::kLower   ? FindSpecial(kLowerSpecial, c)
                        : to == Case::kUpper ? FindSpecial(kUpperSpecial, c)
                                             : FindSpecial(kTitleSpecial, c);
  if (special != nullptr) {
    out->append(special);
    return;
  }
  const auto point = static_cast<utf8proc_int32_t>(c);
  if (to == Case::kLower) {
    AppendCodePoint(c == 0x3A3 ? LowerSigma(text, at) : utf8proc_tolower(point), out);
  } else {
    AppendCodePoint(to == Case::kUpper ? utf8proc_toupper(point) : utf8proc_totitle(point), out);
  }
}

std::string MapAll(std::string_view text, Case to) {
  std::string out;
  out.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    AppendMapped(text, at, c, to, &out);
  }
  return out;
}

}  // namespace

size_t FindInvalidUtf8(std::string_view text) {
  size_t pos = 0;
  while (pos < text.size()) {
    if (static_cast<uint8_t>(text[pos]) < 0x80) {
      ++pos;
      continue;
    }
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t n =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + pos,
                         static_cast<utf8proc_ssize_t>(std::min<size_t>(text.size() - pos, 4)), &c);
    if (n < 1) return pos;
    pos += static_cast<size_t>(n);
  }
  return std::string_view::npos;
}

int64_t CountCodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); });
}

size_t ByteOffset(std::string_view text, int64_t index) {
  size_t pos = 0;
  while (pos < text.size() && index > 0) {
    ++pos;
    while (pos < text.size() && IsContinuation(text[pos])) ++pos;
    --index;
  }
  return pos;
}

char32_t NextCodePoint(std::string_view text, size_t* pos) {
  const auto byte = [&](size_t i) -> char32_t {
    return *pos + i < text.size() ? static_cast<uint8_t>(text[*pos + i]) & 0x3F : 0;
  };
  const auto lead = static_cast<uint8_t>(text[*pos]);
  char32_t c = lead;
  size_t n = 1;
  if (lead >= 0xF0) {
    c = (lead & 7u) << 18 | byte(1) << 12 | byte(2) << 6 | byte(3);
    n = 4;
  } else if (lead >= 0xE0) {
    c = (lead & 15u) << 12 | byte(1) << 6 | byte(2);
    n = 3;
  } else if (lead >= 0xC0) {
    c = (lead & 31u) << 6 | byte(1);
    n = 2;
  }
  *pos = std::min(*pos + n, text.size());
  return c;
}

char32_t PrevCodePoint(std::string_view text, size_t* pos) {
  do {
    --*pos;
  } while (*pos > 0 && IsContinuation(text[*pos]));
  size_t at = *pos;
  return NextCodePoint(text, &at);
}

void AppendCodePoint(char32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
    return;
  }
  if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | c >> 6));
  } else {
    if (c < 0x10000) {
      out->push_back(static_cast<char>(0xE0 | c >> 12));
    } else {
      out->push_back(static_cast<char>(0xF0 | c >> 18));
      out->push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    }
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
  }
  out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
}

bool HasSurrogate(std::string_view text) {
  for (size_t pos = text.find('\xED'); pos != std::string_view::npos;
       pos = text.find('\xED', pos + 1)) {
    if (pos + 1 < text.size() && static_cast<uint8_t>(text[pos + 1]) >= 0xA0) return true;
  }
  return false;
}

bool IsSpace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsLineBreak(char32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

bool IsPrintable(char32_t c) {
  if (c < 0x80) return c >= 0x20 && c != 0x7F;
  if (IsSurrogate(c)) return false;
  switch (Category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool IsAlpha(char32_t c) {
  if (c < 0x80) return (c | 32) >= 'a' && (c | 32) <= 'z';
  const utf8proc_category_t k = Category(c);
  return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LL || k == UTF8PROC_CATEGORY_LT ||
         k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_LO;
}

bool IsDecimal(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return Category(c) == UTF8PROC_CATEGORY_ND;
}

bool IsDigit(char32_t c) { return IsDecimal(c) || InRanges(kDigitsBeyondNd, c); }

bool IsNumeric(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  const utf8proc_category_t k = Category(c);
  return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO ||
         InRanges(kNumericBeyondN, c);
}

bool IsAlnum(char32_t c) { return IsAlpha(c) || IsNumeric(c); }

bool IsLower(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z';
  return Category(c) == UTF8PROC_CATEGORY_LL || InRanges(kLowerBeyondLl, c);
}

bool IsUpper(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return Category(c) == UTF8PROC_CATEGORY_LU || InRanges(kUpperBeyondLu, c);
}

bool IsTitle(char32_t c) { return c >= 0x80 && Category(c) == UTF8PROC_CATEGORY_LT; }

bool IsCased(char32_t c) { return IsLower(c) || IsUpper(c) || IsTitle(c); }

bool IsIdentifierStart(char32_t c) {
  return c == '_' || IsAlpha(c) || (c >= 0x80 && Category(c) == UTF8PROC_CATEGORY_NL);
}

bool IsIdentifierPart(char32_t c) {
  if (IsIdentifierStart(c) || IsDecimal(c)) return true;
  if (c < 0x80) return false;
  const utf8proc_category_t k = Category(c);
  return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC || k == UTF8PROC_CATEGORY_PC ||
         c == 0xB7;
}

bool IsWord(char32_t c) { return c == '_' || IsAlnum(c); }

std::string Lower(std::string_view text) { return MapAll(text, Case::kLower); }
std::string Upper(std::string_view text) { return MapAll(text, Case::kUpper); }

std::string Title(std::string_view text) {
  std::string out;
  bool in_word = false;
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    AppendMapped(text, at, c, in_word ? Case::kLower : Case::kTitle, &out);
    in_word = IsCased(c);
  }
  return out;
}

std::string Capitalize(std::string_view text) {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    AppendMapped(text, at, c, at == 0 ? Case::kTitle : Case::kLower, &out);
  }
  return out;
}

std::string Swapcase(std::string_view text) {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    if (IsUpper(c)) {
      AppendMapped(text, at, c, Case::kLower, &out);
    } else if (IsLower(c)) {
      AppendMapped(text, at, c, Case::kUpper, &out);
    } else {
      AppendCodePoint(c, &out);
    }
  }
  return out;
}

std::string Casefold(std::string_view text) {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    const char32_t c = NextCodePoint(text, &pos);
    if (IsSurrogate(c)) {
      AppendCodePoint(c, &out);
      continue;
    }
    utf8proc_int32_t folded[8];
    int boundary = 0;
    const utf8proc_ssize_t n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), folded, 8,
                                                       UTF8PROC_CASEFOLD, &boundary);
    for (utf8proc_ssize_t i = 0; i < n; ++i) AppendCodePoint(folded[i], &out);
  }
  return out;
}

size_t FindText(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  // glibc's memmem is linear; std::string_view::find is not.
  const void* at = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<size_t>(static_cast<const char*>(at) - text.data());
}

size_t FindLastText(std::string_view text, std::string_view needle, size_t end) {
  if (needle.size() > end) return std::string_view::npos;
  return text.rfind(needle, end - needle.size());
}

std::string_view Strip(std::string_view text, const std::string_view* chars, bool left,
                       bool right) {
  const auto taken_off = [&](std::string_view piece, char32_t c) {
    return chars == nullptr ? IsSpace(c) : chars->find(piece) != std::string_view::npos;
  };
  while (left && !text.empty()) {
    size_t pos = 0;
    const char32_t c = NextCodePoint(text, &pos);
    if (!taken_off(text.substr(0, pos), c)) break;
    text.remove_prefix(pos);
  }
  while (right && !text.empty()) {
    size_t start = text.size();
    const char32_t c = PrevCodePoint(text, &start);
    if (!taken_off(text.substr(start), c)) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

}  // namespace frugal::jinja
