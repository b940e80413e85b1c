// Functions over the vocabulary of simd.h that every instruction set shares.
#pragma once

#include <cstdint>

namespace frugal::FRUGAL_ISA_NS {

inline F32 Abs(F32 x) { return FromBits(AndI(Bits(x), SetI(0x7fffffff))); }

// e^x, within 2 ulp; 0 below −104, inf above 88.73, NaN for NaN.
inline F32 Exp(F32 x) {
  // e^x = 2^n·e^r with |r| ≤ ln2/2. Adding 1.5·2^23 rounds to an integer and leaves it in the
  // low mantissa bits.
  const F32 magic = Set(12582912.0f);
  x = Max(Set(-104.0f), Min(Set(89.0f), x));
  const F32 shifted = Fma(x, Set(1.44269504f), magic);
  const F32 n = Sub(shifted, magic);
  const I32 exponent = SubI(Bits(shifted), Bits(magic));
  F32 r = Fma(n, Set(-0.693145752f), x);  // ln2 = 0.693145752 (16 bits) + 1.42860677e-6
  r = Fma(n, Set(-1.42860677e-6f), r);
  // Taylor to r^7: the rest is below 6e-9.
  F32 p = Set(1.0f / 5040);
  p = Fma(p, r, Set(1.0f / 720));
  p = Fma(p, r, Set(1.0f / 120));
  p = Fma(p, r, Set(1.0f / 24));
  p = Fma(p, r, Set(1.0f / 6));
  p = Fma(p, r, Set(0.5f));
  p = Fma(p, r, Set(1.0f));
  p = Fma(p, r, Set(1.0f));
  // In two steps, since 2^n itself may be too small or too large.
  const I32 half = SarI<1>(exponent);
  const I32 rest = SubI(exponent, half);
  p = Mul(p, FromBits(ShlI<23>(AddI(half, SetI(127)))));
  return Mul(p, FromBits(ShlI<23>(AddI(rest, SetI(127)))));
}

// tanh(x), within 4 ulp.
inline F32 Tanh(F32 x) {
  const I32 sign = AndI(Bits(x), SetI(INT32_MIN));
  const F32 a = Abs(x);
  // Large: 1 − 2/(e^{2a}+1).
  const F32 large = Sub(Set(1.0f), Div(Set(2.0f), Add(Exp(Add(a, a)), Set(1.0f))));
  // Below 0.625 that would cancel: an odd polynomial (Cephes' tanhf).
  const F32 s = Mul(a, a);
  F32 p = Set(-5.70498872745e-3f);
  p = Fma(p, s, Set(2.06390887954e-2f));
  p = Fma(p, s, Set(-5.37397155531e-2f));
  p = Fma(p, s, Set(1.33314422036e-1f));
  p = Fma(p, s, Set(-3.33332819422e-1f));
  const F32 small = Fma(Mul(p, s), a, a);
  // All ones where a < 0.625: a's bits are positive, so the integer difference has the sign.
  const I32 below = SarI<31>(SubI(Bits(a), Bits(Set(0.625f))));
  const I32 chosen = OrI(AndI(Bits(small), below), AndI(Bits(large), XorI(below, SetI(-1))));
  return FromBits(OrI(chosen, sign));
}

// 1/(1 + e^{−x})·y
inline F32 Sigmoid(F32 x, F32 y) { return Div(y, Add(Set(1.0f), Exp(Sub(Zero(), x)))); }

}  // namespace frugal::FRUGAL_ISA_NS
