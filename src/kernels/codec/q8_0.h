// Q8_0: 32 × int8 under one half scale.  Bytes: d (2), codes (32).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecQ8_0 {
  static constexpr DType kDType = DType::kQ8_0;
  static constexpr int kBlock = 32;
  static constexpr int kBytes = 34;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    scales[0] = LoadHalf(block);
    std::memcpy(codes, block + 2, kBlock);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
