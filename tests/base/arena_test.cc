#include "base/arena.h"

#include <gtest/gtest.h>

#include <utility>

namespace frugal {
namespace {

TEST(Arena, BuffersAreAlignedAndZeroed) {
  for (int64_t count : {0, 1, 15, 64, 100000}) {
    AlignedBuffer<float> buffer(count);
    EXPECT_EQ(buffer.size(), count);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kAlignment, 0u);
    for (int64_t i = 0; i < count; ++i) ASSERT_EQ(buffer[i], 0.0f);
  }
}

TEST(Arena, MoveKeepsTheMemory) {
  AlignedBuffer<int> a(10);
  a[3] = 7;
  int* data = a.data();
  AlignedBuffer<int> b = std::move(a);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(b[3], 7);
}

TEST(Arena, AlignUp) {
  EXPECT_EQ(AlignUp(0, 64), 0);
  EXPECT_EQ(AlignUp(1, 64), 64);
  EXPECT_EQ(AlignUp(64, 64), 64);
  EXPECT_EQ(AlignUp(65, 32), 96);
}

}  // namespace
}  // namespace frugal
