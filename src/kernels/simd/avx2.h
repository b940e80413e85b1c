// simd.h's vocabulary on AVX2, FMA and F16C, with or without AVX-VNNI: 16 lanes are two registers.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace frugal::FRUGAL_ISA_NS {

struct F32 {
  __m256 lo, hi;
};
struct I32 {
  __m256i lo, hi;
};

constexpr int kFloatRows = 3;
constexpr int kFloatPanels = 1;
constexpr int kDotRows = 3;
constexpr int kDotPanels = 1;
constexpr int kFewRows = 2;
constexpr int kAttentionRows = 2;
constexpr int kAttentionVectors = 2;
#if defined(FRUGAL_ISA_avxvnni)
constexpr int kDotOffset = 128;
#else
constexpr int kDotOffset = 0;
#endif

// Loading 8 words from kMaskWords + 16 − n gives −1 in the first n lanes.
alignas(64) constexpr int32_t kMaskWords[32] = {-1, -1, -1, -1, -1, -1, -1, -1,  //
                                                -1, -1, -1, -1, -1, -1, -1, -1};
inline __m256i FirstLanes(int64_t n, int half) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMaskWords + 16 - n + 8 * half));
}

inline F32 Zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline F32 Set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline F32 Load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline F32 LoadN(const float* p, int64_t n) {
  if (n <= 8) return {_mm256_maskload_ps(p, FirstLanes(n, 0)), _mm256_setzero_ps()};
  return {_mm256_loadu_ps(p), _mm256_maskload_ps(p + 8, FirstLanes(n, 1))};
}
inline void Store(float* p, F32 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
inline void StoreN(float* p, F32 a, int64_t n) {
  if (n <= 8) {
    _mm256_maskstore_ps(p, FirstLanes(n, 0), a.lo);
  } else {
    _mm256_storeu_ps(p, a.lo);
    _mm256_maskstore_ps(p + 8, FirstLanes(n, 1), a.hi);
  }
}

inline F32 Add(F32 a, F32 b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
inline F32 Sub(F32 a, F32 b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
inline F32 Mul(F32 a, F32 b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
inline F32 Div(F32 a, F32 b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
inline F32 Max(F32 a, F32 b) { return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }
inline F32 Min(F32 a, F32 b) { return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
inline F32 Fma(F32 a, F32 b, F32 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}

inline float Sum(F32 a) {
  const __m256 s8 = _mm256_add_ps(a.lo, a.hi);
  const __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
  const __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
  return _mm_cvtss_f32(_mm_add_ss(s2, _mm_movehdup_ps(s2)));
}
inline float MaxLane(F32 a) {
  const __m256 m8 = _mm256_max_ps(a.lo, a.hi);
  const __m128 m4 = _mm_max_ps(_mm256_castps256_ps128(m8), _mm256_extractf128_ps(m8, 1));
  const __m128 m2 = _mm_max_ps(m4, _mm_movehl_ps(m4, m4));
  return _mm_cvtss_f32(_mm_max_ss(m2, _mm_movehdup_ps(m2)));
}

inline I32 SetI(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
inline I32 LoadI(const void* p) {
  const auto* q = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(q), _mm256_loadu_si256(q + 1)};
}
inline I32 Hold(I32 a) { return a; }
inline I32 LoadU8(const void* p) {
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(p));
  return {_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
inline void StoreI(void* p, I32 a) {
  auto* q = static_cast<__m256i*>(p);
  _mm256_storeu_si256(q, a.lo);
  _mm256_storeu_si256(q + 1, a.hi);
}
inline I32 AddI(I32 a, I32 b) {
  return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}
inline I32 SubI(I32 a, I32 b) {
  return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)};
}
inline I32 AndI(I32 a, I32 b) {
  return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)};
}
inline I32 OrI(I32 a, I32 b) { return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)}; }
inline I32 XorI(I32 a, I32 b) {
  return {_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)};
}
inline I32 MaxI(I32 a, I32 b) {
  return {_mm256_max_epi32(a.lo, b.lo), _mm256_max_epi32(a.hi, b.hi)};
}
template <int kBits>
inline I32 ShlI(I32 a) {
  return {_mm256_slli_epi32(a.lo, kBits), _mm256_slli_epi32(a.hi, kBits)};
}
template <int kBits>
inline I32 ShrI(I32 a) {
  return {_mm256_srli_epi32(a.lo, kBits), _mm256_srli_epi32(a.hi, kBits)};
}
template <int kBits>
inline I32 SarI(I32 a) {
  return {_mm256_srai_epi32(a.lo, kBits), _mm256_srai_epi32(a.hi, kBits)};
}
inline void Transpose8(const __m256i (&r)[8], __m256i (&out)[8]) {
  __m256i a[8], b[8];
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    a[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
  // Each 128-bit part of b[4·q + j] is column 4·part + j of rows 4·q to 4·q + 3.
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int j = 0; j < 4; ++j) {
    out[j] = _mm256_permute2x128_si256(b[j], b[4 + j], 0x20);
    out[4 + j] = _mm256_permute2x128_si256(b[j], b[4 + j], 0x31);
  }
}
// Lane j of row i becomes lane i of row j.
inline void Transpose16(I32 (&r)[16]) {
  __m256i in[8], quarter[4][8];  // of rows and columns: low low, low high, high low, high high
  for (int q = 0; q < 4; ++q) {
    for (int i = 0; i < 8; ++i) in[i] = q % 2 == 0 ? r[q / 2 * 8 + i].lo : r[q / 2 * 8 + i].hi;
    Transpose8(in, quarter[q]);
  }
  for (int i = 0; i < 8; ++i) {
    r[i] = {quarter[0][i], quarter[2][i]};
    r[8 + i] = {quarter[1][i], quarter[3][i]};
  }
}
inline int32_t SumI(I32 a) {
  const __m256i s8 = _mm256_add_epi32(a.lo, a.hi);
  const __m128i s4 = _mm_add_epi32(_mm256_castsi256_si128(s8), _mm256_extracti128_si256(s8, 1));
  const __m128i s2 = _mm_add_epi32(s4, _mm_shuffle_epi32(s4, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s2, _mm_shuffle_epi32(s2, 0xb1)));
}
inline int32_t MaxLaneI(I32 a) {
  const __m256i m8 = _mm256_max_epi32(a.lo, a.hi);
  const __m128i m4 = _mm_max_epi32(_mm256_castsi256_si128(m8), _mm256_extracti128_si256(m8, 1));
  const __m128i m2 = _mm_max_epi32(m4, _mm_shuffle_epi32(m4, 0x4e));
  return _mm_cvtsi128_si32(_mm_max_epi32(m2, _mm_shuffle_epi32(m2, 0xb1)));
}
inline F32 ToF32(I32 a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }
inline I32 Bits(F32 a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }
inline F32 FromBits(I32 a) { return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)}; }

