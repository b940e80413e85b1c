#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "kernels/ref/reference.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

std::vector<float> Multiply(const Kernels& kernels, const PackedWeight& w, const Activations& x,
                            const float* bias) {
  std::vector<float> y(static_cast<size_t>(x.m * w.matrix.n));
  kernels.matmul(w.matrix, x, bias, 0, w.matrix.panels(), y.data(), w.matrix.n);
  return y;
}

// |y − exact| ≤ tolerance · Σ|x·w| for every output: the bound that floating-point sums obey.
void ExpectNear(const std::vector<float>& y, const Activations& x, const RandomWeight& w,
                const std::vector<float>* bias, double tolerance, const std::string& what) {
  const std::vector<double> seen = Seen(x);
  double worst = 0.0;
  for (int64_t i = 0; i < x.m; ++i) {
    for (int64_t j = 0; j < w.n; ++j) {
      double exact = bias == nullptr ? 0.0 : (*bias)[static_cast<size_t>(j)];
      double size = std::fabs(exact);
      for (int64_t c = 0; c < w.k; ++c) {
        const double product = seen[static_cast<size_t>(i * w.k + c)] *
                               static_cast<double>(w.values[static_cast<size_t>(j * w.k + c)]);
        exact += product;
        size += std::fabs(product);
      }
      const double got = y[static_cast<size_t>(i * w.n + j)];
      worst = std::max(worst, std::fabs(got - exact) / std::max(size, 1e-30));
    }
  }
  EXPECT_LE(worst, tolerance) << what;
}

int64_t RaggedK(DType dtype) {
  const int block = GetDType(dtype).block_size;
  return block == 1 || HasPartialBlocks(dtype) ? 333 : block == 32 ? 352 : 512;
}

// float32 sums of up to 512 products: 32 in a row, then 16 of those. Rounding errors add at most
// (32 + 16)·2^−24 = 3e-6 of Σ|x·w|, in practice a tenth.
constexpr double kTolerance = 6e-7;

class MatmulTest : public ::testing::TestWithParam<std::tuple<Isa, bool>> {};

TEST_P(MatmulTest, AgreesWithFloat64ForEveryFormat) {
  const auto [isa, exact] = GetParam();
  const Kernels& kernels = KernelsFor(isa);
  for (const DType dtype : AllCodecs()) {
    const int64_t k = RaggedK(dtype);
    const int64_t n = 37;  // 2 panels and a ragged one
    const int64_t m = 5;
    const RandomWeight w = MakeRandomWeight(dtype, n, k, 1);
    const PackedWeight packed = Pack(w);
    const std::vector<float> x = RandomFloats(static_cast<size_t>(m * k), 2);
    const std::vector<float> bias = RandomFloats(static_cast<size_t>(n), 3);
    const QuantizedRows rows = QuantizeRows(kernels, ActivationKind(dtype, exact), x.data(), m, k);
    const std::string what = std::string(IsaName(isa)) + " " + GetDType(dtype).name;
    ExpectNear(Multiply(kernels, packed, rows.x, nullptr), rows.x, w, nullptr, kTolerance, what);
    ExpectNear(Multiply(kernels, packed, rows.x, bias.data()), rows.x, w, &bias, kTolerance, what);
  }
}

TEST_P(MatmulTest, ARowsBitsDoNotDependOnTheBatch) {
  const auto [isa, exact] = GetParam();
  const Kernels& kernels = KernelsFor(isa);
  for (const DType dtype : AllCodecs()) {
    const int64_t k = GetDType(dtype).block_size == 1 || HasPartialBlocks(dtype) ? 301 : 512;
    const int64_t n = 21;
    const int64_t max_m = 33;
    const PackedWeight packed = Pack(MakeRandomWeight(dtype, n, k, 4));
    const std::vector<float> x = RandomFloats(static_cast<size_t>(max_m * k), 5);
    const ActKind kind = ActivationKind(dtype, exact);
    std::vector<float> alone;
    for (int64_t i = 0; i < max_m; ++i) {
      const QuantizedRows row = QuantizeRows(kernels, kind, x.data() + i * k, 1, k);
      const std::vector<float> y = Multiply(kernels, packed, row.x, nullptr);
      alone.insert(alone.end(), y.begin(), y.end());
    }
    for (int64_t m = 1; m <= max_m; ++m) {
      const QuantizedRows rows = QuantizeRows(kernels, kind, x.data(), m, k);
      const std::vector<float> y = Multiply(kernels, packed, rows.x, nullptr);
      ASSERT_TRUE(SameBits(y, {alone.begin(), alone.begin() + m * n}))
          << IsaName(isa) << " " << GetDType(dtype).name << " m = " << m;
    }
  }
}

