#include "base/dtype.h"

#include <gtest/gtest.h>

#include <limits>

namespace frugal {
namespace {

TEST(DTypeTest, FindsByValueAndName) {
  // Every number a file could give, well past the enumerators.
  int found = 0;
  for (int value = -1; value < 300; ++value) {
    const DTypeInfo* info = FindDType(static_cast<DType>(value));
    if (info == nullptr) continue;
    ++found;
    EXPECT_EQ(static_cast<int>(info->dtype), value);
    EXPECT_EQ(FindDType(info->name), info);
    EXPECT_EQ(&GetDType(info->dtype), info);
    // From 200 on, types that no file has.
    EXPECT_EQ(info->in_gguf || info->in_safetensors, value < 200) << info->name;
    EXPECT_GT(info->block_size, 0);
    EXPECT_GT(info->block_bytes, 0);
  }
  EXPECT_EQ(found, 44);
  EXPECT_EQ(FindDType(static_cast<DType>(4)), nullptr);  // Q4_2, withdrawn
  EXPECT_EQ(FindDType("Q4_2"), nullptr);
  EXPECT_EQ(FindDType(""), nullptr);
}

TEST(DTypeTest, BlockGeometry) {
  // gguf/constants.py, GGML_QUANT_SIZES.
  EXPECT_EQ(TensorBytes(DType::kF32, 1, 1), 4);
  EXPECT_EQ(TensorBytes(DType::kBF16, 3, 5), 30);
  EXPECT_EQ(TensorBytes(DType::kQ4_0, 2, 64), 2 * 2 * 18);
  EXPECT_EQ(TensorBytes(DType::kQ8_0, 1, 32), 34);
  EXPECT_EQ(TensorBytes(DType::kQ4_K, 1, 256), 144);
  EXPECT_EQ(TensorBytes(DType::kQ6_K, 10, 512), 10 * 2 * 210);
  EXPECT_EQ(TensorBytes(DType::kIQ1_M, 1, 256), 56);
  EXPECT_EQ(TensorBytes(DType::kMXFP4, 1, 32), 17);
  EXPECT_EQ(TensorBytes(DType::kF8_E4M3, 2, 3), 6);
}

TEST(DTypeTest, TensorBytesRefusesWhatMakesNoSense) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(TensorBytes(DType::kF32, 0, 7), 0);
  EXPECT_EQ(TensorBytes(DType::kF32, 7, 0), 0);
  EXPECT_EQ(TensorBytes(DType::kF32, -1, 4), std::nullopt);
  EXPECT_EQ(TensorBytes(DType::kF32, 1, -4), std::nullopt);
  EXPECT_EQ(TensorBytes(DType::kQ4_0, 1, 33), std::nullopt);
  EXPECT_EQ(TensorBytes(DType::kF32, 1, kMax), std::nullopt);
  EXPECT_EQ(TensorBytes(DType::kI8, 2, kMax), std::nullopt);
  EXPECT_EQ(TensorBytes(DType::kI8, 1, kMax), kMax);
  EXPECT_EQ(TensorBytes(static_cast<DType>(4), 1, 32), std::nullopt);
}

}  // namespace
}  // namespace frugal
