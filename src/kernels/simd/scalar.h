// simd.h's vocabulary in plain C++: every machine has it, and it gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

struct F32 {
  float v[16];
};
struct I32 {
  int32_t v[16];
};

constexpr int kFloatRows = 1;
constexpr int kFloatPanels = 1;
constexpr int kDotRows = 1;
constexpr int kDotPanels = 1;
constexpr int kFewRows = 0;
constexpr int kAttentionRows = 1;
constexpr int kAttentionVectors = 1;
constexpr int kDotOffset = 0;

// a·b + c rounded once. Where the machine has no such instruction: a double holds a·b exactly,
// and rounding the sum to odd keeps the second rounding, to float, right.
inline float FmaLane(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
  return __builtin_fmaf(a, b, c);
#else
  const double p = static_cast<double>(a) * static_cast<double>(b);
  const double d = c;
  const double s = p + d;
  const double t = s - p;
  const double rest = (p - (s - t)) + (d - t);  // exactly p + d − s
  const uint64_t bits = __builtin_bit_cast(uint64_t, s);
  // Moving an even last bit towards the rest: one step out or in, by the signs.
  const uint64_t inexact = static_cast<uint64_t>(rest < 0.0) | static_cast<uint64_t>(rest > 0.0);
  const uint64_t inwards = static_cast<uint64_t>(rest < 0.0) ^ (bits >> 63);
  const uint64_t step = inexact & ~bits & 1u;
  return static_cast<float>(__builtin_bit_cast(double, bits + step - 2 * (step & inwards)));
#endif
}

template <typename Op>
inline F32 Map(F32 a, F32 b, Op op) {
  F32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = op(a.v[i], b.v[i]);
  return r;
}
template <typename Op>
inline I32 MapI(I32 a, I32 b, Op op) {
  I32 r;
  for (int i = 0; i < 16; ++i) {
    r.v[i] = static_cast<int32_t>(op(static_cast<uint32_t>(a.v[i]), static_cast<uint32_t>(b.v[i])));
  }
  return r;
}

inline F32 Zero() { return F32{}; }
inline F32 Set(float x) {
  F32 r;
  for (float& v : r.v) v = x;
  return r;
}
inline F32 Load(const void* p) {
  F32 r;
  __builtin_memcpy(r.v, p, sizeof(r.v));
  return r;
}
inline F32 LoadN(const float* p, int64_t n) {
  F32 r{};
  __builtin_memcpy(r.v, p, static_cast<size_t>(4 * n));
  return r;
}
inline void Store(float* p, F32 a) { __builtin_memcpy(p, a.v, sizeof(a.v)); }
inline void StoreN(float* p, F32 a, int64_t n) {
  __builtin_memcpy(p, a.v, static_cast<size_t>(4 * n));
}

inline F32 Add(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x + y; });
}
inline F32 Sub(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x - y; });
}
inline F32 Mul(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x * y; });
}
inline F32 Div(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x / y; });
}
inline F32 Max(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x > y ? x : y; });
}
inline F32 Min(F32 a, F32 b) {
  return Map(a, b, [](float x, float y) { return x < y ? x : y; });
}
inline F32 Fma(F32 a, F32 b, F32 c) {
  F32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = FmaLane(a.v[i], b.v[i], c.v[i]);
  return r;
}

inline float Sum(F32 a) {
  for (int n = 8; n >= 1; n /= 2) {
    for (int i = 0; i < n; ++i) a.v[i] += a.v[i + n];
  }
  return a.v[0];
}
inline float MaxLane(F32 a) {
  float m = a.v[0];
  for (float x : a.v) m = x > m ? x : m;
  return m;
}