TEST_P(MatmulTest, PanelsMayBeSplitAnyhowAndOnlyTheirOutputsAreWritten) {
  const auto [isa, exact] = GetParam();
  const Kernels& kernels = KernelsFor(isa);
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kQ8_0, DType::kQ4_K, DType::kQ6_K,
                            DType::kMXFP4, DType::kF8_G128, DType::kI4_G128}) {
    const int64_t k = 256;
    const int64_t n = 55;
    const int64_t m = 3;
    const int64_t stride = 70;
    const PackedWeight packed = Pack(MakeRandomWeight(dtype, n, k, 6));
    const std::vector<float> x = RandomFloats(static_cast<size_t>(m * k), 7);
    const QuantizedRows rows = QuantizeRows(kernels, ActivationKind(dtype, exact), x.data(), m, k);
    const std::vector<float> whole = Multiply(kernels, packed, rows.x, nullptr);
    for (int64_t split = 0; split <= packed.matrix.panels(); ++split) {
      std::vector<float> y(static_cast<size_t>(m * stride), -77.0f);
      kernels.matmul(packed.matrix, rows.x, nullptr, split, packed.matrix.panels(), y.data(),
                     stride);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < std::min(n, split * kPanelRows); ++j) {
          ASSERT_EQ(y[static_cast<size_t>(i * stride + j)], -77.0f);
        }
      }
      kernels.matmul(packed.matrix, rows.x, nullptr, 0, split, y.data(), stride);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < stride; ++j) {
          const float expected = j < n ? whole[static_cast<size_t>(i * n + j)] : -77.0f;
          ASSERT_EQ(y[static_cast<size_t>(i * stride + j)], expected) << GetDType(dtype).name;
        }
      }
    }
  }
}

TEST_P(MatmulTest, ZerosDenormalsAndLargeValues) {
  const auto [isa, exact] = GetParam();
  const Kernels& kernels = KernelsFor(isa);
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ4_K,
                            DType::kQ6_K, DType::kF8_G128, DType::kI4_BF16}) {
    const int64_t k = 256;
    const RandomWeight w = MakeRandomWeight(dtype, 16, k, 8);
    const PackedWeight packed = Pack(w);
    const std::string what = std::string(IsaName(isa)) + " " + GetDType(dtype).name;
    for (const float size : {0.0f, 1e-40f, 1e-30f, 1e30f}) {
      std::vector<float> x = RandomFloats(static_cast<size_t>(k), 9, size);
      const QuantizedRows rows =
          QuantizeRows(kernels, ActivationKind(dtype, exact), x.data(), 1, k);
      const std::vector<float> y = Multiply(kernels, packed, rows.x, nullptr);
      if (size == 0.0f) {
        for (const float v : y) EXPECT_EQ(v, 0.0f) << what;
      } else if (size > 1e-38f) {
        ExpectNear(y, rows.x, w, nullptr, kTolerance, what);
      } else {  // what is lost is below the smallest normal number for each product
        for (const float v : y) EXPECT_LE(std::fabs(v), 100 * k * 1e-39f) << what;
      }
    }
  }
}

