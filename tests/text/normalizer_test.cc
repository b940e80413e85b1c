#include "text/normalizer.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/hf_text_steps.h"
#include "text/unicode.h"

namespace frugal {
namespace {

TEST(Normalizer, AgreesWithTheReference) {
  RegexScratch scratch;
  for (const auto& row : ReadJsonLines(TestData("tokenizer/normalizer_cases.jsonl"))) {
    auto normalizer = ParseNormalizer(row["normalizer"]);
    ASSERT_TRUE(normalizer.ok()) << normalizer.status().message();
    const std::string out =
        normalizer->Apply(row["text"].get<std::string>(), TextPosition::kStart, &scratch);
    EXPECT_EQ(out, row["out"].get<std::string>()) << row["normalizer"] << " of " << row["text"];
  }
}

TEST(Normalizer, EmptyDoesNothing) {
  RegexScratch scratch;
  EXPECT_TRUE(Normalizer{}.empty());
  EXPECT_EQ(Normalizer{}.Apply("É", TextPosition::kStart, &scratch), "É");
  EXPECT_EQ(Normalizer{}.MaxGrowth(), 1);
}

// MaxGrowth must hold for every text, since it is what bounds memory.
TEST(Normalizer, GrowsNoMoreThanItSays) {
  RegexScratch scratch;
  for (const auto& row : ReadJsonLines(TestData("tokenizer/normalizer_cases.jsonl"))) {
    auto normalizer = ParseNormalizer(row["normalizer"]);
    ASSERT_TRUE(normalizer.ok());
    const auto text = row["text"].get<std::string>();
    const double limit = normalizer->MaxGrowth() * static_cast<double>(text.size()) + 16;
    EXPECT_LE(static_cast<double>(normalizer->Apply(text, TextPosition::kStart, &scratch).size()),
              limit)
        << row["normalizer"] << " of " << row["text"];
  }
}

TEST(Normalizer, SentencePieceSpaces) {
  RegexScratch scratch;
  auto apply = [&](const SentencePieceStep& step, std::string_view text) {
    Normalizer normalizer;
    normalizer.steps.emplace_back(step);
    return normalizer.Apply(text, TextPosition::kStart, &scratch);
  };
  SentencePieceStep step;  // SentencePiece's defaults
  EXPECT_EQ(apply(step, "  a  b "), "▁a▁b");
  EXPECT_EQ(apply(step, "   "), "");
  EXPECT_EQ(apply(step, ""), "");
  step.remove_extra_whitespaces = false;
  EXPECT_EQ(apply(step, "  a  b "), "▁▁▁a▁▁b▁");
  EXPECT_EQ(apply(step, " "), "▁▁");
  step.add_dummy_prefix = false;
  EXPECT_EQ(apply(step, "a b"), "a▁b");
  step.escape_whitespaces = false;
  EXPECT_EQ(apply(step, "a b"), "a b");
  step = {};
  step.whitespace_is_suffix = true;
  EXPECT_EQ(apply(step, "a b"), "a▁b▁");
}

}  // namespace
}  // namespace frugal
