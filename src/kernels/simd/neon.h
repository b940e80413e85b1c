// simd.h's vocabulary on NEON, with or without the 8-bit and bfloat16 dot products: 16 lanes are
// four registers.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace frugal::FRUGAL_ISA_NS {

struct F32 {
  float32x4_t v[4];
};
struct I32 {
  int32x4_t v[4];
};

// Of 32 registers a row takes four, the weights four.
constexpr int kFloatRows = 5;
constexpr int kFloatPanels = 1;
constexpr int kDotRows = 4;
constexpr int kDotPanels = 1;
constexpr int kFewRows = 2;
constexpr int kAttentionRows = 3;
constexpr int kAttentionVectors = 2;
constexpr int kDotOffset = 0;

inline F32 Set(float x) {
  const float32x4_t v = vdupq_n_f32(x);
  return {{v, v, v, v}};
}
inline F32 Zero() { return Set(0.0f); }
inline F32 Load(const float* p) {
  return {{vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}};
}
inline F32 LoadN(const float* p, int64_t n) {
  float some[16] = {};
  __builtin_memcpy(some, p, static_cast<size_t>(4 * n));
  return Load(some);
}
inline void Store(float* p, F32 a) {
  for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, a.v[i]);
}
inline void StoreN(float* p, F32 a, int64_t n) {
  float some[16];
  Store(some, a);
  __builtin_memcpy(p, some, static_cast<size_t>(4 * n));
}

// f(quarter) of the four quarters.
template <typename F>
inline F32 Quarters(const F& f) {
  return {{f(0), f(1), f(2), f(3)}};
}
template <typename F>
inline I32 QuartersI(const F& f) {
  return {{f(0), f(1), f(2), f(3)}};
}

inline F32 Add(F32 a, F32 b) {
  return Quarters([&](int i) { return vaddq_f32(a.v[i], b.v[i]); });
}
inline F32 Sub(F32 a, F32 b) {
  return Quarters([&](int i) { return vsubq_f32(a.v[i], b.v[i]); });
}
inline F32 Mul(F32 a, F32 b) {
  return Quarters([&](int i) { return vmulq_f32(a.v[i], b.v[i]); });
}
inline F32 Div(F32 a, F32 b) {
  return Quarters([&](int i) { return vdivq_f32(a.v[i], b.v[i]); });
}
// vmaxq_f32 would give a NaN when only one is.
inline F32 Max(F32 a, F32 b) {
  return Quarters([&](int i) { return vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); });
}
inline F32 Min(F32 a, F32 b) {
  return Quarters([&](int i) { return vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); });
}
inline F32 Fma(F32 a, F32 b, F32 c) {
  return Quarters([&](int i) { return vfmaq_f32(c.v[i], a.v[i], b.v[i]); });
}

// Halves are added, as every set does.
inline float Sum(F32 a) {
  const float32x4_t s4 = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t s2 = vadd_f32(vget_low_f32(s4), vget_high_f32(s4));
  return vget_lane_f32(s2, 0) + vget_lane_f32(s2, 1);
}
inline float MaxLane(F32 a) {
  return vmaxnmvq_f32(vmaxnmq_f32(vmaxnmq_f32(a.v[0], a.v[1]), vmaxnmq_f32(a.v[2], a.v[3])));
}

