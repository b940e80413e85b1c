// Q3_K: 256 × 3 bits, offset 4, in groups of 16 with a 6-bit scale (offset 32) each.  Bytes: high
// bits (32), low bit pairs (64), scales (12), d (2). Pairs as in Q2_K; the high bit of element
// 32·s + i of the whole block is bit s of byte i. Scale g: low nibbles in bytes 0–7 (g < 8 low,
// else high), top pairs in bytes 8–11 (bits 2·(g / 4) of byte g % 4).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ3_K {
  static constexpr DType kDType = DType::kQ3_K;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 110;
  static constexpr int kGroup = 16;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block + 108);
    const uint32_t low0 = LoadU32(block + 96);
    const uint32_t low1 = LoadU32(block + 100);
    const uint32_t top = LoadU32(block + 104);
    const uint32_t words[4] = {(low0 & 0x0F0F0F0F) | (top << 4 & 0x30303030),
                               (low1 & 0x0F0F0F0F) | (top << 2 & 0x30303030),
                               (low0 >> 4 & 0x0F0F0F0F) | (top & 0x30303030),
                               (low1 >> 4 & 0x0F0F0F0F) | (top >> 2 & 0x30303030)};
    uint8_t bytes[16];
    std::memcpy(bytes, words, sizeof(bytes));
    for (int i = 0; i < 16; ++i) scales[i] = d * static_cast<float>(bytes[i] - 32);
    for (int half = 0; half < 2; ++half) {
      const uint8_t* low = block + 32 + 32 * half;
      int8_t* out = codes + 128 * half;
      for (int i = 0; i < 32; ++i) {
        const int high = block[i] >> (4 * half);
        out[i] = static_cast<int8_t>(((low[i] & 3) | (high << 2 & 4)) - 4);
        out[32 + i] = static_cast<int8_t>(((low[i] >> 2 & 3) | (high << 1 & 4)) - 4);
        out[64 + i] = static_cast<int8_t>(((low[i] >> 4 & 3) | (high & 4)) - 4);
        out[96 + i] = static_cast<int8_t>(((low[i] >> 6) | (high >> 1 & 4)) - 4);
      }
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
