// Q8_0: 32 × int8 under one half scale.  Bytes: d (2), codes (32).
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/quantize.h"

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

  static void Encode(const float* x, uint8_t* block) {
    const float d = __builtin_fabsf(LargestByMagnitude(x, kBlock)) / 127.0f;
    const float inverse = Reciprocal(d);
    StoreHalf(d, block);
    for (int i = 0; i < kBlock; ++i) {
      // Half away from zero. A fraction is exact, so that 0.49999997 stays below the half.
      const float scaled = x[i] * inverse;
      const float magnitude = __builtin_fabsf(scaled) < 127.0f ? __builtin_fabsf(scaled) : 127.0f;
      const int whole = static_cast<int>(magnitude);
      const int rounded = whole + (magnitude - static_cast<float>(whole) >= 0.5f ? 1 : 0);
      block[2 + i] = static_cast<uint8_t>(scaled < 0.0f ? -rounded : rounded);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
