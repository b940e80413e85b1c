// TQ1_0: 256 × {−1, 0, 1}, five to a byte, under one half scale.  Bytes: 48 of five, 4 of four,
// d (2). A byte holds a base-3 fraction of 256, first digit first: the digit n is the integer part
// of 3 × (byte · 3ⁿ mod 256) / 256. Element 32·n + i of the first 160 is digit n of byte i,
// 16·n + i of the next 80 is digit n of byte 32 + i, 4·n + i of the last 16 of byte 48 + i.
#pragma once

#include "base/dtype.h"
#include "kernels/codec/half.h"
#include "kernels/codec/nibbles.h"

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
    Unpack16(block, 5, 32, codes);
    Unpack16(block + 16, 5, 32, codes + 16);
    Unpack16(block + 32, 5, 16, codes + 160);
    // The last four bytes, as a vector that is only partly used.
    uint8_t tail[16] = {};
    std::memcpy(tail, block + 48, 4);
    int8_t digits[64];
    Unpack16(tail, 4, 16, digits);
    for (int n = 0; n < 4; ++n) std::memcpy(codes + 240 + 4 * n, digits + 16 * n, 4);
  }

 private:
  // Digit n of byte i, less one, to out[stride · n + i].
  static void Unpack16(const uint8_t* bytes, int digits, int stride, int8_t* out) {
    Bytes16 fraction = LoadBytes16(bytes);
    for (int n = 0; n < digits; ++n, fraction *= 3) {
      // A comparison gives −1 where it holds: the digit is 0, 1 or 2 below 256/3, 512/3 and 256.
      const auto at_least_1 = fraction >= 86;
      const auto at_least_2 = fraction >= 171;
      StoreBytes16(reinterpret_cast<Bytes16>(-1 - at_least_1 - at_least_2), out + stride * n);
    }
  }
};

}  // namespace frugal::FRUGAL_ISA_NS