// The low halves of 16 lanes (each must fit in 16 bits unsigned), in order.
inline __m256i Narrow16(I32 a) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(a.lo, a.hi), 0xd8);
}
inline void StoreS8(int8_t* p, I32 a) {
  const __m256i h = Narrow16(AndI(a, SetI(0xff)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm_packus_epi16(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1)));
}

inline F32 F16ToF32(__m256i h) {
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(h)),
          _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))};
}
inline F32 LoadF16(const void* p) {
  return F16ToF32(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
}
inline F32 F16Low(I32 a) { return F16ToF32(Narrow16(AndI(a, SetI(0xffff)))); }
inline F32 F16High(I32 a) { return F16ToF32(Narrow16(ShrI<16>(a))); }

inline F32 LoadBf16(const void* p) {
  const auto* q = static_cast<const __m128i*>(p);
  return FromBits(ShlI<16>(I32{_mm256_cvtepu16_epi32(_mm_loadu_si128(q)),
                               _mm256_cvtepu16_epi32(_mm_loadu_si128(q + 1))}));
}
inline F32 LoadBf16N(const void* p, int64_t n) {
  uint16_t words[16] = {};
  __builtin_memcpy(words, p, static_cast<size_t>(2 * n));
  return LoadBf16(words);
}
// Round to nearest even; NaN stays NaN.
inline __m256i F32ToBf16(F32 a) {
  const I32 bits = Bits(a);
  const I32 odd = AndI(ShrI<16>(bits), SetI(1));
  const I32 rounded = AddI(bits, AddI(odd, SetI(0x7fff)));
  const I32 quiet = OrI(bits, SetI(0x400000));
  const I32 nan = {_mm256_castps_si256(_mm256_cmp_ps(a.lo, a.lo, _CMP_UNORD_Q)),
                   _mm256_castps_si256(_mm256_cmp_ps(a.hi, a.hi, _CMP_UNORD_Q))};
  return Narrow16(ShrI<16>(I32{_mm256_blendv_epi8(rounded.lo, quiet.lo, nan.lo),
                               _mm256_blendv_epi8(rounded.hi, quiet.hi, nan.hi)}));
}
inline void StoreBf16(void* p, F32 a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), F32ToBf16(a));
}
inline void StoreBf16N(void* p, F32 a, int64_t n) {
  uint16_t words[16];
  StoreBf16(words, a);
  __builtin_memcpy(p, words, static_cast<size_t>(2 * n));
}

