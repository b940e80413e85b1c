// IQ3_XXS: 256 elements as 64 vectors of 4 from a grid of 256.  Bytes: d (2), indices (64), a word
// per group of 32 (32) with four 7-bit sign indices and, on top, the 4-bit scale.
// Scale: d·(0.5 + s)/2.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ3_XXS {
  static constexpr DType kDType = DType::kIQ3_XXS;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 98;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int group = 0; group < 8; ++group) {
      const uint8_t* packed = block + 2 + 8 * group;
      const uint32_t word = LoadU32(block + 66 + 4 * group);
      scales[group] = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      for (int i = 0; i < 4; ++i) {
        StoreSigned(
            JoinVectors(kIq3XxsGrid.rows[packed[2 * i]], kIq3XxsGrid.rows[packed[2 * i + 1]]),
            kEvenSignMasks.rows[word >> (7 * i) & 127], codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
