#include "text/bpe_trainer.h"

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/text/golden_util.h"
#include "text/byte_level.h"
#include "text/hf_tokenizer_writer.h"
#include "text/split_patterns.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

// Recounts every pair before every merge.
Merges TrainSlowly(std::map<std::string, int64_t> words, size_t merges,
                   std::vector<std::string> tokens) {
  const auto id_of = [&](const std::string& token) {
    return std::find(tokens.begin(), tokens.end(), token) - tokens.begin();
  };
  std::vector<std::pair<std::vector<std::string>, int64_t>> split;
  for (const auto& [word, count] : words) {
    split.push_back({{}, count});
    for (const char c : word) split.back().first.push_back(ToByteLevel(std::string(1, c)));
  }
  Merges made;
  while (made.size() < merges) {
    std::map<std::pair<std::string, std::string>, int64_t> pairs;
    for (const auto& [symbols, count] : split) {
      for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs[{symbols[i], symbols[i + 1]}] += count;
    }
    if (pairs.empty()) break;
    const auto better = [&](const auto& a, const auto& b) {
      if (a.second != b.second) return a.second < b.second;
      return std::pair(id_of(a.first.first), id_of(a.first.second)) >
             std::pair(id_of(b.first.first), id_of(b.first.second));
    };
    const auto best = std::max_element(pairs.begin(), pairs.end(), better)->first;
    made.push_back(best);
    tokens.push_back(best.first + best.second);
    for (auto& [symbols, count] : split) {
      std::vector<std::string> next;
      for (size_t i = 0; i < symbols.size(); ++i) {
        if (i + 1 < symbols.size() && symbols[i] == best.first && symbols[i + 1] == best.second) {
          next.push_back(tokens.back());
          ++i;
        } else {
          next.push_back(symbols[i]);
        }
      }
      symbols = std::move(next);
    }
  }
  return made;
}

Merges Named(const TrainedBpe& bpe) {
  Merges merges;
  for (const auto& [left, right] : bpe.merges) {
    merges.emplace_back(bpe.tokens[left], bpe.tokens[right]);
  }
  return merges;
}

