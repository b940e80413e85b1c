// What the simple quantisers (Q4_0 … Q8_0) share. They give the bytes that gguf's quantize gives
// for finite values whose scale has a float32 reciprocal; for others the codes are unspecified.
#pragma once

#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

// The value with the largest magnitude, the first of equals.
inline float LargestByMagnitude(const float* x, int n) {
  float largest = x[0];
  for (int i = 1; i < n; ++i) {
    if (__builtin_fabsf(x[i]) > __builtin_fabsf(largest)) largest = x[i];
  }
  return largest;
}

struct Range {
  float min;
  float max;
};

inline Range FindRange(const float* x, int n) {
  Range range{x[0], x[0]};
  for (int i = 1; i < n; ++i) {
    range.min = x[i] < range.min ? x[i] : range.min;
    range.max = x[i] > range.max ? x[i] : range.max;
  }
  return range;
}

inline float Reciprocal(float d) { return d == 0.0f ? 0.0f : 1.0f / d; }

// Towards zero, into [0, max]; NaN gives 0.
inline uint8_t TruncateToCode(float x, float max) {
  x = x > 0.0f ? x : 0.0f;
  return static_cast<uint8_t>(x < max ? x : max);
}

// Packs 32 codes of up to 5 bits: the low nibbles of codes i and 16 + i into byte i; returns
// their fifth bits, that of code i at bit i.
inline uint32_t PackNibbles(const uint8_t* codes, uint8_t* nibbles) {
  uint32_t high = 0;
  for (int i = 0; i < 16; ++i) {
    nibbles[i] = static_cast<uint8_t>((codes[i] & 15) | (codes[16 + i] & 15) << 4);
  }
  for (int i = 0; i < 32; ++i) high |= static_cast<uint32_t>(codes[i] >> 4) << i;
  return high;
}

}  // namespace frugal::FRUGAL_ISA_NS
