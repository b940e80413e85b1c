// simd.h's vocabulary on RISC-V's vector extension 1.0, for registers of any length from 128 bits
// on. Clang's vectors of a fixed size become instructions that set the number of elements, 16 of 32
// bits, in groups of four registers, and so give the same on every machine. (The types of
// intrinsics have no size, and so cannot stand in arrays.)
#pragma once

#include <riscv_vector.h>

#include <cstddef>
#include <cstdint>

#include "kernels/codec/half.h"

namespace frugal::FRUGAL_ISA_NS {

typedef float Float16x __attribute__((ext_vector_type(16)));
typedef int32_t Int16x __attribute__((ext_vector_type(16)));
typedef uint32_t Uint16x __attribute__((ext_vector_type(16)));
typedef int16_t Short16x __attribute__((ext_vector_type(16)));
typedef uint16_t Ushort16x __attribute__((ext_vector_type(16)));
typedef int8_t Char16x __attribute__((ext_vector_type(16)));
typedef int8_t Char64x __attribute__((ext_vector_type(64)));
typedef uint8_t Uchar16x __attribute__((ext_vector_type(16)));

struct F32 {
  Float16x v;
};
struct I32 {
  Int16x v;
};

// A vector takes four of 32 registers.
constexpr int kFloatRows = 4;
constexpr int kFloatPanels = 1;
constexpr int kDotRows = 3;
constexpr int kDotPanels = 1;
constexpr int kFewRows = 0;
constexpr int kAttentionRows = 4;
constexpr int kAttentionVectors = 1;
constexpr int kDotOffset = 0;

inline F32 Set(float x) { return {x}; }
inline F32 Zero() { return {0.0f}; }
inline F32 Load(const float* p) {
  F32 r;
  __builtin_memcpy(&r.v, p, 64);
  return r;
}
inline F32 LoadN(const float* p, int64_t n) {
  float some[16] = {};
  __builtin_memcpy(some, p, static_cast<size_t>(4 * n));
  return Load(some);
}
inline void Store(float* p, F32 a) { __builtin_memcpy(p, &a.v, 64); }
inline void StoreN(float* p, F32 a, int64_t n) {
  float some[16];
  Store(some, a);
  __builtin_memcpy(p, some, static_cast<size_t>(4 * n));
}

inline F32 Add(F32 a, F32 b) { return {a.v + b.v}; }
inline F32 Sub(F32 a, F32 b) { return {a.v - b.v}; }
inline F32 Mul(F32 a, F32 b) { return {a.v * b.v}; }
inline F32 Div(F32 a, F32 b) { return {a.v / b.v}; }
inline F32 Max(F32 a, F32 b) { return {a.v > b.v ? a.v : b.v}; }
inline F32 Min(F32 a, F32 b) { return {a.v < b.v ? a.v : b.v}; }
inline F32 Fma(F32 a, F32 b, F32 c) { return {__builtin_elementwise_fma(a.v, b.v, c.v)}; }

// Halves are added, as every set does.
inline float Sum(F32 a) {
  const auto s8 = a.v.lo + a.v.hi;
  const auto s4 = s8.lo + s8.hi;
  const auto s2 = s4.lo + s4.hi;
  return s2.x + s2.y;
}
inline float MaxLane(F32 a) {
  const auto m8 = a.v.lo > a.v.hi ? a.v.lo : a.v.hi;
  const auto m4 = m8.lo > m8.hi ? m8.lo : m8.hi;
  const auto m2 = m4.lo > m4.hi ? m4.lo : m4.hi;
  return m2.x > m2.y ? m2.x : m2.y;
}

inline I32 SetI(int32_t x) { return {x}; }
inline I32 LoadI(const void* p) {
  I32 r;
  __builtin_memcpy(&r.v, p, 64);
  return r;
}
inline I32 Hold(I32 a) { return a; }
inline I32 LoadU8(const void* p) {
  Uchar16x bytes;
  __builtin_memcpy(&bytes, p, 16);
  return {__builtin_convertvector(bytes, Int16x)};
}
inline void StoreI(void* p, I32 a) { __builtin_memcpy(p, &a.v, 64); }
inline Uint16x Unsigned(I32 a) { return __builtin_bit_cast(Uint16x, a.v); }
inline I32 Signed(Uint16x a) { return {__builtin_bit_cast(Int16x, a)}; }
inline I32 AddI(I32 a, I32 b) { return Signed(Unsigned(a) + Unsigned(b)); }
inline I32 SubI(I32 a, I32 b) { return Signed(Unsigned(a) - Unsigned(b)); }
inline I32 AndI(I32 a, I32 b) { return {a.v & b.v}; }
inline I32 OrI(I32 a, I32 b) { return {a.v | b.v}; }
inline I32 XorI(I32 a, I32 b) { return {a.v ^ b.v}; }
inline I32 MaxI(I32 a, I32 b) { return {__builtin_elementwise_max(a.v, b.v)}; }
template <int kBits>
inline I32 ShlI(I32 a) {
  return Signed(Unsigned(a) << kBits);
}
template <int kBits>
inline I32 ShrI(I32 a) {
  return Signed(Unsigned(a) >> kBits);
}
template <int kBits>
inline I32 SarI(I32 a) {
  return {a.v >> kBits};
}
// Lane j of row i becomes lane i of row j: through memory, which loads with a stride.
inline void Transpose16(I32 (&r)[16]) {
  int32_t rows[16][16];
  for (int i = 0; i < 16; ++i) StoreI(rows[i], r[i]);
  for (int j = 0; j < 16; ++j) {
    for (int i = 0; i < 16; ++i) r[j].v[i] = rows[i][j];
  }
}
inline int32_t SumI(I32 a) { return static_cast<int32_t>(__builtin_reduce_add(Unsigned(a))); }
inline int32_t MaxLaneI(I32 a) { return __builtin_reduce_max(a.v); }
inline F32 ToF32(I32 a) { return {__builtin_convertvector(a.v, Float16x)}; }
inline I32 Bits(F32 a) { return {__builtin_bit_cast(Int16x, a.v)}; }
inline F32 FromBits(I32 a) { return {__builtin_bit_cast(Float16x, a.v)}; }
inline void StoreS8(int8_t* p, I32 a) {
  const Char16x bytes = __builtin_convertvector(a.v, Char16x);
  __builtin_memcpy(p, &bytes, 16);
}

// HalfToFloat (codec/half.h) of the low half of every lane: the conversions are an extension.
inline F32 F16Low(I32 a) {
  const Uint16x half = Unsigned(a);
  constexpr uint32_t kRebias = (127 - 15) << 23;
  const Uint16x sign = (half & 0x8000u) << 16;
  const Uint16x magnitude = (half & 0x7fffu) << 13;
  const Uint16x normal = magnitude + kRebias;
  const Uint16x least = kRebias + (1u << 23);
  const Float16x small =
      __builtin_bit_cast(Float16x, normal + (1u << 23)) - __builtin_bit_cast(Float16x, least);
  const Uint16x denormal = __builtin_bit_cast(Uint16x, small);
  Uint16x bits = magnitude < (0x0400u << 13) ? denormal : normal;
  bits = magnitude >= (0x7c00u << 13) ? normal + kRebias : bits;
  return {__builtin_bit_cast(Float16x, bits | sign)};
}
inline F32 F16High(I32 a) { return F16Low(ShrI<16>(a)); }
inline I32 Load16(const void* p) {
  Ushort16x words;
  __builtin_memcpy(&words, p, 32);
  return {__builtin_convertvector(words, Int16x)};
}
inline F32 LoadF16(const void* p) { return F16Low(Load16(p)); }
inline F32 LoadBf16(const void* p) { return FromBits(ShlI<16>(Load16(p))); }
inline F32 LoadBf16N(const void* p, int64_t n) {
  uint16_t words[16] = {};
  __builtin_memcpy(words, p, static_cast<size_t>(2 * n));
  return LoadBf16(words);
}
// Round to nearest even; NaN stays NaN.
inline void StoreBf16(void* p, F32 a) {
  const Uint16x bits = Unsigned(Bits(a));
  const Uint16x rounded = bits + ((bits >> 16 & 1u) + 0x7fffu);
  const Uint16x chosen = (bits & 0x7fffffffu) > 0x7f800000u ? bits | 0x400000u : rounded;
  const Ushort16x words = __builtin_convertvector(chosen >> 16, Ushort16x);
  __builtin_memcpy(p, &words, 32);
}
inline void StoreBf16N(void* p, F32 a, int64_t n) {
  uint16_t words[16];
  StoreBf16(words, a);
  __builtin_memcpy(p, words, static_cast<size_t>(2 * n));
}

// Four bytes of activations for every lane: the products take them from scalar registers.
struct Word {
  int8_t byte[4];
};
inline Word Broadcast4(const void* p) {
  Word r;
  __builtin_memcpy(r.byte, p, 4);
  return r;
}

// Byte k of every lane, signed; of a vector just loaded all four come by one segmented load.
template <int k>
inline Short16x ByteOf(I32 a) {
  const Char64x c = __builtin_bit_cast(Char64x, a.v);
  const Char16x bytes =
      __builtin_shufflevector(c, c, k, k + 4, k + 8, k + 12, k + 16, k + 20, k + 24, k + 28, k + 32,
                              k + 36, k + 40, k + 44, k + 48, k + 52, k + 56, k + 60);
  return __builtin_convertvector(bytes, Short16x);
}
template <int k>
inline Short16x ByteOf(Word a) {
  return a.byte[k];
}
inline I32 Dot(I32 acc, I32 w, Word x) {
  // A pair's sum is at most 2·128·127 in size and fits.
  const Short16x low = ByteOf<0>(w) * ByteOf<0>(x) + ByteOf<1>(w) * ByteOf<1>(x);
  const Short16x high = ByteOf<2>(w) * ByteOf<2>(x) + ByteOf<3>(w) * ByteOf<3>(x);
  acc.v += __builtin_convertvector(low, Int16x);
  acc.v += __builtin_convertvector(high, Int16x);
  return acc;
}
inline I32 DotU(I32 acc, I32 w, Word x) { return Dot(acc, w, x); }
inline I32 DotPairs(I32 acc, I32 w, Word x) {
  int16_t pair[2];
  __builtin_memcpy(pair, x.byte, 4);
  const Short16x low = __builtin_convertvector(w.v, Short16x);
  const Short16x high = __builtin_convertvector(w.v >> 16, Short16x);
  acc.v += __builtin_convertvector(low, Int16x) * pair[0];
  acc.v += __builtin_convertvector(high, Int16x) * pair[1];
  return acc;
}
inline I32 LookUp(I32 table, I32 index) {
  // No vector of a fixed size becomes this instruction.
  uint8_t from[64], at[64], to[64];
  StoreI(from, table);
  StoreI(at, index);
  const vuint8m1_t t = __riscv_vle8_v_u8m1(from, 16);
  for (int i = 0; i < 64; i += 16) {
    __riscv_vse8_v_u8m1(to + i, __riscv_vrgather_vv_u8m1(t, __riscv_vle8_v_u8m1(at + i, 16), 16),
                        16);
  }
  return LoadI(to);
}

}  // namespace frugal::FRUGAL_ISA_NS
