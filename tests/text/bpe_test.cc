#include "text/bpe.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace frugal {
namespace {

using Ids = std::vector<int32_t>;

// A byte-level model over a few letters with these tokens beyond the single bytes, in rank order.
BpeModel Bytes(const std::vector<std::string>& tokens) {
  BpeModel model;
  int32_t id = 0;
  for (int b = 0; b < 256; ++b) {
    model.tokens.Insert(std::string(1, static_cast<char>(b)), id);
    model.byte_ids[static_cast<size_t>(b)] = id++;
  }
  for (const std::string& token : tokens) model.tokens.Insert(token, id++);
  model.vocab_size = id;
  uint32_t rank = 0;
  for (const std::string& token : tokens) EXPECT_TRUE(model.AddAllMerges(token, rank++).ok());
  model.Finish();
  return model;
}

Ids Encode(const BpeModel& model, std::string_view word) {
  BpeScratch scratch;
  Ids ids;
  model.Encode(word, &scratch, &ids);
  return ids;
}

// The definition: as long as some pair has a rank, join the pair with the lowest, the leftmost of
// equals.
std::vector<std::string> Plain(const std::map<std::string, int>& ranks, std::string_view word) {
  std::vector<std::string> parts;
  for (const char c : word) parts.emplace_back(1, c);
  while (true) {
    size_t best = parts.size();
    int best_rank = INT32_MAX;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + parts[i + 1]);
      if (found != ranks.end() && found->second < best_rank) {
        best = i;
        best_rank = found->second;
      }
    }
    if (best == parts.size()) return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

TEST(Bpe, MergesLowestRankFirst) {
  const BpeModel model = Bytes({"bc", "ab", "abc"});
  EXPECT_EQ(Encode(model, "abc"), (Ids{258}));
  EXPECT_EQ(Encode(model, "abab"), (Ids{257, 257}));
  EXPECT_EQ(Encode(model, "bcab"), (Ids{256, 257}));
  EXPECT_TRUE(Encode(model, "").empty());
}

// Short words are scanned and long ones go through a heap; both must follow the definition.
TEST(Bpe, FollowsTheDefinitionAtEveryLength) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> tokens;
    std::map<std::string, int> ranks;
    while (tokens.size() < 25) {
      std::string token;
      for (uint32_t n = 2 + random() % 4; n > 0; --n) token += "abc"[random() % 3];
      if (ranks.emplace(token, static_cast<int>(tokens.size())).second) tokens.push_back(token);
    }
    const BpeModel model = Bytes(tokens);
    for (const size_t length : {1u, 2u, 7u, 47u, 48u, 49u, 50u, 63u, 64u, 65u, 200u}) {
      std::string word;
      while (word.size() < length) word += "abc"[random() % 3];
      Ids want;
      for (const std::string& part : Plain(ranks, word)) want.push_back(model.tokens.Find(part));
      EXPECT_EQ(Encode(model, word), want) << word;
    }
  }
}

TEST(Bpe, TheCacheChangesNothing) {
  const BpeModel model = Bytes({"bc", "ab", "abc"});
  BpeScratch scratch;
  for (int round = 0; round < 3; ++round) {
    Ids ids;
    model.Encode("abcab", &scratch, &ids);
    EXPECT_EQ(ids, (Ids{258, 257}));
  }
}

TEST(Bpe, IgnoreMergesTakesWholeWords) {
  BpeModel model = Bytes({"ab"});
  model.tokens.Insert("xyz", 300);
  EXPECT_EQ(Encode(model, "xyz"), (Ids{'x', 'y', 'z'}));
  model.ignore_merges = true;
  EXPECT_EQ(Encode(model, "xyz"), (Ids{300}));
  const std::string long_word(100, 'q');
  model.tokens.Insert(long_word, 301);
  EXPECT_EQ(Encode(model, long_word), (Ids{301}));
}

BpeModel Characters() {
  BpeModel model;
  model.alphabet = BpeModel::Alphabet::kCharacters;
  int32_t id = 0;
  for (const char* token : {"<unk>", "a", "b", "é", "ab", "▁", "▁a", "▁ab"}) {
    model.tokens.Insert(token, id++);
  }
  model.vocab_size = id;
  model.unk_id = 0;
  EXPECT_TRUE(model.AddMerge("a", "b", 0));
  EXPECT_TRUE(model.AddMerge("▁", "ab", 1));
  EXPECT_TRUE(model.AddMerge("▁", "a", 2));
  return model;
}

