#include "text/token_map.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(TokenMap, FindsWhatWasPutIn) {
  TokenMap map;
  EXPECT_EQ(map.Find("x"), -1);
  for (int32_t i = 0; i < 20000; ++i) {
    ASSERT_TRUE(map.Insert("key" + std::to_string(i), i));
  }
  EXPECT_EQ(map.size(), 20000u);
  for (int32_t i = 0; i < 20000; ++i) ASSERT_EQ(map.Find("key" + std::to_string(i)), i);
  EXPECT_EQ(map.Find("key20000"), -1);
  EXPECT_EQ(map.Find("a key that is longer than all of them"), -1);
  EXPECT_EQ(map.max_key_bytes(), 8u);
}

TEST(TokenMap, KeysAreUniqueAndMayBeAnyBytes) {
  TokenMap map;
  EXPECT_TRUE(map.Insert(std::string("\0\xFF", 2), 1));
  EXPECT_TRUE(map.Insert(std::string("\0", 1), 2));
  EXPECT_TRUE(map.Insert("", 3));
  EXPECT_FALSE(map.Insert("", 4));
  EXPECT_EQ(map.Find(""), 3);
  EXPECT_EQ(map.Find(std::string("\0\xFF", 2)), 1);
}

}  // namespace
}  // namespace frugal
