// IQ3_S: 256 elements as 64 vectors of 4 from a grid of 512.  Bytes: d (2), low 8 bits of the
// indices (64), their ninth bits (8), signs (32, a bit per element), a 4-bit scale per group of 32
// (4, low nibble first).  Scale: d·(1 + 2·s).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ3_S {
  static constexpr DType kDType = DType::kIQ3_S;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 110;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    for (int i = 0; i < 4; ++i) {
      const int pair = block[106 + i];
      scales[2 * i] = d * static_cast<float>(1 + 2 * (pair & 15));
      scales[2 * i + 1] = d * static_cast<float>(1 + 2 * (pair >> 4));
    }
    for (int group = 0; group < 8; ++group) {
      uint64_t low;
      std::memcpy(&low, block + 2 + 8 * group, sizeof(low));
      const uint32_t signs = LoadU32(block + 74 + 4 * group);
      const uint32_t ninth = block[66 + group];
      for (int i = 0; i < 4; ++i) {
        const uint64_t first = (low >> (16 * i) & 255) | (ninth << (8 - 2 * i) & 256);
        const uint64_t second = (low >> (16 * i + 8) & 255) | (ninth << (7 - 2 * i) & 256);
        StoreSigned(JoinVectors(kIq3SGrid.rows[first], kIq3SGrid.rows[second]),
                    kSignMasks.rows[signs >> (8 * i) & 255], codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