TEST(Bpe, UnknownCharacters) {
  BpeModel model = Characters();
  model.Finish();
  EXPECT_EQ(Encode(model, "axyb日"), (Ids{1, 0, 0, 2, 0}));
  model.fuse_unk = true;
  EXPECT_EQ(Encode(model, "axyb日"), (Ids{1, 0, 2, 0}));
  model.unk_id = -1;
  EXPECT_EQ(Encode(model, "axéb"), (Ids{1, 3, 2}));
}

TEST(Bpe, ByteFallbackNeedsEveryByte) {
  BpeModel model = Characters();
  model.byte_fallback = true;
  for (const int byte : {0xE6, 0x97, 0xA5}) {
    model.byte_ids[static_cast<size_t>(byte)] = 100 + byte;
  }
  model.Finish();
  EXPECT_EQ(Encode(model, "a日"), (Ids{1, 100 + 0xE6, 100 + 0x97, 100 + 0xA5}));
  EXPECT_EQ(Encode(model, "本"), (Ids{0}));
}

// Cutting at ▁ is an optimisation: the ids are those of the whole.
TEST(Bpe, LongTextWithMetaspaces) {
  BpeModel model = Characters();
  model.Finish();
  std::string text;
  Ids want;
  for (int i = 0; i < 100; ++i) {
    text += "▁ab▁a▁▁ab";
    for (const int32_t id : {7, 6, 5, 7}) want.push_back(id);
  }
  EXPECT_EQ(Encode(model, text), want);
  // A merge across the boundary forbids the cut.
  model.tokens.Insert("b▁", 8);
  model.vocab_size = 9;
  EXPECT_TRUE(model.AddMerge("b", "▁", 9));
  model.Finish();
  EXPECT_EQ(Encode(model, "b▁"), (Ids{8}));
}

TEST(Bpe, MergesOfUnknownTokensAreRefused) {
  BpeModel model = Characters();
  EXPECT_FALSE(model.AddMerge("a", "nope", 3));
  EXPECT_FALSE(model.AddMerge("a", "é", 3));
  EXPECT_EQ(Bytes({}).AddAllMerges(std::string(5000, 'x'), 0).code(), StatusCode::kUnsupported);
}

// One rule for a token of a ranked vocabulary: the pair that lower ranks leave of it.
TEST(Bpe, RulesOfARankedVocabulary) {
  const BpeModel model = Bytes({"bc", "abc", "ab", "abcd", "xyz"});
  std::vector<std::string> bytes;
  for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
  for (const char* token : {"bc", "abc", "ab", "abcd", "xyz"}) bytes.emplace_back(token);
  std::vector<std::string> rules;
  for (const BpeRule& rule : model.Rules(bytes)) {
    rules.push_back(bytes[rule.left] + " " + bytes[rule.right] + " " + std::to_string(rule.rank));
  }
  // Nothing makes "xyz": no two of its parts are tokens.
  EXPECT_EQ(rules, (std::vector<std::string>{"b c 0", "a bc 1", "a b 2", "abc d 3"}));
  EXPECT_GT(model.AllRules().size(), rules.size());
}

TEST(Bpe, PrefixAndSuffix) {
  BpeModel model;
  model.alphabet = BpeModel::Alphabet::kCharacters;
  model.continuing_prefix = "##";
  model.end_of_word_suffix = "</w>";
  int32_t id = 0;
  for (const char* token : {"a", "##b", "##b</w>", "a</w>", "ab", "ab</w>"}) {
    model.tokens.Insert(token, id++);
  }
  EXPECT_TRUE(model.AddMerge("a", "##b", 0));
  EXPECT_TRUE(model.AddMerge("a", "##b</w>", 1));
  model.Finish();
  EXPECT_EQ(Encode(model, "ab"), (Ids{5}));
  EXPECT_EQ(Encode(model, "abb"), (Ids{4, 2}));
  EXPECT_EQ(Encode(model, "a"), (Ids{3}));
}

TEST(Bpe, MetaspaceWordEnds) {
  EXPECT_EQ(MetaspaceWordEnd("▁a▁b", 0), 4u);
  EXPECT_EQ(MetaspaceWordEnd("▁▁▁a", 0), 10u);
  EXPECT_EQ(MetaspaceWordEnd("ab", 0), 2u);
  EXPECT_EQ(MetaspaceWordEnd("a▁▁", 0), 1u);
  EXPECT_EQ(MetaspaceWordEnd("a▁▁", 1), 7u);
}

}  // namespace
}  // namespace frugal