#if defined(FRUGAL_ISA_avxvnni)
// The same instructions in the encoding of AVX-512: a test runs these kernels on machines that
// have only that.
#if !defined(__AVXVNNI__)
#define _mm256_dpbusd_avx_epi32 _mm256_dpbusd_epi32
#define _mm256_dpwssd_avx_epi32 _mm256_dpwssd_epi32
#endif
inline I32 DotU(I32 acc, I32 w, I32 x) {
  return {_mm256_dpbusd_avx_epi32(acc.lo, w.lo, x.lo), _mm256_dpbusd_avx_epi32(acc.hi, w.hi, x.hi)};
}
inline I32 Dot(I32 acc, I32 w, I32 x) { return DotU(acc, w, x); }
inline I32 DotPairs(I32 acc, I32 w, I32 x) {
  return {_mm256_dpwssd_avx_epi32(acc.lo, w.lo, x.lo), _mm256_dpwssd_avx_epi32(acc.hi, w.hi, x.hi)};
}
#else
// |w|·(±x): the pairs' sums are at most 2·128·127 and so never saturate.
inline __m256i DotHalf(__m256i acc, __m256i w, __m256i x) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
inline I32 Dot(I32 acc, I32 w, I32 x) {
  return {DotHalf(acc.lo, w.lo, x.lo), DotHalf(acc.hi, w.hi, x.hi)};
}
// Pairs' sums are at most 2·127·127.
inline I32 DotU(I32 acc, I32 w, I32 x) {
  const __m256i one = _mm256_set1_epi16(1);
  return {_mm256_add_epi32(acc.lo, _mm256_madd_epi16(_mm256_maddubs_epi16(w.lo, x.lo), one)),
          _mm256_add_epi32(acc.hi, _mm256_madd_epi16(_mm256_maddubs_epi16(w.hi, x.hi), one))};
}
inline I32 DotPairs(I32 acc, I32 w, I32 x) {
  return {_mm256_add_epi32(acc.lo, _mm256_madd_epi16(w.lo, x.lo)),
          _mm256_add_epi32(acc.hi, _mm256_madd_epi16(w.hi, x.hi))};
}
#endif
inline I32 LookUp(I32 table, I32 index) {
  return {_mm256_shuffle_epi8(table.lo, index.lo), _mm256_shuffle_epi8(table.hi, index.hi)};
}

}  // namespace frugal::FRUGAL_ISA_NS
