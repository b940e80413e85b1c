// MXFP4 (OCP microscaling formats 1.0): 32 × FP4 (E2M1) under a power of two (E8M0).  Bytes:
// exponent (1), nibbles (16) as in Q4_0. The codes are the doubled values, the scale is half.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"

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
};

}  // namespace frugal::FRUGAL_ISA_NS
