// Q4_K: 256 × 4 bits in groups of 32 with a 6-bit scale and minimum each.  Bytes: d (2), dmin (2),
// scales (12, see k_scales.h), nibbles (128): 32 bytes hold two groups, low nibbles first.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/k_encode.h"
#include "kernels/codec/k_scales.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ4_K {
  static constexpr DType kDType = DType::kQ4_K;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 144;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = true;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict biases) {
    UnpackKScales(block + 4, LoadHalf(block), LoadHalf(block + 2), scales, biases);
    const uint8_t* nibbles = block + 16;
    for (int pair = 0; pair < 4; ++pair) {
      for (int i = 0; i < 32; ++i) {
        const uint8_t byte = nibbles[32 * pair + i];
        codes[64 * pair + i] = static_cast<int8_t>(byte & 15);
        codes[64 * pair + 32 + i] = static_cast<int8_t>(byte >> 4);
      }
    }
  }

  static void Encode(const float* x, uint8_t* block) {
    uint8_t codes[kBlock];
    EncodeWithKScales(x, 15, block, codes);
    for (int i = 0; i < kBlock / 2; ++i) {
      const int at = i / 32 * 64 + i % 32;
      block[16 + i] = static_cast<uint8_t>(codes[at] | codes[at + 32] << 4);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
