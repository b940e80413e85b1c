// Text as Python's str sees it: a sequence of code points with Python's character classes and
// case mappings. Strings are UTF-8 in which lone surrogates may stand as three bytes (WTF-8),
// because a template's "\ud800" makes one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace frugal::jinja {

// Byte offset of the first byte that is not UTF-8 (surrogates, overlong forms and values past
// U+10FFFF are not), or npos.
size_t FindInvalidUtf8(std::string_view text);

// The functions below take text that is valid apart from surrogates.
int64_t CountCodePoints(std::string_view text);
// Byte offset of code point `index`; text.size() for an index at or past the end.
size_t ByteOffset(std::string_view text, int64_t index);
// The code point at byte `*pos`, which moves past it.
char32_t NextCodePoint(std::string_view text, size_t* pos);
// The code point that ends before byte `*pos`, which moves back to its start.
char32_t PrevCodePoint(std::string_view text, size_t* pos);
void AppendCodePoint(char32_t c, std::string* out);
bool HasSurrogate(std::string_view text);

bool IsSpace(char32_t c);      // str.isspace, str.strip, \s
bool IsLineBreak(char32_t c);  // str.splitlines
bool IsPrintable(char32_t c);  // str.isprintable: what repr leaves alone
bool IsAlpha(char32_t c);
bool IsDecimal(char32_t c);
bool IsDigit(char32_t c);
bool IsNumeric(char32_t c);
bool IsAlnum(char32_t c);
bool IsLower(char32_t c);
bool IsUpper(char32_t c);
bool IsTitle(char32_t c);
bool IsCased(char32_t c);
bool IsIdentifierStart(char32_t c);
bool IsIdentifierPart(char32_t c);
bool IsWord(char32_t c);  // \w

std::string Lower(std::string_view text);
std::string Upper(std::string_view text);
std::string Title(std::string_view text);  // str.title
std::string Capitalize(std::string_view text);
std::string Swapcase(std::string_view text);
std::string Casefold(std::string_view text);

// The byte offset of `needle` in `text` at or after byte `from`, or npos; linear time.
size_t FindText(std::string_view text, std::string_view needle, size_t from);
// The last one that ends at or before byte `end`.
size_t FindLastText(std::string_view text, std::string_view needle, size_t end);

// str.strip and its halves: `chars` are the code points to take off, null for white space.
std::string_view Strip(std::string_view text, const std::string_view* chars, bool left, bool right);

}  // namespace frugal::jinja
