// FP8 (E4M3, no infinities) under float32 scales: the packed form of every FP8 checkpoint,
// whatever its scales are shared by (a block, a row, the tensor).  Bytes: scale (4), codes (128 or
// 32). Not a quantised format in codec.h's sense: the codes are floats, which bfloat16 holds
// exactly, so that activations are rounded to bfloat16 and no further.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

inline float E4m3ToFloat(uint8_t code) {
  constexpr uint32_t kRebias = (127 - 7) << 23;
  const uint32_t magnitude = static_cast<uint32_t>(code & 0x7F) << 20;
  // A denormal's significand put under 2^-6, which is then taken away again: exact.
  const uint32_t denormal = BitsFromFloat(FloatFromBits(magnitude + kRebias + (1u << 23)) -
                                          FloatFromBits(kRebias + (1u << 23)));
  uint32_t bits = (code & 0x78) == 0 ? denormal : magnitude + kRebias;
  bits = (code & 0x7F) == 0x7F ? 0x7FC00000 : bits;
  return FloatFromBits(bits | static_cast<uint32_t>(code & 0x80) << 24);
}

template <DType kType, int kSize>
struct CodecF8 {
  static constexpr DType kDType = kType;
  static constexpr int kBlock = kSize;
  static constexpr int kBytes = 4 + kSize;

  static void Decode(const uint8_t* block, float* values) {
    const float scale = FloatFromBits(LoadU32(block));
    for (int i = 0; i < kSize; ++i) values[i] = scale * E4m3ToFloat(block[4 + i]);
  }
};

using CodecF8_G128 = CodecF8<DType::kF8_G128, 128>;
using CodecF8_G32 = CodecF8<DType::kF8_G32, 32>;

}  // namespace frugal::FRUGAL_ISA_NS