inline I32 SetI(int32_t x) {
  const int32x4_t v = vdupq_n_s32(x);
  return {{v, v, v, v}};
}
inline I32 LoadI(const void* p) {
  const auto* q = static_cast<const uint8_t*>(p);
  return QuartersI([&](int i) { return vreinterpretq_s32_u8(vld1q_u8(q + 16 * i)); });
}
inline I32 Widen16(uint16x8_t low, uint16x8_t high) {
  return {{vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low))),
           vreinterpretq_s32_u32(vmovl_high_u16(low)),
           vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high))),
           vreinterpretq_s32_u32(vmovl_high_u16(high))}};
}
inline I32 Hold(I32 a) { return a; }
inline I32 LoadU8(const void* p) {
  const uint8x16_t bytes = vld1q_u8(static_cast<const uint8_t*>(p));
  return Widen16(vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes));
}
inline void StoreI(void* p, I32 a) {
  auto* q = static_cast<uint8_t*>(p);
  for (int i = 0; i < 4; ++i) vst1q_u8(q + 16 * i, vreinterpretq_u8_s32(a.v[i]));
}
inline I32 AddI(I32 a, I32 b) {
  return QuartersI([&](int i) { return vaddq_s32(a.v[i], b.v[i]); });
}
inline I32 SubI(I32 a, I32 b) {
  return QuartersI([&](int i) { return vsubq_s32(a.v[i], b.v[i]); });
}
inline I32 AndI(I32 a, I32 b) {
  return QuartersI([&](int i) { return vandq_s32(a.v[i], b.v[i]); });
}
inline I32 OrI(I32 a, I32 b) {
  return QuartersI([&](int i) { return vorrq_s32(a.v[i], b.v[i]); });
}
inline I32 XorI(I32 a, I32 b) {
  return QuartersI([&](int i) { return veorq_s32(a.v[i], b.v[i]); });
}
inline I32 MaxI(I32 a, I32 b) {
  return QuartersI([&](int i) { return vmaxq_s32(a.v[i], b.v[i]); });
}
template <int kBits>
inline I32 ShlI(I32 a) {
  return QuartersI([&](int i) { return vshlq_n_s32(a.v[i], kBits); });
}
template <int kBits>
inline I32 ShrI(I32 a) {
  if constexpr (kBits == 0) {
    return a;  // no immediate says this
  } else {
    return QuartersI([&](int i) {
      return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a.v[i]), kBits));
    });
  }
}
template <int kBits>
inline I32 SarI(I32 a) {
  return QuartersI([&](int i) { return vshrq_n_s32(a.v[i], kBits); });
}
// Lane j of row i becomes lane i of row j.
inline void Transpose16(I32 (&r)[16]) {
  int32x4_t out[16][4];
  for (int i = 0; i < 16; i += 4) {
    for (int q = 0; q < 4; ++q) {
      // Rows i to i + 3, columns 4·q to 4·q + 3.
      const int64x2_t a = vreinterpretq_s64_s32(vtrn1q_s32(r[i].v[q], r[i + 1].v[q]));
      const int64x2_t b = vreinterpretq_s64_s32(vtrn2q_s32(r[i].v[q], r[i + 1].v[q]));
      const int64x2_t c = vreinterpretq_s64_s32(vtrn1q_s32(r[i + 2].v[q], r[i + 3].v[q]));
      const int64x2_t d = vreinterpretq_s64_s32(vtrn2q_s32(r[i + 2].v[q], r[i + 3].v[q]));
      out[4 * q][i / 4] = vreinterpretq_s32_s64(vtrn1q_s64(a, c));
      out[4 * q + 1][i / 4] = vreinterpretq_s32_s64(vtrn1q_s64(b, d));
      out[4 * q + 2][i / 4] = vreinterpretq_s32_s64(vtrn2q_s64(a, c));
      out[4 * q + 3][i / 4] = vreinterpretq_s32_s64(vtrn2q_s64(b, d));
    }
  }
  for (int i = 0; i < 16; ++i) {
    for (int q = 0; q < 4; ++q) r[i].v[q] = out[i][q];
  }
}
inline int32_t SumI(I32 a) {
  return vaddvq_s32(vaddq_s32(vaddq_s32(a.v[0], a.v[1]), vaddq_s32(a.v[2], a.v[3])));
}
inline int32_t MaxLaneI(I32 a) {
  return vmaxvq_s32(vmaxq_s32(vmaxq_s32(a.v[0], a.v[1]), vmaxq_s32(a.v[2], a.v[3])));
}
inline F32 ToF32(I32 a) {
  return Quarters([&](int i) { return vcvtq_f32_s32(a.v[i]); });
}
inline I32 Bits(F32 a) {
  return QuartersI([&](int i) { return vreinterpretq_s32_f32(a.v[i]); });
}
inline F32 FromBits(I32 a) {
  return Quarters([&](int i) { return vreinterpretq_f32_s32(a.v[i]); });
}

// The low 16 bits of two quarters' lanes, in order.
inline uint16x8_t Narrow16(int32x4_t low, int32x4_t high) {
  return vuzp1q_u16(vreinterpretq_u16_s32(low), vreinterpretq_u16_s32(high));
}
inline void StoreS8(int8_t* p, I32 a) {
  vst1q_u8(reinterpret_cast<uint8_t*>(p),
           vuzp1q_u8(vreinterpretq_u8_u16(Narrow16(a.v[0], a.v[1])),
                     vreinterpretq_u8_u16(Narrow16(a.v[2], a.v[3]))));
}

