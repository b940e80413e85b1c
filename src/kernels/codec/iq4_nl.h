// IQ4_NL: 32 × 4-bit indices into 16 unevenly spaced codes, under one half scale.  Bytes: d (2),
// nibbles (16) as in Q4_0.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecIQ4_NL {
  static constexpr DType kDType = DType::kIQ4_NL;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 18;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = LoadHalf(block);
    LookUpNibbles(kIq4Codes, block + 2, codes);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
