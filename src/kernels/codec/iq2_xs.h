// IQ2_XS: 256 elements as 32 vectors of 8 from a grid of 512.  Bytes: d (2), 32 words of a 9-bit
// index and a 7-bit sign index (64), a 4-bit scale per group of 16 (8, low nibble first).
// Scale: d·(0.5 + s)/4.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ2_XS {
  static constexpr DType kDType = DType::kIQ2_XS;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 74;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int i = 0; i < 8; ++i) {
      const int pair = block[66 + i];
      scales[2 * i] = d * (0.5f + static_cast<float>(pair & 15)) * 0.25f;
      scales[2 * i + 1] = d * (0.5f + static_cast<float>(pair >> 4)) * 0.25f;
    }
    for (int i = 0; i < 32; ++i) {
      const int word = LoadU16(block + 2 + 2 * i);
      StoreSigned(kIq2XsGrid.rows[word & 511], kEvenSignMasks.rows[word >> 9], codes + 8 * i);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