inline I32 SetI(int32_t x) {
  I32 r;
  for (int32_t& v : r.v) v = x;
  return r;
}
inline I32 LoadI(const void* p) {
  I32 r;
  __builtin_memcpy(r.v, p, sizeof(r.v));
  return r;
}
inline I32 Hold(I32 a) { return a; }
inline I32 LoadU8(const void* p) {
  I32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = static_cast<const uint8_t*>(p)[i];
  return r;
}
inline void StoreI(void* p, I32 a) { __builtin_memcpy(p, a.v, sizeof(a.v)); }
inline I32 AddI(I32 a, I32 b) {
  return MapI(a, b, [](uint32_t x, uint32_t y) { return x + y; });
}
inline I32 SubI(I32 a, I32 b) {
  return MapI(a, b, [](uint32_t x, uint32_t y) { return x - y; });
}
inline I32 AndI(I32 a, I32 b) {
  return MapI(a, b, [](uint32_t x, uint32_t y) { return x & y; });
}
inline I32 OrI(I32 a, I32 b) {
  return MapI(a, b, [](uint32_t x, uint32_t y) { return x | y; });
}
inline I32 XorI(I32 a, I32 b) {
  return MapI(a, b, [](uint32_t x, uint32_t y) { return x ^ y; });
}
inline I32 MaxI(I32 a, I32 b) {
  for (int i = 0; i < 16; ++i) a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
  return a;
}
template <int kBits>
inline I32 ShlI(I32 a) {
  for (int32_t& v : a.v) v = static_cast<int32_t>(static_cast<uint32_t>(v) << kBits);
  return a;
}
template <int kBits>
inline I32 ShrI(I32 a) {
  for (int32_t& v : a.v) v = static_cast<int32_t>(static_cast<uint32_t>(v) >> kBits);
  return a;
}
template <int kBits>
inline I32 SarI(I32 a) {
  for (int32_t& v : a.v) v >>= kBits;
  return a;
}
// Lane j of row i becomes lane i of row j.
inline void Transpose16(I32 (&r)[16]) {
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < i; ++j) {
      const int32_t t = r[i].v[j];
      r[i].v[j] = r[j].v[i];
      r[j].v[i] = t;
    }
  }
}
inline int32_t SumI(I32 a) {
  uint32_t sum = 0;
  for (int32_t x : a.v) sum += static_cast<uint32_t>(x);
  return static_cast<int32_t>(sum);
}
inline int32_t MaxLaneI(I32 a) {
  int32_t m = a.v[0];
  for (int32_t x : a.v) m = x > m ? x : m;
  return m;
}
inline F32 ToF32(I32 a) {
  F32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = static_cast<float>(a.v[i]);
  return r;
}
inline I32 Bits(F32 a) { return __builtin_bit_cast(I32, a); }
inline F32 FromBits(I32 a) { return __builtin_bit_cast(F32, a); }
inline void StoreS8(int8_t* p, I32 a) {
  for (int i = 0; i < 16; ++i) p[i] = static_cast<int8_t>(a.v[i]);
}

inline F32 F16Low(I32 a) {
  F32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = HalfToFloat(static_cast<uint16_t>(a.v[i]));
  return r;
}
inline F32 F16High(I32 a) { return F16Low(ShrI<16>(a)); }
inline I32 Load16(const void* p, int64_t n) {
  uint16_t words[16] = {};
  __builtin_memcpy(words, p, static_cast<size_t>(2 * n));
  I32 r;
  for (int i = 0; i < 16; ++i) r.v[i] = words[i];
  return r;
}
inline F32 LoadF16(const void* p) { return F16Low(Load16(p, 16)); }
inline F32 LoadBf16(const void* p) { return FromBits(ShlI<16>(Load16(p, 16))); }
inline F32 LoadBf16N(const void* p, int64_t n) { return FromBits(ShlI<16>(Load16(p, n))); }
inline void StoreBf16N(void* p, F32 a, int64_t n) {
  uint16_t words[16];
  for (int i = 0; i < 16; ++i) words[i] = FloatToBf16(a.v[i]);
  __builtin_memcpy(p, words, static_cast<size_t>(2 * n));
}
inline void StoreBf16(void* p, F32 a) { StoreBf16N(p, a, 16); }

inline I32 Dot(I32 acc, I32 w, I32 x) {
  const auto* codes = reinterpret_cast<const int8_t*>(w.v);
  const auto* with = reinterpret_cast<const int8_t*>(x.v);
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 4; ++j) acc.v[i] += codes[4 * i + j] * with[4 * i + j];
  }
  return acc;
}
inline I32 DotU(I32 acc, I32 w, I32 x) { return Dot(acc, w, x); }
inline I32 DotPairs(I32 acc, I32 w, I32 x) {
  for (int i = 0; i < 16; ++i) {
    const int32_t low = static_cast<int16_t>(w.v[i]) * static_cast<int16_t>(x.v[i]);
    acc.v[i] += low + (w.v[i] >> 16) * (x.v[i] >> 16);
  }
  return acc;
}
inline I32 LookUp(I32 table, I32 index) {
  I32 r;
  const auto* from = reinterpret_cast<const uint8_t*>(table.v);
  const auto* at = reinterpret_cast<const uint8_t*>(index.v);
  auto* to = reinterpret_cast<uint8_t*>(r.v);
  for (int i = 0; i < 64; ++i) to[i] = from[at[i]];
  return r;
}

}  // namespace frugal::FRUGAL_ISA_NS
