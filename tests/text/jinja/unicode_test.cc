#include "text/jinja/unicode.h"

#include <gtest/gtest.h>

namespace frugal::jinja {
namespace {

TEST(JinjaUnicode, FindsInvalidUtf8) {
  EXPECT_EQ(FindInvalidUtf8("aé日😀"), std::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8(""), std::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8("ab\x80"), 2u);
  EXPECT_EQ(FindInvalidUtf8("a\xC3"), 1u);             // cut short
  EXPECT_EQ(FindInvalidUtf8("\xC0\x80"), 0u);          // overlong
  EXPECT_EQ(FindInvalidUtf8("x\xED\xA0\x80"), 1u);     // a surrogate
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0u);  // past U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("é\xF0\x9F\x98"), 2u);
}

TEST(JinjaUnicode, CountsAndFindsCodePoints) {
  const std::string_view text = "aé日😀b";
  EXPECT_EQ(CountCodePoints(text), 5);
  EXPECT_EQ(ByteOffset(text, 0), 0u);
  EXPECT_EQ(ByteOffset(text, 2), 3u);
  EXPECT_EQ(ByteOffset(text, 4), 10u);
  EXPECT_EQ(ByteOffset(text, 99), text.size());
}

TEST(JinjaUnicode, ReadsForwardAndBackTheSame) {
  std::string text;
  const char32_t points[] = {0, 'a', 0x7F, 0x80, 0x7FF, 0x800, 0xD800, 0xFFFF, 0x10000, 0x10FFFF};
  for (const char32_t c : points) AppendCodePoint(c, &text);
  size_t pos = 0;
  for (const char32_t c : points) EXPECT_EQ(NextCodePoint(text, &pos), c);
  EXPECT_EQ(pos, text.size());
  for (auto it = std::rbegin(points); it != std::rend(points); ++it) {
    EXPECT_EQ(PrevCodePoint(text, &pos), *it);
  }
  EXPECT_EQ(pos, 0u);
}

TEST(JinjaUnicode, SeesSurrogates) {
  std::string text = "한";  // its first byte is that of surrogates too
  EXPECT_FALSE(HasSurrogate(text));
  AppendCodePoint(0xDC00, &text);
  EXPECT_TRUE(HasSurrogate(text));
}

TEST(JinjaUnicode, ClassesAreThoseOfPython) {
  for (const char32_t c : {U' ', U'\t', U'\x1C', U'\x85', U'\xA0', U'\u2003', U'\u3000'}) {
    EXPECT_TRUE(IsSpace(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U'\u200B', U'\uFEFF', U'a', U'\0'}) EXPECT_FALSE(IsSpace(c));
  EXPECT_TRUE(IsDigit(U'²') && !IsDecimal(U'²') && IsNumeric(U'½') && !IsDigit(U'½'));
  EXPECT_TRUE(IsNumeric(U'一') && IsAlpha(U'一'));
  EXPECT_TRUE(IsLower(U'ª') && IsUpper(U'Ⓐ') && IsTitle(U'ǅ') && !IsUpper(U'ǅ'));
  EXPECT_TRUE(IsPrintable(U'é') && !IsPrintable(U'\xAD') && !IsPrintable(U'\u2028'));
  EXPECT_FALSE(IsPrintable(0xD800));
  EXPECT_TRUE(IsIdentifierStart(U'é') && !IsIdentifierStart(U'1') && IsIdentifierPart(U'1'));
  EXPECT_TRUE(IsWord(U'_') && !IsWord(U'-'));
  EXPECT_TRUE(IsLineBreak(U'\u2028') && IsLineBreak(U'\v') && !IsLineBreak(U'\x1F'));
}

TEST(JinjaUnicode, MapsCaseLikePython) {
  EXPECT_EQ(Upper("straße ŉ ﬁ"), "STRASSE ʼN FI");
  EXPECT_EQ(Lower("İI"), "i̇i");
  EXPECT_EQ(Lower("ΑΣ ΑΣΑ Σ ΑΣ'"), "ας ασα σ ας'");  // final sigma looks past an apostrophe
  EXPECT_EQ(Title("they're ǆ ﬁn"), "They'Re ǅ Fin");
  EXPECT_EQ(Capitalize("ﬁN É"), "Fin é");
  EXPECT_EQ(Swapcase("aÉß1"), "AéSS1");
  EXPECT_EQ(Casefold("Straße ΣςÉ"), "strasse σσé");
  std::string surrogate;
  AppendCodePoint(0xD800, &surrogate);
  EXPECT_EQ(Upper(surrogate), surrogate);
  EXPECT_EQ(Casefold(surrogate), surrogate);
}

TEST(JinjaUnicode, FindsText) {
  EXPECT_EQ(FindText("banana", "an", 0), 1u);
  EXPECT_EQ(FindText("banana", "an", 2), 3u);
  EXPECT_EQ(FindText("banana", "x", 0), std::string_view::npos);
  EXPECT_EQ(FindText("banana", "", 6), 6u);
  EXPECT_EQ(FindText("banana", "", 7), std::string_view::npos);
  EXPECT_EQ(FindLastText("banana", "an", 6), 3u);
  EXPECT_EQ(FindLastText("banana", "an", 4), 1u);
  EXPECT_EQ(FindLastText("banana", "banana!", 6), std::string_view::npos);
}

TEST(JinjaUnicode, Strips) {
  EXPECT_EQ(Strip("\u00a0 a \u3000", nullptr, true, true), "a");
  EXPECT_EQ(Strip("  a  ", nullptr, true, false), "a  ");
  EXPECT_EQ(Strip("  a  ", nullptr, false, true), "  a");
  EXPECT_EQ(Strip("   ", nullptr, true, true), "");
  const std::string_view chars = "éx";
  EXPECT_EQ(Strip("xéaéx", &chars, true, true), "a");
  const std::string_view none = "";
  EXPECT_EQ(Strip(" a ", &none, true, true), " a ");
}

}  // namespace
}  // namespace frugal::jinja
