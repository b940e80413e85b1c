#include "text/word_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace frugal {
namespace {

TEST(WordCache, RemembersAndForgets) {
  WordCache cache;
  EXPECT_EQ(cache.Find("a"), nullptr);
  const std::vector<int32_t> ids = {1, 2, 3};
  cache.Add("a", ids);
  const auto* found = cache.Find("a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(std::vector<int32_t>(found->begin(), found->end()), ids);
  EXPECT_EQ(cache.Find("b"), nullptr);
  cache.Add("b", {});
  ASSERT_NE(cache.Find("b"), nullptr);
  EXPECT_TRUE(cache.Find("b")->empty());
}

// However full: what it gives is what was put in.
TEST(WordCache, NeverGivesAnotherWordsIds) {
  WordCache cache;
  std::mt19937 random(4);
  int hits = 0;
  for (int round = 0; round < 400000; ++round) {
    const auto n = static_cast<int32_t>(random() % 150000);
    const std::string word = std::to_string(n);
    if (const auto* ids = cache.Find(word)) {
      ++hits;
      ASSERT_EQ(ids->size(), 2u);
      ASSERT_EQ((*ids)[0], n);
      ASSERT_EQ((*ids)[1], -n);
    } else {
      cache.Add(word, std::vector<int32_t>{n, -n});
    }
  }
  EXPECT_GT(hits, 20000);
}

TEST(WordCache, LongWordsAreNotKept) {
  WordCache cache;
  const std::string word(WordCache::kMaxWordBytes + 1, 'x');
  EXPECT_EQ(cache.Find(word), nullptr);
  cache.Add(word, std::vector<int32_t>{1});
  EXPECT_EQ(cache.Find(word), nullptr);
}

}  // namespace
}  // namespace frugal
