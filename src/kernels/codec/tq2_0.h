// TQ2_0: 256 × 2 bits, offset 1, under one half scale.  Bytes: codes (64) as in Q2_K, d (2).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecTQ2_0 {
  static constexpr DType kDType = DType::kTQ2_0;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 66;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block + 64);
    for (int i = 0; i < kBlock / kGroup; ++i) scales[i] = d;
    for (int half = 0; half < 2; ++half) {
      const uint8_t* packed = block + 32 * half;
      int8_t* out = codes + 128 * half;
      for (int i = 0; i < 32; ++i) {
        out[i] = static_cast<int8_t>((packed[i] & 3) - 1);
        out[32 + i] = static_cast<int8_t>((packed[i] >> 2 & 3) - 1);
        out[64 + i] = static_cast<int8_t>((packed[i] >> 4 & 3) - 1);
        out[96 + i] = static_cast<int8_t>((packed[i] >> 6) - 1);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
