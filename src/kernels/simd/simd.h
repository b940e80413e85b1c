// The vector vocabulary the kernels are written in, one file per instruction set.
//
// The unit is always 16 lanes of 32 bits, whatever the registers' width: F32 and I32 hold one
// value for each row of a panel. So every set adds in the same order and all give the same bits
// (only the bf16 dot products of AVX-512 and Arm round in their own way).
//
//   F32  Zero() Set(x) Load(p) LoadN(p, n) Store(p, v) StoreN(p, v, n)     n in [0, 16]; LoadN
//        Add Sub Mul Div Max Min (a, b)                                   reads zeros beyond n
//        Fma(a, b, c) = a·b + c, rounded once
//        Sum(v), MaxLane(v)
//        LoadF16(p) LoadBf16(p) LoadBf16N(p, n) StoreBf16(p, v) StoreBf16N(p, v, n)
//        F16Low(i) F16High(i): the float16 in the low or high half of each lane
//   I32  SetI(x) LoadI(p) LoadU8(p): 16 bytes, widened; StoreI(p, v) AddI SubI AndI OrI XorI MaxI
//   ShlI<n> ShrI<n> SarI<n>; Hold(i): i, kept in a register
//        Transpose16(r[16]) SumI(v) MaxLaneI(v) ToF32(i) Bits(f) FromBits(i) StoreS8(p, i): low
//        byte of each lane
//   Broadcast4(p): four bytes at p, for every lane; what the three products below take as x. An
//   I32,
//        or what the machine's instructions would rather have.
//   int8 Dot(acc, w, x): lane r gains Σ_{j<4} w[r][j]·x[r][j], exactly; w holds 16 rows of 4 codes
//        that were stored as code + kDotOffset mod 256, and x codes in [−127, 127]. With
//        kDotOffset = 128 the caller starts acc at −128·Σx.
//        DotU(acc, w, x): the same of codes w in [0, 127] without an offset
//        DotPairs(acc, w, x): lane r gains w[r][0]·x[r][0] + w[r][1]·x[r][1], of int16
//        LookUp(table, i): table's byte i in every byte, i in [0, 15]; the table's first 16 bytes
//        are repeated
//   Where FRUGAL_HAS_TILE_DOT (kDotOffset is 0): LoadTile(p): two neighbouring vectors of codes;
//        TileDot(sums, tile, first, second): gains their products with eight codes of each of two
//        rows of activations; ZeroTile(), FirstRow(sums), SecondRow(sums)
//   bf16 kHasBf16Dot; DotBf16(acc, w, x): lane r gains w[r][0]·x[0] + w[r][1]·x[1]
//   kFloatRows, kDotRows: rows of activations that a matmul's inner loop keeps in registers, for
//   kFloatPanels, kDotPanels panels at once; kFewRows: the most rows that are multiplied without a
//   tile (matmul_few_rows.h), 2, or 0 where that gains nothing; kAttentionRows, kAttentionVectors:
//   rows and vectors of 16 columns that attention's inner loop keeps.
//
// Max(a, b) and Min(a, b) give b when either is NaN, as x86 does. Pointers need no alignment.
#pragma once

// DotBf16 exists, and bfloat16 is not widened.
#if defined(FRUGAL_ISA_avx512bf16) || defined(FRUGAL_ISA_armbf16)
#define FRUGAL_HAS_BF16_DOT 1
#else
#define FRUGAL_HAS_BF16_DOT 0
#endif

// LoadTile and TileDot exist, and two rows of activations or more go through them.
#if defined(FRUGAL_ISA_i8mm) || defined(FRUGAL_ISA_armbf16)
#define FRUGAL_HAS_TILE_DOT 1
#else
#define FRUGAL_HAS_TILE_DOT 0
#endif

#if defined(FRUGAL_ISA_avx512) || defined(FRUGAL_ISA_avx512bf16)
#include "kernels/simd/avx512.h"
#elif defined(FRUGAL_ISA_avx2) || defined(FRUGAL_ISA_avxvnni)
#include "kernels/simd/avx2.h"
#elif defined(FRUGAL_ISA_neon) || defined(FRUGAL_ISA_dotprod) || defined(FRUGAL_ISA_i8mm) || \
    defined(FRUGAL_ISA_armbf16)
#include "kernels/simd/neon.h"
#elif defined(FRUGAL_ISA_rvv)
#include "kernels/simd/rvv.h"
#elif defined(FRUGAL_ISA_scalar)
#include "kernels/simd/scalar.h"
#else
#error "kernels/simd/simd.h is for *.isa.cc files, which kernels/isa.cmake compiles"
#endif

namespace frugal::FRUGAL_ISA_NS {
constexpr bool kHasBf16Dot = FRUGAL_HAS_BF16_DOT;
constexpr bool kHasTileDot = FRUGAL_HAS_TILE_DOT;

#if !defined(FRUGAL_ISA_rvv)
inline I32 Broadcast4(const void* p) {
  int32_t word;
  __builtin_memcpy(&word, p, 4);
  return SetI(word);
}
#endif
}  // namespace frugal::FRUGAL_ISA_NS

#include "kernels/simd/math.h"