inline F32 F16ToF32(uint16x8_t low, uint16x8_t high) {
  return {{vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(low))),
           vcvt_f32_f16(vreinterpret_f16_u16(vget_high_u16(low))),
           vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(high))),
           vcvt_f32_f16(vreinterpret_f16_u16(vget_high_u16(high)))}};
}
inline F32 F16Low(I32 a) { return F16ToF32(Narrow16(a.v[0], a.v[1]), Narrow16(a.v[2], a.v[3])); }
inline F32 F16High(I32 a) { return F16Low(ShrI<16>(a)); }
inline uint16x8_t Load16(const void* p, int at) {
  return vreinterpretq_u16_u8(vld1q_u8(static_cast<const uint8_t*>(p) + 2 * at));
}
inline F32 LoadF16(const void* p) { return F16ToF32(Load16(p, 0), Load16(p, 8)); }
inline F32 LoadBf16(const void* p) {
  return FromBits(ShlI<16>(Widen16(Load16(p, 0), Load16(p, 8))));
}
inline F32 LoadBf16N(const void* p, int64_t n) {
  uint16_t words[16] = {};
  __builtin_memcpy(words, p, static_cast<size_t>(2 * n));
  return LoadBf16(words);
}
// Round to nearest even; NaN stays NaN.
inline void StoreBf16(void* p, F32 a) {
  const I32 bits = Bits(a);
  const I32 odd = AndI(ShrI<16>(bits), SetI(1));
  const I32 rounded = AddI(bits, AddI(odd, SetI(0x7fff)));
  const I32 quiet = OrI(bits, SetI(0x400000));
  const I32 chosen = QuartersI(
      [&](int i) { return vbslq_s32(vceqq_f32(a.v[i], a.v[i]), rounded.v[i], quiet.v[i]); });
  const I32 words = ShrI<16>(chosen);
  auto* q = static_cast<uint8_t*>(p);
  vst1q_u8(q, vreinterpretq_u8_u16(Narrow16(words.v[0], words.v[1])));
  vst1q_u8(q + 16, vreinterpretq_u8_u16(Narrow16(words.v[2], words.v[3])));
}
inline void StoreBf16N(void* p, F32 a, int64_t n) {
  uint16_t words[16];
  StoreBf16(words, a);
  __builtin_memcpy(p, words, static_cast<size_t>(2 * n));
}

inline int32x4_t DotQuarter(int32x4_t acc, int32x4_t w, int32x4_t x) {
  const int8x16_t a = vreinterpretq_s8_s32(w);
  const int8x16_t b = vreinterpretq_s8_s32(x);
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(acc, a, b);
#else
  // A pair's sum is at most 2·128·127 in size and fits.
  const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
  const int16x8_t high = vmull_high_s8(a, b);
  return vpadalq_s16(acc, vpaddq_s16(low, high));
#endif
}
inline I32 Dot(I32 acc, I32 w, I32 x) {
  return QuartersI([&](int i) { return DotQuarter(acc.v[i], w.v[i], x.v[i]); });
}
inline I32 DotU(I32 acc, I32 w, I32 x) { return Dot(acc, w, x); }
inline I32 DotPairs(I32 acc, I32 w, I32 x) {
  return QuartersI([&](int i) {
    const int16x8_t a = vreinterpretq_s16_s32(w.v[i]);
    const int16x8_t b = vreinterpretq_s16_s32(x.v[i]);
    return vaddq_s32(acc.v[i],
                     vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b)));
  });
}
inline I32 LookUp(I32 table, I32 index) {
  const uint8x16_t from = vreinterpretq_u8_s32(table.v[0]);
  return QuartersI([&](int i) {
    return vreinterpretq_s32_u8(vqtbl1q_u8(from, vreinterpretq_u8_s32(index.v[i])));
  });
}

#if FRUGAL_HAS_TILE_DOT
// Rows 2·i and 2·i + 1 of a panel, eight columns of each.
struct TileCodes {
  int8x16_t v[8];
};
// With these rows, and two rows of activations: (2·i, first), (2·i, second), (2·i + 1, first), …
struct TileSums {
  int32x4_t v[8];
};
inline TileSums ZeroTile() {
  const int32x4_t v = vdupq_n_s32(0);
  return {{v, v, v, v, v, v, v, v}};
}
inline TileCodes LoadTile(const uint8_t* p) {
  const I32 a = LoadI(p);
  const I32 b = LoadI(p + 64);
  TileCodes codes;
  for (int q = 0; q < 4; ++q) {
    codes.v[2 * q] = vreinterpretq_s8_s32(vzip1q_s32(a.v[q], b.v[q]));
    codes.v[2 * q + 1] = vreinterpretq_s8_s32(vzip2q_s32(a.v[q], b.v[q]));
  }
  return codes;
}
inline TileSums TileDot(TileSums acc, TileCodes w, const int8_t* first, const int8_t* second) {
  const int8x16_t x = vcombine_s8(vld1_s8(first), vld1_s8(second));
  for (int i = 0; i < 8; ++i) acc.v[i] = vmmlaq_s32(acc.v[i], w.v[i], x);
  return acc;
}
inline I32 FirstRow(TileSums a) {
  return QuartersI([&](int i) { return vuzp1q_s32(a.v[2 * i], a.v[2 * i + 1]); });
}
inline I32 SecondRow(TileSums a) {
  return QuartersI([&](int i) { return vuzp2q_s32(a.v[2 * i], a.v[2 * i + 1]); });
}
#endif

#if FRUGAL_HAS_BF16_DOT
inline F32 DotBf16(F32 acc, I32 w, const uint8_t* x) {
  int32_t x2;
  __builtin_memcpy(&x2, x, 4);
  const bfloat16x8_t b = vreinterpretq_bf16_s32(vdupq_n_s32(x2));
  return Quarters([&](int i) { return vbfdotq_f32(acc.v[i], vreinterpretq_bf16_s32(w.v[i]), b); });
}
#endif

}  // namespace frugal::FRUGAL_ISA_NS
