// simd.h's vocabulary on AVX-512 F, BW, DQ, VL and VNNI, with or without BF16.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace frugal::FRUGAL_ISA_NS {

struct F32 {
  __m512 v;
};
struct I32 {
  __m512i v;
};

constexpr int kFloatRows = 6;
constexpr int kFloatPanels = 2;
constexpr int kDotRows = 6;
constexpr int kDotPanels = 2;
constexpr int kFewRows = 2;
constexpr int kAttentionRows = 6;
constexpr int kAttentionVectors = 4;
constexpr int kDotOffset = 128;

inline __mmask16 FirstLanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

inline F32 Zero() { return {_mm512_setzero_ps()}; }
inline F32 Set(float x) { return {_mm512_set1_ps(x)}; }
inline F32 Load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline F32 LoadN(const float* p, int64_t n) { return {_mm512_maskz_loadu_ps(FirstLanes(n), p)}; }
inline void Store(float* p, F32 a) { _mm512_storeu_ps(p, a.v); }
inline void StoreN(float* p, F32 a, int64_t n) { _mm512_mask_storeu_ps(p, FirstLanes(n), a.v); }

inline F32 Add(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
inline F32 Sub(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline F32 Mul(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline F32 Div(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
inline F32 Max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
inline F32 Min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
inline F32 Fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }

inline float Sum(F32 a) {
  const __m256 s8 = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
  const __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
  return _mm_cvtss_f32(_mm_add_ss(s2, _mm_movehdup_ps(s2)));
}
inline float MaxLane(F32 a) { return _mm512_reduce_max_ps(a.v); }

inline F32 LoadF16(const void* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)))};
}
inline F32 Bf16ToF32(__m256i h) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16))};
}
inline F32 LoadBf16(const void* p) {
  return Bf16ToF32(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
}
inline F32 LoadBf16N(const void* p, int64_t n) {
  return Bf16ToF32(_mm256_maskz_loadu_epi16(FirstLanes(n), p));
}
// Round to nearest even by integers: VCVTNEPS2BF16 would flush denormals.
inline __m256i F32ToBf16(F32 a) {
  const __m512i bits = _mm512_castps_si512(a.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
  const __mmask16 nan = _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_blend_epi32(nan, rounded, quiet), 16));
}
inline void StoreBf16(void* p, F32 a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), F32ToBf16(a));
}
inline void StoreBf16N(void* p, F32 a, int64_t n) {
  _mm256_mask_storeu_epi16(p, FirstLanes(n), F32ToBf16(a));
}

inline I32 SetI(int32_t x) { return {_mm512_set1_epi32(x)}; }
inline I32 LoadI(const void* p) { return {_mm512_loadu_si512(p)}; }
// a, in a register: the compiler would load it again for every use.
inline I32 Hold(I32 a) {
  asm("" : "+v"(a.v));
  return a;
}
inline I32 LoadU8(const void* p) {
  return {_mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)))};
}
inline void StoreI(void* p, I32 a) { _mm512_storeu_si512(p, a.v); }
inline I32 AddI(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline I32 SubI(I32 a, I32 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline I32 AndI(I32 a, I32 b) { return {_mm512_and_si512(a.v, b.v)}; }
inline I32 OrI(I32 a, I32 b) { return {_mm512_or_si512(a.v, b.v)}; }
inline I32 XorI(I32 a, I32 b) { return {_mm512_xor_si512(a.v, b.v)}; }
inline I32 MaxI(I32 a, I32 b) { return {_mm512_max_epi32(a.v, b.v)}; }
template <int kBits>
inline I32 ShlI(I32 a) {
  return {_mm512_slli_epi32(a.v, kBits)};
}
template <int kBits>
inline I32 ShrI(I32 a) {
  return {_mm512_srli_epi32(a.v, kBits)};
}
template <int kBits>
inline I32 SarI(I32 a) {
  return {_mm512_srai_epi32(a.v, kBits)};
}
// Lane j of row i becomes lane i of row j.
inline void Transpose16(I32 (&r)[16]) {
  __m512i a[16], b[16];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(r[i].v, r[i + 1].v);
    a[i + 1] = _mm512_unpackhi_epi32(r[i].v, r[i + 1].v);
  }
  // Each 128-bit part of b[4·q + j] is column 4·part + j of rows 4·q to 4·q + 3.
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int j = 0; j < 4; ++j) {
    const __m512i even01 = _mm512_shuffle_i32x4(b[j], b[4 + j], 0x88);  // parts 0, 2
    const __m512i odd01 = _mm512_shuffle_i32x4(b[j], b[4 + j], 0xdd);   // parts 1, 3
    const __m512i even23 = _mm512_shuffle_i32x4(b[8 + j], b[12 + j], 0x88);
    const __m512i odd23 = _mm512_shuffle_i32x4(b[8 + j], b[12 + j], 0xdd);
    r[j].v = _mm512_shuffle_i32x4(even01, even23, 0x88);
    r[8 + j].v = _mm512_shuffle_i32x4(even01, even23, 0xdd);
    r[4 + j].v = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    r[12 + j].v = _mm512_shuffle_i32x4(odd01, odd23, 0xdd);
  }
}
inline int32_t SumI(I32 a) { return _mm512_reduce_add_epi32(a.v); }
inline int32_t MaxLaneI(I32 a) { return _mm512_reduce_max_epi32(a.v); }
inline F32 ToF32(I32 a) { return {_mm512_cvtepi32_ps(a.v)}; }
inline I32 Bits(F32 a) { return {_mm512_castps_si512(a.v)}; }
inline F32 FromBits(I32 a) { return {_mm512_castsi512_ps(a.v)}; }
inline void StoreS8(int8_t* p, I32 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a.v));
}
inline F32 F16Low(I32 a) { return {_mm512_cvtph_ps(_mm512_cvtepi32_epi16(a.v))}; }
inline F32 F16High(I32 a) { return F16Low(ShrI<16>(a)); }

inline I32 DotU(I32 acc, I32 w, I32 x) { return {_mm512_dpbusd_epi32(acc.v, w.v, x.v)}; }
inline I32 Dot(I32 acc, I32 w, I32 x) { return DotU(acc, w, x); }
inline I32 DotPairs(I32 acc, I32 w, I32 x) { return {_mm512_dpwssd_epi32(acc.v, w.v, x.v)}; }
inline I32 LookUp(I32 table, I32 index) { return {_mm512_shuffle_epi8(table.v, index.v)}; }

#if FRUGAL_HAS_BF16_DOT
inline F32 DotBf16(F32 acc, I32 w, const uint8_t* x) {
  int32_t x2;
  __builtin_memcpy(&x2, x, 4);
  const __m512i b = _mm512_set1_epi32(x2);
  return {_mm512_dpbf16_ps(acc.v, reinterpret_cast<__m512bh>(w.v), reinterpret_cast<__m512bh>(b))};
}
#endif

}  // namespace frugal::FRUGAL_ISA_NS
