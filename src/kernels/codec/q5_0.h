// Q5_0: 32 × 5 bits, offset 16, under one half scale.  Bytes: d (2), fifth bits (4), nibbles (16).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"
#include "kernels/codec/quantize.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ5_0 {
  static constexpr DType kDType = DType::kQ5_0;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 22;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = LoadHalf(block);
    UnpackFiveBits(block + 2, /*offset=*/16, codes);
  }

  static void Encode(const float* x, uint8_t* block) {
    const float d = LargestByMagnitude(x, kBlock) / -16.0f;
    const float inverse = Reciprocal(d);
    uint8_t codes[kBlock];
    for (int i = 0; i < kBlock; ++i) codes[i] = TruncateToCode(x[i] * inverse + 16.5f, 31.0f);
    StoreHalf(d, block);
    const uint32_t high = PackNibbles(codes, block + 6);
    std::memcpy(block + 2, &high, sizeof(high));
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
