// IQ2_S: 256 elements as 32 vectors of 8 from a grid of 1024.  Bytes: d (2), low 8 bits of the
// indices (32), signs (32, a bit per element), the indices' top 2 bits (8, four to a byte), a 4-bit
// scale per group of 16 (8, low nibble first).  Scale: d·(0.5 + s)/4.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ2_S {
  static constexpr DType kDType = DType::kIQ2_S;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 82;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int i = 0; i < 8; ++i) {
      const int pair = block[74 + i];
      scales[2 * i] = d * (0.5f + static_cast<float>(pair & 15)) * 0.25f;
      scales[2 * i + 1] = d * (0.5f + static_cast<float>(pair >> 4)) * 0.25f;
    }
    for (int group = 0; group < 8; ++group) {
      const uint32_t low = LoadU32(block + 2 + 4 * group);
      const uint32_t signs = LoadU32(block + 34 + 4 * group);
      const uint32_t top = block[66 + group];
      for (int i = 0; i < 4; ++i) {
        const uint32_t index = (low >> (8 * i) & 255) | (top >> (2 * i) & 3) << 8;
        StoreSigned(kIq2SGrid.rows[index], kSignMasks.rows[signs >> (8 * i) & 255],
                    codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