TEST_P(MatmulTest, NonFiniteActivationsReachTheOutput) {
  const auto [isa, exact] = GetParam();
  const Kernels& kernels = KernelsFor(isa);
  for (const DType dtype :
       {DType::kF32, DType::kBF16, DType::kQ8_0, DType::kQ4_K, DType::kF8_G32, DType::kI4_G32}) {
    const int64_t k = 256;
    const PackedWeight packed = Pack(MakeRandomWeight(dtype, 16, k, 10));
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      std::vector<float> x = RandomFloats(static_cast<size_t>(2 * k), 11);
      x[100] = bad;
      const QuantizedRows rows =
          QuantizeRows(kernels, ActivationKind(dtype, exact), x.data(), 2, k);
      const std::vector<float> y = Multiply(kernels, packed, rows.x, nullptr);
      for (size_t j = 0; j < 16; ++j) {
        EXPECT_FALSE(std::isfinite(y[j])) << IsaName(isa) << " " << GetDType(dtype).name;
        EXPECT_TRUE(std::isfinite(y[16 + j])) << "the row beside it is untouched";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, MatmulTest,
                         ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                                            ::testing::Bool()),
                         [](const auto& param_info) {
                           return std::string(IsaName(std::get<0>(param_info.param))) +
                                  (std::get<1>(param_info.param) ? "Exact" : "Auto");
                         });

// All sets add in the same order with the same roundings. bf16 dot products have their own.
TEST(MatmulAcrossIsas, GiveTheSameBits) {
  for (const DType dtype : AllCodecs()) {
    for (const bool exact : {true, false}) {
      const int64_t k = GetDType(dtype).block_size == 1 || HasPartialBlocks(dtype) ? 333 : 512;
      const int64_t m = 9;
      const PackedWeight packed = Pack(MakeRandomWeight(dtype, 37, k, 12));
      const std::vector<float> x = RandomFloats(static_cast<size_t>(m * k), 13);
      const ActKind kind = ActivationKind(dtype, exact);
      std::vector<float> scalar;
      for (const Isa isa : SupportedIsas()) {
        const Kernels& kernels = KernelsFor(isa);
        const QuantizedRows rows = QuantizeRows(kernels, kind, x.data(), m, k);
        const std::vector<float> y = Multiply(kernels, packed, rows.x, nullptr);
        if (isa == Isa::kScalar) {
          scalar = y;
        } else if (kind != ActKind::kBf16 || !kernels.bf16_dot) {
          EXPECT_TRUE(SameBits(y, scalar)) << IsaName(isa) << " " << GetDType(dtype).name;
        }
      }
    }
  }
}

// The largest codes, scales and minima that a block of any K-quant can hold, with the largest
// activations: every integer sum is exact, so all sets give the same bits as the plain one.
TEST(MatmulAcrossIsas, ExtremeBlocksOfKQuantsDoNotSaturate) {
  const int64_t k = 512;
  for (const DType dtype : {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K}) {
    const DTypeInfo& info = GetDType(dtype);
    RandomWeight w = MakeRandomWeight(dtype, 16, k, 14);
    // Where each format keeps its float16 scales; all else is ones.
    const int scales_at = dtype == DType::kQ6_K   ? 208
                          : dtype == DType::kQ3_K ? 108
                          : dtype == DType::kQ2_K ? 80
                                                  : 0;
    for (int64_t b = 0; b < 16 * k / 256; ++b) {
      uint8_t* block = w.bytes.data() + 1 + b * info.block_bytes;
      std::fill_n(block, info.block_bytes, static_cast<uint8_t>(b % 2 == 0 ? 0xff : 0x7f));
      for (int at = scales_at; at < scales_at + 4 && at < info.block_bytes; at += 2) {
        block[at] = 0x00;
        block[at + 1] = 0x3c;  // 1.0
      }
      DecodeRow(dtype, block, 256, w.values.data() + b * 256);
    }
    const PackedWeight packed = Pack(w);
    std::vector<float> x(static_cast<size_t>(k), 127.0f);
    for (const float sign : {1.0f, -1.0f}) {
      for (float& v : x) v = sign * std::fabs(v);
      for (const Isa isa : SupportedIsas()) {
        const QuantizedRows rows = QuantizeRows(KernelsFor(isa), ActKind::kQ8Block, x.data(), 1, k);
        const std::vector<float> y = Multiply(KernelsFor(isa), packed, rows.x, nullptr);
        ExpectNear(y, rows.x, w, nullptr, 1e-6,
                   std::string(IsaName(isa)) + " " + GetDType(dtype).name);
      }
    }
  }
}

// Weights that are their own scales' extremes: the integer path must not saturate anywhere.
TEST(MatmulAcrossIsas, ExtremeCodesDoNotSaturate) {
  const int64_t k = 256;
  RandomWeight w{DType::kQ8_0, 16, k, k / 32 * 34, {}, {}};
  w.bytes.assign(static_cast<size_t>(16 * w.row_bytes) + 1, 0x80);  // codes −128
  w.values.resize(static_cast<size_t>(16 * k));
  for (int64_t b = 0; b < 16 * k / 32; ++b) {
    uint8_t* block = w.bytes.data() + 1 + b * 34;
    block[0] = 0x00;
    block[1] = 0x3c;  // 1.0
    DecodeRow(DType::kQ8_0, block, 32, w.values.data() + b * 32);
  }
  const PackedWeight packed = Pack(w);
  for (const float sign : {1.0f, -1.0f}) {
    const std::vector<float> x(static_cast<size_t>(k), sign * 127.0f);
    for (const Isa isa : SupportedIsas()) {
      const Kernels& kernels = KernelsFor(isa);
      const QuantizedRows rows = QuantizeRows(kernels, ActKind::kQ8, x.data(), 1, k);
      for (const float y : Multiply(kernels, packed, rows.x, nullptr)) {
        EXPECT_EQ(y, sign * -128.0f * 127.0f * static_cast<float>(k)) << IsaName(isa);
      }
    }
  }
}

}  // namespace
}  // namespace frugal
