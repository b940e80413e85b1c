// The rate of the dot products alone: what a matmul's inner loop would reach if nothing were
// unpacked, scaled or stored.
#include "kernels/isa.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// As in matmul.isa.cc: arrays of sums stay in registers.
#define FRUGAL_UNROLL _Pragma("GCC unroll 16")

namespace {

// Sums that run side by side: the instructions' latency times their number per cycle, as far as
// the registers go.
#if defined(FRUGAL_ISA_avx512) || defined(FRUGAL_ISA_avx512bf16)
constexpr int kFloatSums = 12;
constexpr int kDotSums = 10;
#else
constexpr int kFloatSums = kFloatRows;
constexpr int kDotSums = kDotRows;
#endif

// sums[i] = dot(sums[i], weights, i) over all vectors of weights, `passes` times from zero.
template <typename V, int kSums, typename ZeroV, typename Dot1, typename Total>
inline float Run(int64_t passes, const uint8_t* data, const ZeroV& zero, const Dot1& dot,
                 const Total& total) {
  float sum = 0.0f;
  for (int64_t p = 0; p < passes; ++p) {
    V sums[kSums];
    FRUGAL_UNROLL
    for (int i = 0; i < kSums; ++i) sums[i] = zero();
    for (int64_t at = 0; at < kDotProbeBytes; at += 64) {
      FRUGAL_UNROLL
      for (int i = 0; i < kSums; ++i) sums[i] = dot(sums[i], data + at, i);
    }
    FRUGAL_UNROLL
    for (int i = 0; i < kSums; ++i) sum += total(sums[i]);
  }
  return sum;
}

DotProbe ProbeInt8(int64_t passes, const uint8_t* data) {
  decltype(Broadcast4(data)) x[kDotSums];
  for (int i = 0; i < kDotSums; ++i) {
    const int32_t word = 0x01020301 + (i % 3 << 8);
    x[i] = Broadcast4(&word);
  }
  const float sum = Run<I32, kDotSums>(
      passes, data, [] { return SetI(0); },
      [&](I32 acc, const uint8_t* w, int i) { return DotU(acc, LoadI(w), x[i]); },
      [](I32 acc) { return static_cast<float>(SumI(acc)); });
  return {passes * kDotProbeBytes * kDotSums * 2, sum};
}

DotProbe ProbeF32(int64_t passes, const uint8_t* data) {
  float x[kFloatSums];
  for (int i = 0; i < kFloatSums; ++i) x[i] = static_cast<float>(1 + i % 3);
  const float sum = Run<F32, kFloatSums>(
      passes, data, [] { return Zero(); },
      [&](F32 acc, const uint8_t* w, int i) {
        return Fma(Load(reinterpret_cast<const float*>(w)), Set(x[i]), acc);
      },
      [](F32 acc) { return Sum(acc); });
  return {passes * kDotProbeBytes / 4 * kFloatSums * 2, sum};
}

#if FRUGAL_HAS_BF16_DOT
DotProbe ProbeBf16(int64_t passes, const uint8_t* data) {
  constexpr uint16_t kNumbers[3] = {0x3f80, 0x4000, 0x4040};  // 1, 2, 3
  uint16_t x[2 * kFloatSums];
  for (int i = 0; i < 2 * kFloatSums; ++i) x[i] = kNumbers[i % 3];
  const float sum = Run<F32, kFloatSums>(
      passes, data, [] { return Zero(); },
      [&](F32 acc, const uint8_t* w, int i) {
        return DotBf16(acc, LoadI(w), reinterpret_cast<const uint8_t*>(x + 2 * i));
      },
      [](F32 acc) { return Sum(acc); });
  return {passes * kDotProbeBytes / 2 * kFloatSums * 2, sum};
}
#endif

}  // namespace

DotProbe ProbeDots(Arithmetic arithmetic, int64_t passes, const uint8_t* data) {
  switch (arithmetic) {
    case Arithmetic::kInt8:
      return ProbeInt8(passes, data);
    case Arithmetic::kBf16:
#if FRUGAL_HAS_BF16_DOT
      return ProbeBf16(passes, data);
#endif
      break;  // without the instruction, bfloat16 is widened
    case Arithmetic::kF32:
      break;
  }
  return ProbeF32(passes, data);
}

}  // namespace frugal::FRUGAL_ISA_NS
