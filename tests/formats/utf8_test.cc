#include "formats/utf8.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(Utf8Test, Valid) {
  for (const char* text :
       {"", "ascii", "\x7F", "é", "€", "😀", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "▁the Ġthe"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("a\0b", 3)));
}

TEST(Utf8Test, Invalid) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2 ", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "ok\xFF", "\xF0\x9F\x98"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << Printable(text);
  }
}

TEST(Utf8Test, PrintableStaysOnOneLine) {
  EXPECT_EQ(Printable("blk.0.attn_q.weight"), "blk.0.attn_q.weight");
  EXPECT_EQ(Printable("▁é😀"), "▁é😀");
  EXPECT_EQ(Printable(std::string_view("a\n\0\x1B\x7F\xFFz", 7)), "a\\x0A\\x00\\x1B\\x7F\\xFFz");
  EXPECT_EQ(Printable("\xE2\x82"), "\\xE2\\x82");
}

TEST(Utf8Test, PrintableIsCutBetweenCharacters) {
  EXPECT_EQ(Printable("abcdef", 6), "abcdef");
  EXPECT_EQ(Printable("abcdef", 5), "abcde...");
  EXPECT_EQ(Printable("ab€", 4), "ab...");
  EXPECT_EQ(Printable("ab\n", 5), "ab...");
  EXPECT_TRUE(IsValidUtf8(Printable(std::string(1000, '\xFF'))));
}

}  // namespace
}  // namespace frugal
