// Q2_K: 256 × 2 bits in groups of 16 with a 4-bit scale and minimum each.  Bytes: scale (low
// nibble) and minimum (high) per group (16), codes (64), d (2), dmin (2). Each half of the block
// has 32 bytes of codes: element 32·s + i at bits 2·s of byte i.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ2_K {
  static constexpr DType kDType = DType::kQ2_K;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 84;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = true;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict biases) {
    const float d = LoadHalf(block + 80);
    const float dmin = LoadHalf(block + 82);
    for (int i = 0; i < 16; ++i) {
      scales[i] = d * static_cast<float>(block[i] & 15);
      biases[i] = -(dmin * static_cast<float>(block[i] >> 4));
    }
    for (int half = 0; half < 2; ++half) {
      const uint8_t* packed = block + 16 + 32 * half;
      int8_t* out = codes + 128 * half;
      for (int i = 0; i < 32; ++i) {
        out[i] = static_cast<int8_t>(packed[i] & 3);
        out[32 + i] = static_cast<int8_t>(packed[i] >> 2 & 3);
        out[64 + i] = static_cast<int8_t>(packed[i] >> 4 & 3);
        out[96 + i] = static_cast<int8_t>(packed[i] >> 6);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
