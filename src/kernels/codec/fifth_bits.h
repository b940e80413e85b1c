// Q5_0 and Q5_1 keep 32 × 5 bits as 32 fifth bits (4 bytes, element i at bit i) and 16 bytes of
// nibbles (element i in the low nibble of byte i, element 16 + i in the high one).
#pragma once

#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

// codes[32] = the 5-bit values − offset.
inline void UnpackFiveBits(const uint8_t* __restrict packed, int offset, int8_t* __restrict codes) {
  const uint8_t* nibbles = packed + 4;
  // The fifth bits, each spread to a byte: eight bytes repeat the byte that holds them, and each
  // picks its own.
  uint8_t high[32];
  for (int i = 0; i < 4; ++i) {
    const uint64_t picked = packed[i] * 0x0101010101010101u & 0x8040201008040201u;
    // 0x7F more carries any single bit up to bit 7.
    const uint64_t bits = (picked + 0x7F7F7F7F7F7F7F7Fu) >> 3 & 0x1010101010101010u;
    std::memcpy(high + 8 * i, &bits, sizeof(bits));
  }
  for (int i = 0; i < 16; ++i) {
    codes[i] = static_cast<int8_t>(((nibbles[i] & 15) | high[i]) - offset);
    codes[16 + i] = static_cast<int8_t>(((nibbles[i] >> 4) | high[16 + i]) - offset);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
