// 16-bit floats to and from float32, exact (to 16 bits: round to nearest even, as IEEE 754), and
// the unaligned little-endian loads that blocks need. Selects instead of branches, so that loops
// over these vectorise.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __F16C__
#include <immintrin.h>
#endif

namespace frugal::FRUGAL_ISA_NS {

inline uint16_t LoadU16(const uint8_t* p) {
  uint16_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

inline uint32_t LoadU32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

inline void StoreU16(uint16_t v, uint8_t* p) { std::memcpy(p, &v, sizeof(v)); }

inline float FloatFromBits(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof(f));
  return f;
}

inline uint32_t BitsFromFloat(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, sizeof(bits));
  return bits;
}

inline float HalfToFloat(uint16_t half) {
  constexpr uint32_t kRebias = (127 - 15) << 23;
  constexpr uint32_t kInf = 0x7C00 << 13;        // half infinity, in float position
  constexpr uint32_t kMinNormal = 0x0400 << 13;  // smallest normal half, likewise
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(half & 0x7FFF) << 13;
  const uint32_t normal = magnitude + kRebias;
  // A denormal's significand put under 2^-14, which is then taken away again: exact.
  const uint32_t denormal =
      BitsFromFloat(FloatFromBits(normal + (1u << 23)) - FloatFromBits(kRebias + (1u << 23)));
  uint32_t bits = magnitude < kMinNormal ? denormal : normal;
  bits = magnitude >= kInf ? normal + kRebias : bits;
  return FloatFromBits(bits | sign);
}

inline uint16_t FloatToHalf(float value) {
  constexpr uint32_t kInf = 0x7F800000;
  constexpr uint32_t kTooLarge = (127 + 16) << 23;   // 2^16; what rounds to it comes out by itself
  constexpr uint32_t kMinNormal = (127 - 14) << 23;  // 2^-14
  const uint32_t bits = BitsFromFloat(value);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  const uint32_t rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
  const uint32_t normal = (rounded - ((127 - 15) << 23)) >> 13;
  // 0.5 has the unit in the last place of a denormal half, so that the addition rounds there.
  const uint32_t denormal = BitsFromFloat(FloatFromBits(magnitude) + 0.5f) - BitsFromFloat(0.5f);
  const uint32_t special = magnitude > kInf ? 0x7E00 : 0x7C00;
  uint32_t half = magnitude < kMinNormal ? denormal : normal;
  half = magnitude >= kTooLarge ? special : half;
  return static_cast<uint16_t>(half | ((bits >> 16) & 0x8000));
}

inline float Bf16ToFloat(uint16_t bf16) { return FloatFromBits(static_cast<uint32_t>(bf16) << 16); }

inline uint16_t FloatToBf16(float value) {
  const uint32_t bits = BitsFromFloat(value);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40;
  return static_cast<uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet_nan : rounded);
}

// The scale of a block.
inline float LoadHalf(const uint8_t* p) {
#ifdef __F16C__
  return _cvtsh_ss(LoadU16(p));  // one by one, faster than the selects
#else
  return HalfToFloat(LoadU16(p));
#endif
}

inline void StoreHalf(float value, uint8_t* p) { StoreU16(FloatToHalf(value), p); }

}  // namespace frugal::FRUGAL_ISA_NS
