#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "kernels/panel_layout.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

TEST(Pack, PanelsHoldTheBytesOfTheirRowsAndNoMore) {
  for (const DType dtype : AllCodecs()) {
    const DTypeInfo& info = GetDType(dtype);
    const int64_t k = info.block_size == 1 ? 64 : 3 * info.block_size;
    EXPECT_EQ(PackedPanelBytes(dtype, k), 16 * *TensorBytes(dtype, 1, k)) << info.name;
  }
  EXPECT_EQ(PackedPanelBytes(DType::kF8_G128, 129), 16 * 2 * 132);
  EXPECT_EQ(PackedPanelBytes(DType::kF32, 33), 16 * 64 * 4);
  EXPECT_EQ(PackedPanelBytes(DType::kBF16, 1), 16 * 32 * 2);
}

TEST(Pack, EveryRowComesBackExactly) {
  for (const DType dtype : AllCodecs()) {
    const DTypeInfo& info = GetDType(dtype);
    for (const int64_t n : {1, 16, 17, 40}) {
      const int64_t k = info.block_size == 1 || HasPartialBlocks(dtype) ? 37 : 2 * info.block_size;
      const RandomWeight w = MakeRandomWeight(dtype, n, k, 21);
      const PackedWeight packed = Pack(w);
      for (int64_t row = 0; row < n; ++row) {
        std::vector<float> values(static_cast<size_t>(k));
        UnpackRow(packed.matrix, row, values.data());
        const std::vector<float> expected(w.values.begin() + row * k,
                                          w.values.begin() + (row + 1) * k);
        EXPECT_TRUE(SameBits(values, expected)) << info.name << " row " << row;
      }
    }
  }
}

TEST(Pack, RowsAndColumnsThatDoNotExistAreZero) {
  for (const DType dtype : AllCodecs()) {
    const DTypeInfo& info = GetDType(dtype);
    const int64_t k = info.block_size == 1 ? 37 : info.block_size;
    const int64_t bytes = PackedPanelBytes(dtype, k);
    const RandomWeight w = MakeRandomWeight(dtype, 17, k, 22);
    std::vector<uint8_t> panel(static_cast<size_t>(bytes), 0xee);
    const PanelRows last(w.rows(), w.row_bytes, 17, 1);  // holds row 16 alone
    PackPanel(dtype, k, last.rows, panel.data());
    const int64_t of_the_row =
        std::count_if(panel.begin(), panel.end(), [](uint8_t b) { return b; });
    EXPECT_GT(of_the_row, 0) << info.name;
    EXPECT_LE(of_the_row, w.row_bytes) << info.name;
  }
}

// One format of each kind, byte by byte: the layout is also a file's.
TEST(Pack, LayoutIsAsDocumented) {
  const auto pack = [](DType dtype, int64_t k, const std::vector<uint8_t>& rows) {
    std::vector<uint8_t> panel(static_cast<size_t>(PackedPanelBytes(dtype, k)));
    const PanelRows from(rows.data(), static_cast<int64_t>(rows.size()) / 16, 16, 0);
    PackPanel(dtype, k, from.rows, panel.data());
    return panel;
  };
  std::vector<uint8_t> q8(16 * 34);   // scale first
  std::vector<uint8_t> q6(16 * 210);  // scale last
  std::vector<uint8_t> bf16(16 * 4 * 2);
  for (size_t i = 0; i < q8.size(); ++i) q8[i] = static_cast<uint8_t>(i * 7 + i / 251);
  for (size_t i = 0; i < q6.size(); ++i) q6[i] = static_cast<uint8_t>(i * 7 + i / 251);
  for (size_t i = 0; i < bf16.size(); ++i) bf16[i] = static_cast<uint8_t>(i);
  const std::vector<uint8_t> packed_q8 = pack(DType::kQ8_0, 32, q8);
  const std::vector<uint8_t> packed_q6 = pack(DType::kQ6_K, 256, q6);
  const std::vector<uint8_t> packed_bf16 = pack(DType::kBF16, 4, bf16);
  for (size_t r = 0; r < 16; ++r) {
    for (size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(packed_q8[r * 2 + j], q8[r * 34 + j]);
      EXPECT_EQ(packed_q6[r * 2 + j], q6[r * 210 + 208 + j]);
    }
    for (size_t j = 0; j < 32; ++j) {
      EXPECT_EQ(packed_q8[32 + j / 4 * 64 + r * 4 + j % 4], q8[r * 34 + 2 + j]);
    }
    for (size_t j = 0; j < 208; ++j) {
      const size_t word = static_cast<size_t>(PanelWord(DType::kQ6_K, static_cast<int>(j / 4)));
      EXPECT_EQ(packed_q6[32 + word * 64 + r * 4 + j % 4], q6[r * 210 + j]);
    }
    for (size_t j = 0; j < 8; ++j) {
      EXPECT_EQ(packed_bf16[j / 4 * 64 + r * 4 + j % 4], bf16[r * 8 + j]);
    }
  }
}

TEST(Pack, WordsStandInTheOrderOfTheirUse) {
  for (const DType dtype : {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ6_K}) {
    std::set<int> places;
    const int words = GetDType(dtype).block_bytes / 4;
    for (int u = 0; u < words; ++u) places.insert(PanelWord(dtype, u));
    EXPECT_EQ(places.size(), static_cast<size_t>(words));
    EXPECT_EQ(*places.begin(), 0);
    EXPECT_EQ(*places.rbegin(), words - 1);
  }
  // Q6_K: 32 words of nibbles, 16 of bit pairs, 4 of scales.
  EXPECT_EQ(PanelWord(DType::kQ6_K, 48), 0);
  EXPECT_EQ(PanelWord(DType::kQ6_K, 0), 4);
  EXPECT_EQ(PanelWord(DType::kQ6_K, 8), 5);
  EXPECT_EQ(PanelWord(DType::kQ6_K, 32), 6);
  EXPECT_EQ(PanelWord(DType::kQ6_K, 1), 7);
  EXPECT_EQ(PanelWord(DType::kQ6_K, 16), 28);
}

TEST(Pack, ActivationRowsAreAlignedAndPadded) {
  EXPECT_EQ(ActivationRowBytes(ActKind::kF32, 33), 64 * 4);
  EXPECT_EQ(ActivationRowBytes(ActKind::kBf16, 32), 64);
  EXPECT_EQ(ActivationRowBytes(ActKind::kQ8, 33), 2 * 64);
  EXPECT_EQ(ActivationKind(DType::kF16, false), ActKind::kF32);
  EXPECT_EQ(ActivationKind(DType::kBF16, false), ActKind::kBf16);
  EXPECT_EQ(ActivationRowBytes(ActKind::kQ8Block, 257), 2 * 320);
  EXPECT_EQ(ActivationKind(DType::kQ4_K, false), ActKind::kQ8Block);
  EXPECT_EQ(ActivationKind(DType::kIQ4_XS, false), ActKind::kQ8);
  EXPECT_EQ(ActivationKind(DType::kQ8_0, false), ActKind::kQ8);
  EXPECT_EQ(ActivationKind(DType::kF8_G128, false), ActKind::kBf16);
  EXPECT_EQ(ActivationKind(DType::kF8_G32, true), ActKind::kF32);
  EXPECT_EQ(ActivationKind(DType::kBF16, true), ActKind::kF32);
  EXPECT_EQ(ActivationKind(DType::kQ4_K, true), ActKind::kF32);
}

}  // namespace
}  // namespace frugal
