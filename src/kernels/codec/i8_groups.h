// Signed 8-bit integers in groups under float32 scales: the packed form of symmetric 8-bit
// compressed-tensors and GPTQ checkpoints.  Bytes: scale (4), codes (128 or 32).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

template <DType kType, int kSize>
struct CodecI8 {
  static constexpr DType kDType = kType;
  static constexpr int kBlock = kSize;
  static constexpr int kBytes = 4 + kSize;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    for (int g = 0; g < kSize / 32; ++g) scales[g] = FloatFromBits(LoadU32(block));
    std::memcpy(codes, block + 4, kSize);
  }
};

using CodecI8_G128 = CodecI8<DType::kI8_G128, 128>;
using CodecI8_G32 = CodecI8<DType::kI8_G32, 32>;

}  // namespace frugal::FRUGAL_ISA_NS
