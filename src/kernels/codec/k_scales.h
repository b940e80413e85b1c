// The eight 6-bit scales and eight 6-bit minima that Q4_K and Q5_K keep in 12 bytes:
//   byte      0–3        4–7        8–11
//          hi4 | s0–3   hi4 | m0–3   m4–7 low nibble << 4 | s4–7 low nibble
// where the two top bits (hi4) of bytes 0–3 and 4–7 are the top bits of s4–7 and m4–7.
#pragma once

#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

// scales[8] = d·s, biases[8] = −dmin·m.
inline void UnpackKScales(const uint8_t* __restrict packed, float d, float dmin,
                          float* __restrict scales, float* __restrict biases) {
  const uint32_t s = LoadU32(packed);
  const uint32_t m = LoadU32(packed + 4);
  const uint32_t low = LoadU32(packed + 8);
  const uint32_t words[4] = {s & 0x3F3F3F3F, (low & 0x0F0F0F0F) | ((s >> 2) & 0x30303030),
                             m & 0x3F3F3F3F, ((low >> 4) & 0x0F0F0F0F) | ((m >> 2) & 0x30303030)};
  uint8_t bytes[16];
  std::memcpy(bytes, words, sizeof(bytes));
  for (int i = 0; i < 8; ++i) {
    scales[i] = d * static_cast<float>(bytes[i]);
    biases[i] = -(dmin * static_cast<float>(bytes[8 + i]));
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