TEST(BpeTrainer, LikeRecountingEverything) {
  // Letters of different frequencies: no token comes about in two ways, for which recounting and
  // `tokenizers` differ; ties are plenty.
  std::mt19937 random(3);
  int compared = 0;
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, int64_t> words;
    WordCounts counts;
    for (int i = 0; i < 60; ++i) {
      std::string word;
      for (size_t length = 1 + random() % 9; word.size() < length;) {
        word.push_back(static_cast<char>("abcdefgh\xC3\xA9 z"[random() % 12]));
      }
      const int64_t count = 1 + random() % 4;
      words[word] += count;
      counts.Add(word, count);
    }
    const auto bpe = TrainBpe(counts, {.vocab_size = 256 + 50});
    ASSERT_TRUE(bpe.ok()) << bpe.status().message();
    ASSERT_EQ(bpe->tokens.size(), 306u);
    if (bpe->merges.size() != 50) continue;  // a token came about twice
    const std::vector<std::string> bytes(bpe->tokens.begin(), bpe->tokens.begin() + 256);
    EXPECT_EQ(Named(*bpe), TrainSlowly(words, 50, bytes));
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

TEST(BpeTrainer, Options) {
  WordCounts words;
  words.Add("ab", 3);
  words.Add("cd", 1);
  const auto bpe = TrainBpe(words, {.vocab_size = 259, .special_tokens = {"<s>"}});
  ASSERT_TRUE(bpe.ok());
  EXPECT_EQ(bpe->tokens[0], "<s>");
  EXPECT_EQ(bpe->tokens[1], "!");  // the bytes in the order of their characters
  EXPECT_EQ(bpe->tokens[256], "Ń");
  EXPECT_EQ(Named(*bpe), (Merges{{"a", "b"}, {"c", "d"}}));
  EXPECT_TRUE(TrainBpe(words, {.vocab_size = 257, .min_frequency = 2}).ok());
  int64_t said = 0;
  WordCounts many;
  for (int i = 0; i < 3000; ++i) many.Add("word" + std::to_string(i) + "end");
  const auto large = TrainBpe(
      many, {.vocab_size = 256 + 1200, .progress = [&](int64_t tokens) { said = tokens; }});
  EXPECT_TRUE(large.ok());
  EXPECT_EQ(said, 256 + 1024);
}

TEST(BpeTrainer, WhatCannotBe) {
  WordCounts words;
  words.Add("abab", 3);
  struct {
    BpeTrainerOptions options;
    const char* part;
  } const bad[] = {
      {{.vocab_size = 255}, "vocabulary size 255: expected 256 (0 special tokens and 256 bytes)"},
      {{.vocab_size = 0}, "vocabulary size 0"},
      {{.vocab_size = 256, .special_tokens = {"<s>"}}, "expected 257 (1 special"},
      {{.vocab_size = int64_t{1} << 40}, "to 1073741824"},
      {{.vocab_size = 400}, "this text gives only 258 tokens"},
      {{.vocab_size = 257, .min_frequency = 7}, "this text gives only 256 tokens"},
      {{.vocab_size = 300, .special_tokens = {""}}, "special token ''"},
      {{.vocab_size = 300, .special_tokens = {"\xFF"}}, "special token '\\xFF'"},
      {{.vocab_size = 300, .special_tokens = {"<s>", "<s>"}}, "'<s>' is given twice"},
      {{.vocab_size = 300, .special_tokens = {"a"}}, "'a' spells a byte"},
  };
  for (const auto& b : bad) {
    const Status status = TrainBpe(words, b.options).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << b.part;
    EXPECT_NE(status.message().find(b.part), std::string::npos) << status.message();
  }
}

// What the `tokenizers` package makes of tests/data/tokenizer_training/corpus.jsonl
// (tools/reference/tokenizer_training.py): a text in which many tokens come about in several ways.
TEST(BpeTrainer, TheMergesOfTokenizers) {
  const std::string folder = TestData("tokenizer_training/");
  const auto golden = nlohmann::json::parse(ReadText(folder + "golden.json"));
  std::vector<CorpusFile> files;
  files.push_back(*OpenCorpusFile(folder + "corpus.jsonl", {}));
  const std::vector<nlohmann::json> documents = ReadJsonLines(folder + "corpus.jsonl");
  ASSERT_EQ(golden.size(), 4u);
  for (const auto& [name, want] : golden.items()) {
    SCOPED_TRACE(name);
    HfTokenizerFile file{.special_tokens = want.at("special")};
    const auto patterns = FindSplitPatterns(name);
    ASSERT_TRUE(patterns.ok());
    file.patterns.assign(patterns->begin(), patterns->end());
    ThreadTeam team(2);
    const auto corpus = CountWords(files, {}, *MakePreTokenizer(file.patterns), team);
    ASSERT_TRUE(corpus.ok());
    auto bpe = TrainBpe(corpus->words, {.vocab_size = want.at("vocab_size"),
                                        .special_tokens = file.special_tokens});
    ASSERT_TRUE(bpe.ok()) << bpe.status().message();
    EXPECT_EQ(bpe->tokens, want.at("tokens").get<std::vector<std::string>>());
    EXPECT_EQ(bpe->merges, (want.at("merges").get<std::vector<std::pair<int32_t, int32_t>>>()));
    file.bpe = *std::move(bpe);

    const TempFolder out;
    out.Write("tokenizer.json", ToTokenizerJson(file));
    out.Write("tokenizer_config.json", ToTokenizerConfig(file));
    const auto tokenizer = Tokenizer::Load(out.path());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    for (size_t i = 0; i < want.at("ids").size(); ++i) {
      const std::string text = documents[i].at("text");
      const std::vector<int32_t> ids = tokenizer->Encode(text);
      EXPECT_EQ(ids, want.at("ids")[i].get<std::vector<int32_t>>());
      EXPECT_EQ(*tokenizer->Decode(ids), text);
    }
  }
}

}  // namespace
}  // namespace frugal
