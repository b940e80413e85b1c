#include "kernels/codec/iq_tables.h"

#include <gtest/gtest.h>

#include <set>

namespace frugal {
namespace {

// Rows are distinct and made of the format's values; the goldens of the codecs check each row.
template <class Word, int kSize>
void CheckGrid(const IqTable<Word, kSize>& grid, const std::set<int>& values) {
  std::set<Word> rows;
  std::set<int> seen;
  for (Word row : grid.rows) {
    rows.insert(row);
    for (size_t i = 0; i < sizeof(Word); ++i) seen.insert(static_cast<int>(row >> (8 * i) & 255));
  }
  EXPECT_EQ(rows.size(), static_cast<size_t>(kSize));
  EXPECT_EQ(seen, values);
}

TEST(IqTables, GridsHoldTheirValues) {
  CheckGrid(kIq2XxsGrid, {8, 25, 43});
  CheckGrid(kIq2XsGrid, {8, 25, 43});
  CheckGrid(kIq2SGrid, {8, 25, 43});
  CheckGrid(kIq3XxsGrid, {4, 12, 20, 28, 36, 44, 52, 62});
  CheckGrid(kIq3SGrid, {1, 3, 5, 7, 9, 11, 13, 15});
  CheckGrid(kIq1Grid, {120, 128, 136});
}

TEST(IqTables, SignMasksSpreadTheBits) {
  for (int signs = 0; signs < 256; ++signs) {
    const uint64_t mask = kSignMasks.rows[signs];
    for (int i = 0; i < 8; ++i) {
      ASSERT_EQ(mask >> (8 * i) & 255, signs >> i & 1 ? 255u : 0u) << signs;
    }
  }
}

TEST(IqTables, EvenSignMasksHaveEvenSigns) {
  for (int index = 0; index < 128; ++index) {
    const uint64_t mask = kEvenSignMasks.rows[index];
    EXPECT_EQ(__builtin_popcountll(mask) % 16, 0) << index;
    EXPECT_TRUE(mask == kSignMasks.rows[index] || mask == kSignMasks.rows[index | 128]) << index;
  }
}

}  // namespace
}  // namespace frugal
