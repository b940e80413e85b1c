#include "text/unicode.h"

#include <utf8proc.h>

#include <cstring>

namespace frugal {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

utf8proc_category_t Category(uint32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// The values a second byte may take after `lead` (Unicode table 3-7); false when no character
// starts with `lead`.
bool SecondByteRange(unsigned char lead, unsigned char* low, unsigned char* high) {
  *low = 0x80;
  *high = 0xBF;
  if (lead < 0xC2 || lead > 0xF4) return false;
  if (lead == 0xE0) *low = 0xA0;
  if (lead == 0xED) *high = 0x9F;
  if (lead == 0xF0) *low = 0x90;
  if (lead == 0xF4) *high = 0x8F;
  return true;
}

}  // namespace

CodePoint DecodeUtf8(std::string_view text, size_t at) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data()) + at;
  const size_t left = text.size() - at;
  if (left == 0) return {};
  if (p[0] < 0x80) return {p[0], 1};
  unsigned char low, high;
  if (!SecondByteRange(p[0], &low, &high)) return {};
  const int length = Utf8Length(p[0]);
  if (left < static_cast<size_t>(length) || p[1] < low || p[1] > high) return {};
  uint32_t value = p[0] & (0xFF >> (length + 1));
  for (int i = 1; i < length; ++i) {
    if (!IsContinuation(p[i])) return {};
    value = value << 6 | (p[i] & 0x3F);
  }
  return {value, length};
}

void AppendUtf8(uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | c >> 6));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | c >> 12));
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | c >> 18));
    out->push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

size_t ValidUtf8Prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) {  // eight ASCII bytes at once
      uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      if ((word & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const CodePoint c = DecodeUtf8(text, at);
    if (c.bytes == 0) break;
    at += c.bytes;
  }
  return at;
}

size_t MalformedUtf8Length(std::string_view text, size_t at, bool* needs_more) {
  *needs_more = false;
  const auto* p = reinterpret_cast<const unsigned char*>(text.data()) + at;
  const size_t left = text.size() - at;
  unsigned char low, high;
  if (left == 0 || !SecondByteRange(p[0], &low, &high)) return 1;
  const size_t length = Utf8Length(p[0]);
  size_t good = 1;
  while (good < length && good < left) {
    const bool ok = good == 1 ? p[1] >= low && p[1] <= high : IsContinuation(p[good]);
    if (!ok) return good;
    ++good;
  }
  *needs_more = good == left && good < length;
  return good;
}

bool IsWhitespace(uint32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsNumeric(uint32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  const auto category = Category(c);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool IsPunctuation(uint32_t c) {
  if (c < 0x80) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  }
  const auto category = Category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool IsOther(uint32_t c) {
  const auto category = Category(c);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
         category == UTF8PROC_CATEGORY_CO;
}

bool IsMark(uint32_t c) {
  const auto category = Category(c);
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool IsNonspacingMark(uint32_t c) { return Category(c) == UTF8PROC_CATEGORY_MN; }

bool IsCjkIdeograph(uint32_t c) {
  // 0x2B920 (not 0x2B820) is what the published tokenizers use.
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

std::string LowerCase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    if (c.value < 0x80) {
      const bool upper = c.value >= 'A' && c.value <= 'Z';
      out.push_back(static_cast<char>(upper ? c.value + 32 : c.value));
    } else if (c.value == 0x130) {  // the only character whose lower case is two
      out += "i\xCC\x87";
    } else {
      AppendUtf8(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.value)), &out);
    }
    at += c.bytes;
  }
  return out;
}

}  // namespace frugal
