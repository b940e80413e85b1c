// IQ1_S: 256 elements as 32 vectors of 8 over {−1, 0, 1} from a grid of 2048.  Bytes: d (2), low 8
// bits of the indices (32), a word per group of 32 (16): four top bit triples, the 3-bit scale s,
// the sign of the shift.  Value: d·(2·s + 1)·(g ± 1/8); the codes are 8·g ± 1 under an eighth of
// the scale, which is exact (a half times 15/8 is far from float32's limits).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ1_S {
  static constexpr DType kDType = DType::kIQ1_S;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 50;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int group = 0; group < 8; ++group) {
      const int word = LoadU16(block + 34 + 2 * group);
      scales[group] = d * static_cast<float>(2 * (word >> 12 & 7) + 1) * 0.125f;
      for (int i = 0; i < 4; ++i) {
        const int index = block[2 + 4 * group + i] | (word >> (3 * i) & 7) << 8;
        StoreShifted(kIq1Grid.rows[index], (word & 0x8000) != 0, codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
