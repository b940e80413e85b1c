#include "text/byte_level.h"

#include <gtest/gtest.h>

#include <set>

namespace frugal {
namespace {

TEST(ByteLevel, KnownCharacters) {
  EXPECT_EQ(ToByteLevel(" the\n"), "ĠtheĊ");
  EXPECT_EQ(ToByteLevel("é"), "Ã©");
  EXPECT_EQ(ByteLevelChar('a'), uint32_t{'a'});
  EXPECT_EQ(ByteLevelChar(0), 0x100u);
  EXPECT_EQ(ByteLevelChar(0xAD), 0x143u);
}

TEST(ByteLevel, IsABijection) {
  std::string bytes;
  std::set<uint32_t> chars;
  for (int b = 0; b < 256; ++b) {
    bytes += static_cast<char>(b);
    chars.insert(ByteLevelChar(static_cast<uint8_t>(b)));
  }
  EXPECT_EQ(chars.size(), 256u);
  EXPECT_EQ(FromByteLevel(ToByteLevel(bytes)), bytes);
}

TEST(ByteLevel, OtherTextIsNone) {
  for (const char* other : {"日", "a b", "\n", "\xFF", "\u0144"}) {
    EXPECT_FALSE(FromByteLevel(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace frugal
