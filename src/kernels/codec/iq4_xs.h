// IQ4_XS: 256 indices into the codes of IQ4_NL in groups of 32 with a 6-bit scale (offset 32)
// each.  Bytes: d (2), top scale bits (2, pair g for group g), low scale nibbles (4), nibbles
// (128): 16 bytes per group, as in Q4_0.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ4_XS {
  static constexpr DType kDType = DType::kIQ4_XS;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 136;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block);
    const uint32_t top = LoadU16(block + 2);
    const uint32_t low = LoadU32(block + 4);
    for (int group = 0; group < 8; ++group) {
      const uint32_t scale = (low >> (4 * group) & 15) | (top >> (2 * group) & 3) << 4;
      scales[group] = d * static_cast<float>(static_cast<int>(scale) - 32);
      LookUpNibbles(kIq4Codes, block + 8 + 16 * group, codes + 32 * group);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
