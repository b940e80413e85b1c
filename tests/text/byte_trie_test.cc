#include "text/byte_trie.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(ByteTrie, LongestMatch) {
  ByteTrie trie;
  EXPECT_TRUE(trie.empty());
  trie.Insert("a", 1);
  trie.Insert("abc", 2);
  trie.Insert("\xFFx", 3);
  EXPECT_FALSE(trie.empty());
  EXPECT_EQ(trie.Longest("abd", 0).value, 1);
  EXPECT_EQ(trie.Longest("abd", 0).bytes, 1u);
  EXPECT_EQ(trie.Longest("abcd", 0).value, 2);
  EXPECT_EQ(trie.Longest("zabc", 1).bytes, 3u);
  EXPECT_EQ(trie.Longest("\xFFx", 0).value, 3);
  EXPECT_EQ(trie.Longest("b", 0).value, -1);
  EXPECT_EQ(trie.Longest("a", 1).value, -1);
  EXPECT_TRUE(trie.CanStartWith('a'));
  EXPECT_FALSE(trie.CanStartWith('b'));
}

TEST(ByteTrie, AKeyAgainTakesTheNewValue) {
  ByteTrie trie;
  trie.Insert("ab", 1);
  trie.Insert("ab", 7);
  EXPECT_EQ(trie.Longest("ab", 0).value, 7);
}

}  // namespace
}  // namespace frugal
