// Q5_K: 256 × 5 bits in groups of 32 with a 6-bit scale and minimum each.  Bytes: d (2), dmin (2),
// scales (12, see k_scales.h), fifth bits (32), nibbles (128) as in Q4_K. The fifth bit of element
// 32·g + i is bit g of byte i.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/k_encode.h"
#include "kernels/codec/k_scales.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ5_K {
  static constexpr DType kDType = DType::kQ5_K;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 176;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = true;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict biases) {
    UnpackKScales(block + 4, LoadHalf(block), LoadHalf(block + 2), scales, biases);
    const uint8_t* high = block + 16;
    const uint8_t* nibbles = block + 48;
    for (int pair = 0; pair < 4; ++pair) {
      for (int i = 0; i < 32; ++i) {
        const uint8_t byte = nibbles[32 * pair + i];
        const int bits = high[i] >> (2 * pair);
        codes[64 * pair + i] = static_cast<int8_t>((byte & 15) | (bits & 1) << 4);
        codes[64 * pair + 32 + i] = static_cast<int8_t>((byte >> 4) | (bits & 2) << 3);
      }
    }
  }

  static void Encode(const float* x, uint8_t* block) {
    uint8_t codes[kBlock];
    EncodeWithKScales(x, 31, block, codes);
    std::memset(block + 16, 0, 32);
    for (int i = 0; i < kBlock / 2; ++i) {
      const int pair = i / 32;
      const uint8_t low = codes[64 * pair + i % 32];
      const uint8_t high = codes[64 * pair + 32 + i % 32];
      block[16 + i % 32] |= static_cast<uint8_t>((low >> 4 | high >> 4 << 1) << (2 * pair));
      block[48 + i] = static_cast<uint8_t>((low & 15) | (high & 15) << 4);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
