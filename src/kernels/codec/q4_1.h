// Q4_1: 32 × 4 bits under a half scale and a half minimum.  Bytes: d (2), m (2), nibbles (16) as
// in Q4_0.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"
#include "kernels/codec/quantize.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ4_1 {
  static constexpr DType kDType = DType::kQ4_1;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 20;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = true;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict biases) {
    scales[0] = LoadHalf(block);
    biases[0] = LoadHalf(block + 2);
    UnpackNibbles(block + 4, /*offset=*/0, codes);
  }

  static void Encode(const float* x, uint8_t* block) {
    const Range range = FindRange(x, kBlock);
    const float d = (range.max - range.min) / 15.0f;
    const float inverse = Reciprocal(d);
    uint8_t codes[kBlock];
    for (int i = 0; i < kBlock; ++i) {
      codes[i] = TruncateToCode((x[i] - range.min) * inverse + 0.5f, 15.0f);
    }
    StoreHalf(d, block);
    StoreHalf(range.min, block + 2);
    PackNibbles(codes, block + 4);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
