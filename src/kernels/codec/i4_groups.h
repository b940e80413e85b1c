// 4-bit integers in groups: the packed forms of compressed-tensors, AWQ and GPTQ checkpoints. A
// value is scale·(nibble − zero); the zero is subtracted from the code, so nothing is rounded but
// that product. Nibbles stand as in Q4_0, 16 bytes for every 32 elements.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"

namespace frugal::FRUGAL_ISA_NS {

// Bytes: zero (1, 0 to 15), scale (4, float32), nibbles (64 or 16).
template <DType kType, int kSize>
struct CodecI4 {
  static constexpr DType kDType = kType;
  static constexpr int kBlock = kSize;
  static constexpr int kBytes = 5 + kSize / 2;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float scale = FloatFromBits(LoadU32(block + 1));
    for (int g = 0; g < kSize / 32; ++g) {
      scales[g] = scale;
      UnpackNibbles(block + 5 + 16 * g, /*offset=*/block[0] & 15, codes + 32 * g);
    }
  }
};

using CodecI4_G128 = CodecI4<DType::kI4_G128, 128>;
using CodecI4_G32 = CodecI4<DType::kI4_G32, 32>;

// Zero is 8 and the scale bfloat16, as Kimi K2's experts have it: Q4_0 but for the scale's type.
// Bytes: scale (2), nibbles (16).
struct CodecI4_BF16 {
  static constexpr DType kDType = DType::kI4_BF16;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 18;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = Bf16ToFloat(LoadU16(block));
    UnpackNibbles(block + 2, /*offset=*/8, codes);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
