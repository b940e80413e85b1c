#include "text/unicode_normalize.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "text/unicode.h"

namespace frugal {
namespace {

int CombiningClass(utf8proc_int32_t c) {
  return static_cast<int>(utf8proc_get_property(c)->combining_class);
}

// Whether NFC may change `c` or join it to what stands before it. False lets the text be cut
// before `c`, and `c` be copied; true costs only time.
bool NfcMayChange(uint32_t c) {
  if (c < 0x300) return false;
  if (c >= 0x4E00 && c <= 0x9FFF) return false;
  if (c >= 0xAC00 && c <= 0xD7A3) return false;  // Hangul syllables are composed already
  if (c >= 0x1100 && c <= 0x11FF) return true;   // Hangul letters join by rule, not by table
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  constexpr utf8proc_uint16_t kNone = UINT16_MAX;
  const bool joins_left = property->comb_index != kNone && property->comb_index >= 0x8000;
  const bool decomposes = property->decomp_seqindex != kNone && property->decomp_type == 0;
  return property->combining_class != 0 || joins_left || decomposes;
}

// utf8proc_map sorts marks by exchanging neighbours, which is quadratic on hostile text; so the
// marks are sorted here, and the library decomposes and composes.
void NormalizeSlow(std::string_view text, UnicodeForm form, std::string* out) {
  const bool compose = form == UnicodeForm::kNfc || form == UnicodeForm::kNfkc;
  const bool compat = form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd;
  const auto decompose_options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compat ? UTF8PROC_COMPAT : 0));
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    CHECK(c.bytes > 0);
    at += c.bytes;
    utf8proc_int32_t parts[32];  // the longest decomposition (U+FDFA) has 18
    int boundary = UTF8PROC_BOUNDCLASS_START;
    const utf8proc_ssize_t n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c.value),
                                                       parts, 32, decompose_options, &boundary);
    CHECK(n >= 0 && n <= 32);
    points.insert(points.end(), parts, parts + n);
  }
  for (size_t i = 0; i < points.size();) {
    if (CombiningClass(points[i]) == 0) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < points.size() && CombiningClass(points[end]) != 0) ++end;
    std::stable_sort(points.begin() + static_cast<ptrdiff_t>(i),
                     points.begin() + static_cast<ptrdiff_t>(end),
                     [](utf8proc_int32_t a, utf8proc_int32_t b) {
                       return CombiningClass(a) < CombiningClass(b);
                     });
    i = end;
  }
  auto length = static_cast<utf8proc_ssize_t>(points.size());
  if (compose) {
    length = utf8proc_normalize_utf32(
        points.data(), length, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    CHECK(length >= 0);
  }
  for (utf8proc_ssize_t i = 0; i < length; ++i) AppendUtf8(static_cast<uint32_t>(points[i]), out);
}

}  // namespace

std::string NormalizeUnicode(std::string_view text, UnicodeForm form) {
  // Characters that nothing happens to are copied; a stretch of others, with the character before
  // it (which may join what follows), is normalised by itself.
  const bool nfc = form == UnicodeForm::kNfc;
  auto quiet = [nfc](uint32_t c) { return nfc ? !NfcMayChange(c) : c < 0x80; };
  std::string out;
  out.reserve(text.size());
  size_t copied = 0;    // text[0, copied) is in out
  size_t previous = 0;  // start of the character before `at`
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      previous = at++;
      continue;
    }
    const CodePoint c = DecodeUtf8(text, at);
    CHECK(c.bytes > 0);
    if (quiet(c.value)) {
      previous = at;
      at += c.bytes;
      continue;
    }
    const size_t begin = std::max(previous, copied);
    size_t end = at + c.bytes;
    while (end < text.size()) {
      const CodePoint next = DecodeUtf8(text, end);
      CHECK(next.bytes > 0);
      if (quiet(next.value)) break;
      end += next.bytes;
    }
    out.append(text, copied, begin - copied);
    NormalizeSlow(text.substr(begin, end - begin), form, &out);
    copied = previous = at = end;
  }
  out.append(text, copied, text.size() - copied);
  return out;
}

}  // namespace frugal
