// Sums of one group of columns with instructions that multiply matrices: two rows of activations
// and eight columns at a time.
#pragma once

#include <cstdint>

#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// acc[p][i] = Σ over kColumns of the codes w[p], [kColumns/4][16][4], times those of row x[i].
template <int kP, int kM, int kColumns>
inline void TileDots([[maybe_unused]] const uint8_t* const (&w)[kP],
                     [[maybe_unused]] const int8_t* const (&x)[kM],
                     [[maybe_unused]] I32 (&acc)[kP][kM]) {
#if FRUGAL_HAS_TILE_DOT
  constexpr int kPairs = (kM + 1) / 2;  // an odd last row goes with itself
  TileSums sums[kP][kPairs];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kPairs; ++i) sums[p][i] = ZeroTile();
  }
  FRUGAL_UNROLL
  for (int c = 0; c < kColumns; c += 8) {
    TileCodes codes[kP];
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) codes[p] = LoadTile(w[p] + 16 * c);
    FRUGAL_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      const int other = 2 * i + 1 < kM ? 2 * i + 1 : 2 * i;
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) {
        sums[p][i] = TileDot(sums[p][i], codes[p], x[2 * i] + c, x[other] + c);
      }
    }
  }
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      acc[p][i] = i % 2 == 0 ? FirstRow(sums[p][i / 2]) : SecondRow(sums[p][i / 2]);
    }
  }
#else
  static_assert(kP == 0, "this set has no such instructions");
#endif
}

}  // namespace frugal::FRUGAL_ISA_NS
