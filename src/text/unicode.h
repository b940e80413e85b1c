// UTF-8 and the character classes that tokenizers are defined by.
//
// Categories are those of utf8proc (Unicode 15).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace frugal {

struct CodePoint {
  uint32_t value = 0;
  int bytes = 0;  // 0: no well-formed character starts here
};

// The character at text[at]; overlong forms, surrogates and values past U+10FFFF are malformed.
CodePoint DecodeUtf8(std::string_view text, size_t at);

// Bytes of the character whose first byte is `lead`; for text known to be well formed.
inline int Utf8Length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// `code_point` must be a Unicode scalar value.
void AppendUtf8(uint32_t code_point, std::string* out);

// Bytes of the longest well-formed prefix.
size_t ValidUtf8Prefix(std::string_view text);

// Length of the malformed sequence that starts at text[at] (at least 1), as Unicode recommends
// replacing it by one U+FFFD ("maximal subpart"). *needs_more is set when the bytes up to the end
// of text could still become a character.
size_t MalformedUtf8Length(std::string_view text, size_t at, bool* needs_more);

inline constexpr std::string_view kReplacementChar = "\xEF\xBF\xBD";  // U+FFFD
inline constexpr std::string_view kMetaSpace = "\xE2\x96\x81";        // U+2581, SentencePiece's ▁

bool IsWhitespace(uint32_t c);      // White_Space
bool IsNumeric(uint32_t c);         // N*
bool IsPunctuation(uint32_t c);     // P* and the ASCII symbols ($+<=>^`|~)
bool IsOther(uint32_t c);           // Cc, Cf, Co (BERT's "control"; unassigned ones stay)
bool IsMark(uint32_t c);            // M*
bool IsNonspacingMark(uint32_t c);  // Mn
bool IsCjkIdeograph(uint32_t c);    // BERT's list of blocks
std::string LowerCase(std::string_view text);  // well formed; full mapping, not contextual

}  // namespace frugal
