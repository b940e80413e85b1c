// The grids of the IQ formats: lists of 4- or 8-element code vectors that the blocks index. One
// word holds a vector, the first element in the lowest byte.
#pragma once

#include <cstdint>

namespace frugal {

template <class Word, int kSize>
struct IqTable {
  Word rows[kSize];
};

// Magnitudes; the blocks give the signs apart.
extern const IqTable<uint64_t, 256> kIq2XxsGrid;
extern const IqTable<uint64_t, 512> kIq2XsGrid;
extern const IqTable<uint64_t, 1024> kIq2SGrid;
extern const IqTable<uint32_t, 256> kIq3XxsGrid;
extern const IqTable<uint32_t, 512> kIq3SGrid;

// 128 + 8·{−1, 0, 1}: the offset keeps bytes from borrowing when ±1 is added to all at once.
extern const IqTable<uint64_t, 2048> kIq1Grid;

// 0xFF for each set bit of the index, 0 for the others: the elements to negate.
extern const IqTable<uint64_t, 256> kSignMasks;

// Likewise for 7-bit indices; the eighth element is negated where that makes the number of
// negated elements even.
extern const IqTable<uint64_t, 128> kEvenSignMasks;

}  // namespace frugal
