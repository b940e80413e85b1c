// MXFP4 (OCP microscaling formats 1.0): 32 × FP4 (E2M1) under a power of two (E8M0).  Bytes:
// exponent (1), nibbles (16) as in Q4_0. The codes are the doubled values, the scale is half.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"
#include "kernels/codec/quantize.h"

namespace frugal::FRUGAL_ISA_NS {

// 2^(exponent − 128); a denormal for 0 and 1. The standard's NaN (255) is a number to ggml.
inline float HalvedE8M0(uint8_t exponent) {
  return FloatFromBits(exponent < 2 ? 0x00200000u << exponent : (exponent - 1u) << 23);
}

struct CodecMXFP4 {
  static constexpr DType kDType = DType::kMXFP4;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 17;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = HalvedE8M0(block[0]);
    LookUpNibbles(kFp4Codes, block + 1, codes);
  }

  static void Encode(const float* x, uint8_t* block) {
    // The largest magnitude gets FP4's largest exponent, 2.
    const uint32_t bits = BitsFromFloat(__builtin_fabsf(LargestByMagnitude(x, kBlock)));
    const int exponent = static_cast<int>(bits >> 23) - 2;
    block[0] = static_cast<uint8_t>(exponent < 0 ? 0 : exponent);
    const float scale = HalvedE8M0(block[0]);
    uint8_t codes[kBlock];
    for (int i = 0; i < kBlock; ++i) {
      // The nearest, the smaller of two.
      int best = 0;
      for (int c = 1; c < 8; ++c) {
        const float error = __builtin_fabsf(scale * kFp4Codes[c] - __builtin_fabsf(x[i]));
        if (error < __builtin_fabsf(scale * kFp4Codes[best] - __builtin_fabsf(x[i]))) best = c;
      }
      codes[i] = static_cast<uint8_t>(best > 0 && x[i] < 0.0f ? best + 8 : best);
    }
    PackNibbles(codes, block + 1);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
