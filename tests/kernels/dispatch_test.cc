#include <gtest/gtest.h>

#include <set>

#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

TEST(Dispatch, ScalarIsAlwaysThereAndTheBestIsSupported) {
  EXPECT_TRUE(IsaSupported(Isa::kScalar));
  EXPECT_TRUE(IsaSupported(BestIsa()));
  EXPECT_FALSE(KernelsFor(Isa::kScalar).bf16_dot);
  for (const Isa isa : SupportedIsas()) EXPECT_LE(isa, BestIsa());
}

TEST(Dispatch, EverySetHasItsOwnWholeTable) {
  std::set<const void*> matmuls;
  for (const Isa isa : SupportedIsas()) {
    const Kernels& kernels = KernelsFor(isa);
    EXPECT_EQ(kernels.isa, isa);
    EXPECT_NE(kernels.quantize, nullptr);
    EXPECT_NE(kernels.rms_norm, nullptr);
    EXPECT_NE(kernels.glu, nullptr);
    EXPECT_NE(kernels.rope, nullptr);
    EXPECT_NE(kernels.axpy, nullptr);
    EXPECT_NE(kernels.store_kv, nullptr);
    EXPECT_NE(kernels.attention, nullptr);
    EXPECT_NE(kernels.argmax, nullptr);
    matmuls.insert(reinterpret_cast<const void*>(kernels.matmul));
  }
  EXPECT_EQ(matmuls.size(), SupportedIsas().size());
  EXPECT_EQ(matmuls.count(nullptr), 0u);
}

TEST(Dispatch, NamesAreDistinct) {
  std::set<std::string> names;
  for (int i = 0; i < kNumIsas; ++i) names.insert(IsaName(static_cast<Isa>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kNumIsas));
}

}  // namespace
}  // namespace frugal
