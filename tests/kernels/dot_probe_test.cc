#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/kernels.h"

namespace frugal {
namespace {

// The weights are 1: every sum is that of the activations, which are 1, 2 and 3.
TEST(DotProbe, SumsWhatItCounts) {
  for (int i = 0; i < kNumIsas; ++i) {
    const Isa isa = static_cast<Isa>(i);
    if (!IsaSupported(isa)) continue;
    SCOPED_TRACE(IsaName(isa));
    const Kernels& kernels = KernelsFor(isa);
    for (const Arithmetic kind : {Arithmetic::kF32, Arithmetic::kBf16, Arithmetic::kInt8}) {
      SCOPED_TRACE(static_cast<int>(kind));
      std::vector<uint8_t> data(kDotProbeBytes, 1);
      const bool wide = !kernels.bf16_dot;  // bfloat16 is widened before
      if (kind == Arithmetic::kF32 || (kind == Arithmetic::kBf16 && wide)) {
        const float one = 1.0f;
        for (size_t at = 0; at < data.size(); at += 4) std::memcpy(data.data() + at, &one, 4);
      } else if (kind == Arithmetic::kBf16) {
        const uint16_t one = 0x3f80;
        for (size_t at = 0; at < data.size(); at += 2) std::memcpy(data.data() + at, &one, 2);
      }
      const DotProbe once = kernels.dot_probe(kind, 1, data.data());
      const DotProbe thrice = kernels.dot_probe(kind, 3, data.data());
      EXPECT_GT(once.operations, 0);
      EXPECT_EQ(thrice.operations, 3 * once.operations);
      EXPECT_FLOAT_EQ(thrice.sum, 3 * once.sum);
      // The mean of the activations is near 2, and each product is two operations.
      const double mean = 2.0 * once.sum / static_cast<double>(once.operations);
      EXPECT_GE(mean, 1.0);
      EXPECT_LE(mean, 2.5);
    }
  }
}

TEST(DotProbe, EveryKindHasItsArithmetic) {
  EXPECT_EQ(ArithmeticOf(ActKind::kF32), Arithmetic::kF32);
  EXPECT_EQ(ArithmeticOf(ActKind::kBf16), Arithmetic::kBf16);
  EXPECT_EQ(ArithmeticOf(ActKind::kQ8), Arithmetic::kInt8);
  EXPECT_EQ(ArithmeticOf(ActKind::kQ8Block), Arithmetic::kInt8);
}

}  // namespace
}  // namespace frugal
