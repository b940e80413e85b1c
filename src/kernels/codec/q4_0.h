// Q4_0: 32 × 4 bits, offset 8, under one half scale.  Bytes: d (2), nibbles (16): element i in
// the low nibble of byte i, element 16 + i in the high one.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"
#include "kernels/codec/quantize.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ4_0 {
  static constexpr DType kDType = DType::kQ4_0;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 18;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = LoadHalf(block);
    UnpackNibbles(block + 2, /*offset=*/8, codes);
  }

  static void Encode(const float* x, uint8_t* block) {
    const float d = LargestByMagnitude(x, kBlock) / -8.0f;
    const float inverse = Reciprocal(d);
    uint8_t codes[kBlock];
    for (int i = 0; i < kBlock; ++i) codes[i] = TruncateToCode(x[i] * inverse + 8.5f, 15.0f);
    StoreHalf(d, block);
    PackNibbles(codes, block + 2);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
