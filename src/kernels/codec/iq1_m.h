// IQ1_M: as IQ1_S, with a scale per group of 16 and a shift per vector of 8.  Bytes: low 8 bits of
// the indices (32), a nibble per vector (16: top 3 bits, sign of the shift), four words (8): four
// 3-bit scales each and, on top, a nibble of d, the lowest first.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/grid.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ1_M {
  static constexpr DType kDType = DType::kIQ1_M;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 56;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const uint8_t* words = block + 48;
    int half = 0;
    for (int i = 0; i < 4; ++i) half |= LoadU16(words + 2 * i) >> 12 << (4 * i);
    const float d = HalfToFloat(static_cast<uint16_t>(half));
    for (int i = 0; i < 16; ++i) {
      const int scale = LoadU16(words + i / 4 * 2) >> (3 * (i % 4)) & 7;
      scales[i] = d * static_cast<float>(2 * scale + 1) * 0.125f;
    }
    for (int group = 0; group < 8; ++group) {
      const uint32_t low = LoadU32(block + 4 * group);
      const uint32_t nibbles = LoadU16(block + 32 + 2 * group);
      for (int i = 0; i < 4; ++i) {
        const uint32_t nibble = nibbles >> (4 * i) & 15;
        const uint32_t index = (low >> (8 * i) & 255) | (nibble & 7) << 8;
        StoreShifted(kIq1Grid.rows[index], nibble >= 8, codes + 32 * group + 8 * i);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
