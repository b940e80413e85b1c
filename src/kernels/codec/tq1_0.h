// TQ1_0: 256 × {−1, 0, 1}, five to a byte, under one half scale.  Bytes: 48 of five, 4 of four,
// d (2). A byte holds a base-3 fraction of 256, first digit first: the digit n is the integer part
// of 3 × (byte · 3ⁿ mod 256) / 256. Element 32·n + i of the first 160 is digit n of byte i,
// 16·n + i of the next 80 is digit n of byte 32 + i, 4·n + i of the last 16 of byte 48 + i.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct CodecTQ1_0 {
  static constexpr DType kDType = DType::kTQ1_0;
  static constexpr int kBlock = 256;
  static constexpr int kBytes = 54;
  static constexpr int kGroup = 32;
  static constexpr bool kHasMin = false;

  static void Unpack(const uint8_t* __restrict block, int8_t* __restrict codes,
                     float* __restrict scales, float* __restrict) {
    const float d = LoadHalf(block + 52);
    for (int i = 0; i < kBlock / kGroup; ++i) scales[i] = d;
    int power = 1;
    for (int n = 0; n < 5; ++n, power *= 3) {
      for (int i = 0; i < 32; ++i) codes[32 * n + i] = Digit(block[i], power);
      for (int i = 0; i < 16; ++i) codes[160 + 16 * n + i] = Digit(block[32 + i], power);
    }
    power = 1;
    for (int n = 0; n < 4; ++n, power *= 3) {
      for (int i = 0; i < 4; ++i) codes[240 + 4 * n + i] = Digit(block[48 + i], power);
    }
  }

 private:
  static int8_t Digit(uint8_t byte, int power) {
    return static_cast<int8_t>((byte * power & 255) * 3 / 256 - 1);
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
