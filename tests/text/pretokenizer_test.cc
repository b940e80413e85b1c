#include "text/pretokenizer.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/hf_text_steps.h"

namespace frugal {
namespace {

std::vector<std::string> Cut(const PreTokenizer& pre_tokenizer, std::string_view text,
                             TextPosition position = TextPosition::kStart) {
  RegexScratch scratch;
  Pieces pieces;
  pre_tokenizer.Run(text, position, &scratch, &pieces);
  std::vector<std::string> out;
  for (size_t i = 0; i < pieces.size(); ++i) out.emplace_back(pieces[i]);
  return out;
}

TEST(PreTokenizer, AgreesWithTheReference) {
  for (const auto& row : ReadJsonLines(TestData("tokenizer/pre_tokenizer_cases.jsonl"))) {
    auto pre_tokenizer = ParsePreTokenizer(row["pre_tokenizer"]);
    ASSERT_TRUE(pre_tokenizer.ok()) << pre_tokenizer.status().message();
    EXPECT_EQ(Cut(*pre_tokenizer, row["text"].get<std::string>()),
              row["pieces"].get<std::vector<std::string>>())
        << row["pre_tokenizer"] << " of " << row["text"];
  }
}

TEST(PreTokenizer, WithoutStepsTheTextIsOnePiece) {
  EXPECT_EQ(Cut({}, "a b"), (std::vector<std::string>{"a b"}));
  EXPECT_TRUE(Cut({}, "").empty());
}

TEST(PreTokenizer, FirstMeansTheStartOfTheText) {
  PreTokenizer pre_tokenizer;
  pre_tokenizer.steps.emplace_back(
      MetaspaceStep{"▁", MetaspaceStep::Prepend::kFirst, /*split=*/false});
  EXPECT_EQ(Cut(pre_tokenizer, "a b", TextPosition::kStart), (std::vector<std::string>{"▁a▁b"}));
  EXPECT_EQ(Cut(pre_tokenizer, "a b", TextPosition::kAfterToken),
            (std::vector<std::string>{"a▁b"}));
  EXPECT_EQ(Cut(pre_tokenizer, " a", TextPosition::kStart), (std::vector<std::string>{"▁a"}));
}

TEST(PreTokenizer, ByteLevelThereAndBack) {
  PreTokenizer pre_tokenizer;
  pre_tokenizer.steps.emplace_back(ToByteLevelStep{});
  pre_tokenizer.steps.emplace_back(FromByteLevelStep{});
  EXPECT_EQ(Cut(pre_tokenizer, "é 日"), (std::vector<std::string>{"é 日"}));
}

// A pattern that takes exponential time stops, and no byte is lost.
TEST(PreTokenizer, KeepsTheTextWhenAPatternGivesUp) {
  auto split = SplitAtMatches("(x+x+)+y|z", RegexDialect::kOniguruma);
  ASSERT_TRUE(split.ok());
  PreTokenizer pre_tokenizer;
  pre_tokenizer.steps.emplace_back(*std::move(split));
  const std::string text = "az" + std::string(60, 'x') + "zb";
  std::string joined;
  for (const std::string& piece : Cut(pre_tokenizer, text)) joined += piece;
  EXPECT_EQ(joined, text);
}

}  // namespace
}  // namespace frugal
