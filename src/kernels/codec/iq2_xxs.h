// IQ2_XXS: 256 elements as 32 vectors of 8 from a grid of 256.  Bytes: d (2), then 8 per group of
// 32: four indices (4), a word (4) with four 7-bit sign indices and, on top, the 4-bit scale.
// Scale: d·(0.5 + s)/4.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ2_XXS {
  static constexpr DType kDType = DType::kIQ2_XXS;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 66;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int group = 0; group < 8; ++group) {
      const uint8_t* packed = block + 2 + 8 * group;
      const uint32_t word = LoadU32(packed + 4);
      scales[group] = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      for (int i = 0; i < 4; ++i) {
        StoreSigned(kIq2XxsGrid.rows[packed[i]], kEvenSignMasks.rows[word >> (7 * i) & 127],
                    codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
