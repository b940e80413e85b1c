// Q6_K: 256 × 6 bits, offset 32, in groups of 16 with an int8 scale each.  Bytes: low nibbles
// (128), high bit pairs (64), scales (16), d (2). Each half of the block has 64 bytes of nibbles
// (elements 0–63 low, 64–127 high) and 32 bytes of pairs (elements 32·s + i at bits 2·s).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/k_encode.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ6_K {
  static constexpr DType kDType = DType::kQ6_K;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 210;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block + 208);
    for (int i = 0; i < 16; ++i) {
      scales[i] = d * static_cast<float>(static_cast<int8_t>(block[192 + i]));
    }
    for (int half = 0; half < 2; ++half) {
      const uint8_t* low = block + 64 * half;
      const uint8_t* high = block + 128 + 32 * half;
      int8_t* out = codes + 128 * half;
      for (int i = 0; i < 32; ++i) {
        const int pairs = high[i];
        out[i] = static_cast<int8_t>(((low[i] & 15) | (pairs << 4 & 0x30)) - 32);
        out[32 + i] = static_cast<int8_t>(((low[32 + i] & 15) | (pairs << 2 & 0x30)) - 32);
        out[64 + i] = static_cast<int8_t>(((low[i] >> 4) | (pairs & 0x30)) - 32);
        out[96 + i] = static_cast<int8_t>(((low[32 + i] >> 4) | (pairs >> 2 & 0x30)) - 32);
      }
    }
  }

  static void Encode(const float* x, uint8_t* block) {
    float scales[16];
    for (int g = 0; g < 16; ++g) scales[g] = FitSignedScale(x + 16 * g, 16, 32);
    const float d = RoundToHalf(LargestByMagnitude(scales, 16) / -128.0f, block + 208);
    std::memset(block, 0, 192);
    for (int g = 0; g < 16; ++g) {
      const int scale = NearestCode(scales[g] * Reciprocal(d), -128, 127);
      block[192 + g] = static_cast<uint8_t>(scale);
      const float inverse = Reciprocal(d * static_cast<float>(scale));
      for (int i = 16 * g; i < 16 * g + 16; ++i) {
        const int code = NearestCode(x[i] * inverse, -32, 31) + 32;
        const int half = i / 128;
        const int quarter = i % 128 / 32;
        block[64 * half + i % 64] |= static_cast<uint8_t>((code & 15) << (quarter < 2 ? 0 : 4));
        block[128 + 32 * half + i % 32] |= static_cast<uint8_t>(code >> 4 << (2 * quarter));
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
