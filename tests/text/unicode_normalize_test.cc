#include "text/unicode_normalize.h"

#include <gtest/gtest.h>

#include <random>

namespace frugal {
namespace {

TEST(NormalizeUnicode, Forms) {
  EXPECT_EQ(NormalizeUnicode("e\u0301", UnicodeForm::kNfc), "é");
  EXPECT_EQ(NormalizeUnicode("é", UnicodeForm::kNfd), "e\u0301");
  EXPECT_EQ(NormalizeUnicode("ﬁ½①Ａ", UnicodeForm::kNfkc), "fi1⁄21A");
  EXPECT_EQ(NormalizeUnicode("\u212B\u2126", UnicodeForm::kNfc), "ÅΩ");
  EXPECT_EQ(NormalizeUnicode("한", UnicodeForm::kNfd), "\u1112\u1161\u11AB");
  EXPECT_EQ(NormalizeUnicode("\u1112\u1161\u11AB", UnicodeForm::kNfc), "한");
  EXPECT_EQ(NormalizeUnicode("가\u11AB", UnicodeForm::kNfc), "간");
  EXPECT_EQ(NormalizeUnicode("q\u0307\u0323", UnicodeForm::kNfc), "q\u0323\u0307");
  EXPECT_EQ(NormalizeUnicode("\u0958", UnicodeForm::kNfc), "\u0915\u093C");  // excluded
  EXPECT_EQ(NormalizeUnicode(std::string("a\0b", 3), UnicodeForm::kNfc), std::string("a\0b", 3));
}

// The quick paths must not show: normalising the parts between ASCII letters, or twice, is the
// same as once.
TEST(NormalizeUnicode, IsIdempotentAndLocal) {
  std::mt19937 random(2);
  const char* pool[] = {"a", "é",  "e", "\u0301", "\u0323", "한",     "\u1161", "\u11AB", "Å",
                        "Ω", "日", "ﬁ", "\u0345", "か",     "\u3099", " ",      "\u212B", "ᄒ"};
  for (const auto form :
       {UnicodeForm::kNfc, UnicodeForm::kNfd, UnicodeForm::kNfkc, UnicodeForm::kNfkd}) {
    for (int round = 0; round < 500; ++round) {
      std::string joined, whole;
      for (int part = 0; part < 4; ++part) {
        std::string text = "x";
        for (uint32_t n = random() % 6; n > 0; --n) text += pool[random() % std::size(pool)];
        whole += text;
        joined += NormalizeUnicode(text, form);
      }
      EXPECT_EQ(NormalizeUnicode(whole, form), joined);
      EXPECT_EQ(NormalizeUnicode(joined, form), joined);
    }
  }
}

}  // namespace
}  // namespace frugal
