#include "text/split_patterns.h"

#include <set>

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

std::vector<std::string> Cut(const GgufPre& pre, const std::string& text) {
  RegexScratch scratch;
  Pieces pieces;
  pre.pre_tokenizer.Run(text, TextPosition::kStart, &scratch, &pieces);
  std::vector<std::string> out;
  for (size_t i = 0; i < pieces.size(); ++i) out.emplace_back(pieces[i]);
  return out;
}

TEST(GgufPre, EveryNameCutsWithoutLoss) {
  const std::string text =
      "Hello  World's DON'T été 12345 $3.14\n\n \tx_y // 今天天气很好。カタカナ 한국어 ﷺ ½² 😀 "
      "ไทย\r\n  end ";
  std::set<std::string_view> names;
  for (const std::string_view name : GgufPreNames()) {
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    auto pre = FindGgufPre(name);
    ASSERT_TRUE(pre.ok()) << name << ": " << pre.status().message();
    std::string joined;
    const auto pieces = Cut(*pre, text);
    for (const std::string& piece : pieces) joined += piece;
    EXPECT_EQ(joined, text) << name;
    EXPECT_GT(pieces.size(), 8u) << name;
  }
  EXPECT_GT(names.size(), 60u);
}

TEST(GgufPre, WhatSetsTheFamiliesApart) {
  using Words = std::vector<std::string>;
  auto cut = [](const char* name, const char* text) { return Cut(*FindGgufPre(name), text); };
  EXPECT_EQ(cut("llama-bpe", "a 12345"), (Words{"a", " ", "123", "45"}));
  EXPECT_EQ(cut("qwen2", "a 123"), (Words{"a", " ", "1", "2", "3"}));
  EXPECT_EQ(cut("gpt-2", "a 12345"), (Words{"a", " 12345"}));
  EXPECT_EQ(cut("starcoder", "a 12"), (Words{"a", " ", "1", "2"}));
  EXPECT_EQ(cut("gpt-4o", "fooBar's"), (Words{"foo", "Bar's"}));
  EXPECT_EQ(cut("tekken", "fooBar's 12"), (Words{"foo", "Bar", "'s", " ", "1", "2"}));
  EXPECT_EQ(cut("kimi-k2", "a今天b"), (Words{"a", "今天", "b"}));
  EXPECT_EQ(cut("deepseek-v3", "a今天カナ1234"), (Words{"a", "今天カナ", "123", "4"}));
  EXPECT_EQ(cut("bailingmoe", "a \n\nb"), (Words{"a", " \n\n", "b"}));
  EXPECT_EQ(cut("seed-coder", "a!\n"), (Words{"a", "!", "\n"}));
  EXPECT_EQ(cut("falcon", "a 1234.5²"), (Words{"a", " ", "123", "4", ".", "5", "\xC2", "\xB2"}));
}

TEST(GgufPre, FlagsOfTheCheckpoints) {
  EXPECT_TRUE(FindGgufPre("llama-bpe")->ignore_merges && FindGgufPre("llama-bpe")->add_bos);
  EXPECT_TRUE(FindGgufPre("qwen2")->nfc && FindGgufPre("command-r")->nfc);
  EXPECT_FALSE(FindGgufPre("gpt-2")->nfc || FindGgufPre("gpt-2")->add_bos);
  EXPECT_TRUE(FindGgufPre("roberta-bpe")->add_sep);
}

TEST(GgufPre, UnknownNamesAreErrors) {
  for (const char* name : {"", "nonsense", "llama-bpe "}) {
    const Status status = FindGgufPre(name).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_NE(status.message().find(fmt::format("'{}'", name)), std::string::npos);
  }
}

}  // namespace
}  // namespace frugal
