#include "text/unicode.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(Unicode, DecodesEveryScalarValue) {
  for (uint32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    AppendUtf8(c, &text);
    const CodePoint point = DecodeUtf8(text, 0);
    ASSERT_EQ(point.value, c);
    ASSERT_EQ(point.bytes, static_cast<int>(text.size()));
    ASSERT_EQ(Utf8Length(static_cast<unsigned char>(text[0])), point.bytes);
    ASSERT_EQ(DecodeUtf8(std::string_view(text).substr(0, text.size() - 1), 0).bytes, 0);
  }
}

TEST(Unicode, RefusesMalformedSequences) {
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE4\xBD", "\xE4x\xA0"}) {
    EXPECT_EQ(DecodeUtf8(bad, 0).bytes, 0);
  }
}

TEST(Unicode, ValidPrefix) {
  EXPECT_EQ(ValidUtf8Prefix(""), 0u);
  EXPECT_EQ(ValidUtf8Prefix("abcdefghijk"), 11u);
  EXPECT_EQ(ValidUtf8Prefix("abcdefgh\xFF"), 8u);
  EXPECT_EQ(ValidUtf8Prefix("é日\xE4\xBD"), 5u);
}

// The Unicode Standard 3.9, table 3-8: one mark per maximal subpart.
TEST(Unicode, MaximalSubparts) {
  const std::string text = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
  std::vector<size_t> lengths;
  for (size_t at = 0; at < text.size();) {
    if (const auto c = DecodeUtf8(text, at); c.bytes > 0) {
      at += static_cast<size_t>(c.bytes);
      continue;
    }
    bool needs_more = true;
    lengths.push_back(MalformedUtf8Length(text, at, &needs_more));
    EXPECT_FALSE(needs_more);
    at += lengths.back();
  }
  EXPECT_EQ(lengths, (std::vector<size_t>{3, 2, 1, 1, 1, 1}));
  bool needs_more = false;
  EXPECT_EQ(MalformedUtf8Length("\xF0\x9F\x98", 0, &needs_more), 3u);
  EXPECT_TRUE(needs_more);
  EXPECT_EQ(MalformedUtf8Length("\xE0\x80", 0, &needs_more), 1u);
  EXPECT_FALSE(needs_more);
}

TEST(Unicode, Classes) {
  for (const uint32_t c : {0x20u, 0x9u, 0xDu, 0x85u, 0xA0u, 0x2003u, 0x3000u}) {
    EXPECT_TRUE(IsWhitespace(c)) << c;
  }
  for (const uint32_t c : {0x180Eu, 0x200Bu, 0xFEFFu, 0x0u, 0x61u}) {
    EXPECT_FALSE(IsWhitespace(c)) << c;
  }
  EXPECT_TRUE(IsNumeric('7') && IsNumeric(0xB2) && IsNumeric(0x2167) && !IsNumeric('a'));
  EXPECT_TRUE(IsPunctuation('$') && IsPunctuation('_') && IsPunctuation(0x3002));
  EXPECT_FALSE(IsPunctuation(0x20AC) || IsPunctuation('a') || IsPunctuation(' '));
  EXPECT_TRUE(IsOther(0) && IsOther(0x200D) && IsOther(0xE000) && !IsOther(0x378));
  EXPECT_TRUE(IsMark(0x301) && IsNonspacingMark(0x301) && IsMark(0x903) &&
              !IsNonspacingMark(0x903));
  EXPECT_TRUE(IsCjkIdeograph(0x4E00) && IsCjkIdeograph(0x20000) && !IsCjkIdeograph(0x3042));
}

TEST(Unicode, LowerCase) { EXPECT_EQ(LowerCase("ÀBC Σ ẞ ǅ İ Ⅷ"), "àbc σ ß ǆ i\u0307 ⅷ"); }

}  // namespace
}  // namespace frugal
