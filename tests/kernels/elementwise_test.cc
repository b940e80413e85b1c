#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "kernels/ref/reference.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kLengths[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 64, 100, 301};

class ElementwiseTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels_ = KernelsFor(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, ElementwiseTest, ::testing::ValuesIn(SupportedIsas()),
                         [](const auto& param_info) { return IsaName(param_info.param); });

// ‖a − b‖ / ‖b‖
double RelativeError(const std::vector<float>& a, const std::vector<double>& b) {
  double error = 0.0;
  double size = 0.0;
  for (size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(error / std::max(size, 1e-300));
}

TEST_P(ElementwiseTest, RmsNorm) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = RandomFloats(size, 31, 3.0f);
    const std::vector<float> weight = RandomFloats(size, 32);
    std::vector<float> y(size + 1, -5.0f);
    kernels_.rms_norm(x.data(), weight.data(), n, 1e-5f, y.data());
    std::vector<double> exact(size);
    ref::RmsNorm<double>(ToDouble(x).data(), ToDouble(weight).data(), n, 1e-5f, exact.data());
    EXPECT_LE(RelativeError(y, exact), 2e-7) << n;
    EXPECT_EQ(y[size], -5.0f) << "written beyond the end";
  }
}

TEST_P(ElementwiseTest, RmsNormInPlaceAndOfZeros) {
  std::vector<float> x = RandomFloats(50, 33);
  const std::vector<float> weight(50, 1.0f);
  std::vector<float> apart(50);
  kernels_.rms_norm(x.data(), weight.data(), 50, 1e-6f, apart.data());
  kernels_.rms_norm(x.data(), weight.data(), 50, 1e-6f, x.data());
  EXPECT_TRUE(SameBits(x, apart));
  std::fill(x.begin(), x.end(), 0.0f);
  kernels_.rms_norm(x.data(), weight.data(), 50, 1e-6f, x.data());
  for (const float v : x) EXPECT_EQ(v, 0.0f);
}

// Each value: exp, a sum, a quotient and a product, or two more for gelu's argument, whose
// error is multiplied by the argument's size (below 20 where the result is not negligible).
TEST_P(ElementwiseTest, Glu) {
  for (const Activation act : {Activation::kSilu, Activation::kGeluTanh}) {
    for (const int64_t n : kLengths) {
      const auto size = static_cast<size_t>(n);
      const std::vector<float> gate = RandomFloats(size, 34, 3.0f);
      const std::vector<float> up = RandomFloats(size, 35);
      std::vector<float> y(size + 1, -5.0f);
      kernels_.glu(act, gate.data(), up.data(), n, y.data());
      for (size_t i = 0; i < size; ++i) {
        const double g = gate[i];
        const double exact = (act == Activation::kSilu ? ref::Silu(g) : ref::GeluTanh(g)) * up[i];
        EXPECT_NEAR(y[i], exact, 2e-6 * std::fabs(exact) + 1e-9) << gate[i];
      }
      EXPECT_EQ(y[size], -5.0f) << "written beyond the end";
    }
  }
}

TEST_P(ElementwiseTest, GluAtTheEnds) {
  const std::vector<float> gate = {0.0f, -0.0f, 1e-40f, 100.0f, -100.0f, 1e30f, -1e30f, kNan, kInf};
  const std::vector<float> up(gate.size(), 2.0f);
  std::vector<float> y(gate.size());
  for (const Activation act : {Activation::kSilu, Activation::kGeluTanh}) {
    kernels_.glu(act, gate.data(), up.data(), static_cast<int64_t>(gate.size()), y.data());
    EXPECT_EQ(y[0], 0.0f);
    EXPECT_EQ(y[1], 0.0f);
    EXPECT_NEAR(y[2], 1e-40f, 1e-44f);
    EXPECT_EQ(y[3], 200.0f);
    EXPECT_NEAR(y[4], 0.0f, 1e-37f);
    EXPECT_EQ(y[5], 2e30f);
    EXPECT_EQ(y[6], 0.0f);
    EXPECT_TRUE(std::isnan(y[7]));
    EXPECT_EQ(y[8], kInf);
  }
}

TEST_P(ElementwiseTest, SwigluClamped) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> gate = RandomFloats(size + 1, 44, 6.0f);  // many beyond ±7
    const std::vector<float> up = RandomFloats(size + 1, 45, 6.0f);
    std::vector<float> y(size + 2, -5.0f);
    // From the second element on: at no alignment but a float's.
    kernels_.glu(Activation::kSwigluClamped, gate.data() + 1, up.data() + 1, n, y.data() + 1);
    for (size_t i = 1; i <= size; ++i) {
      const double exact = ref::SwigluClamped<double>(gate[i], up[i]);
      EXPECT_NEAR(y[i], exact, 4e-6 * std::fabs(exact) + 1e-6) << gate[i] << " " << up[i];
    }
    EXPECT_EQ(y[0], -5.0f);
    EXPECT_EQ(y[size + 1], -5.0f) << "written beyond the end";
  }
}

TEST_P(ElementwiseTest, SwigluClampedAtTheEnds) {
  const std::vector<float> gate = {0.0f, 7.0f, 7.5f, 1e30f, kInf, -1e30f, 1.0f,  1.0f,
                                   1.0f, 1.0f, 1.0f, kNan,  1.0f, kNan,   -0.0f, kInf};
  const std::vector<float> up = {2.0f, 2.0f, 2.0f,  2.0f, 2.0f, 2.0f, 7.0f, 9.0f,
                                 kInf, -9.f, -kInf, 2.0f, kNan, kNan, 2.0f, -kInf};
  std::vector<float> y(gate.size());
  kernels_.glu(Activation::kSwigluClamped, gate.data(), up.data(),
               static_cast<int64_t>(gate.size()), y.data());
  for (size_t i = 0; i < gate.size(); ++i) {
    if (std::isnan(gate[i]) || std::isnan(up[i])) {
      EXPECT_TRUE(std::isnan(y[i])) << i;
      continue;
    }
    const double exact = i == 5 ? 0.0 : ref::SwigluClamped<double>(gate[i], up[i]);
    EXPECT_NEAR(y[i], exact, 2e-6 * std::fabs(exact)) << i;
  }
}

// The exponential is taken, not expm1: near zero its rounding error stays, of one ulp of 1.
TEST_P(ElementwiseTest, Xielu) {
  const XieluParams params = {.alpha_p = 0.8f, .alpha_n = 1.7f, .beta = 0.5f, .eps = -1e-6f};
  const auto exact = [&](double x) {
    return ref::Xielu<double>(x, params.alpha_p, params.alpha_n, params.beta, params.eps);
  };
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = RandomFloats(size + 1, 46, 4.0f);
    std::vector<float> y(size + 2, -5.0f);
    kernels_.xielu(params, x.data() + 1, n, y.data() + 1);
    for (size_t i = 1; i <= size; ++i) {
      EXPECT_NEAR(y[i], exact(x[i]), 4e-7 * std::fabs(exact(x[i])) + 2.5e-7 * params.alpha_n)
          << x[i];
    }
    EXPECT_EQ(y[0], -5.0f);
    EXPECT_EQ(y[size + 1], -5.0f) << "written beyond the end";
  }
  const std::vector<float> ends = {0.0f,   -0.0f,   -1e-7f, 1e-7f, -1e-6f,
                                   -1e-3f, -100.0f, 100.0f, 1e15f, -1e30f};
  std::vector<float> y(ends.size());
  kernels_.xielu(params, ends.data(), static_cast<int64_t>(ends.size()), y.data());
  for (size_t i = 0; i < ends.size(); ++i) {
    EXPECT_NEAR(y[i], exact(ends[i]), 4e-7 * std::fabs(exact(ends[i])) + 2.5e-7 * params.alpha_n)
        << ends[i];
  }
  // Zero belongs to the lower branch, whose eps makes it negative.
  EXPECT_LT(y[0], 0.0f);
  EXPECT_LT(y[1], 0.0f);
  const std::vector<float> odd = {kNan, kInf};
  kernels_.xielu(params, odd.data(), 2, y.data());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], kInf);
}

TEST_P(ElementwiseTest, XieluInPlace) {
  const XieluParams params = {.alpha_p = 0.8f, .alpha_n = 1.7f, .beta = 0.5f, .eps = -1e-6f};
  std::vector<float> x = RandomFloats(50, 47, 4.0f);
  std::vector<float> apart(50);
  kernels_.xielu(params, x.data(), 50, apart.data());
  kernels_.xielu(params, x.data(), 50, x.data());
  EXPECT_TRUE(SameBits(x, apart));
}

TEST_P(ElementwiseTest, SiluAndSigmoidGate) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = RandomFloats(size + 1, 48, 5.0f);
    std::vector<float> y(size + 2, -5.0f);
    kernels_.silu(x.data() + 1, n, y.data() + 1);
    for (size_t i = 1; i <= size; ++i) {
      const double exact = ref::Silu<double>(x[i]);
      EXPECT_NEAR(y[i], exact, 5e-7 * std::fabs(exact)) << x[i];
    }
    EXPECT_EQ(y[0], -5.0f);
    EXPECT_EQ(y[size + 1], -5.0f) << "written beyond the end";

    const std::vector<float> before = RandomFloats(size + 2, 49);
    y = before;
    kernels_.sigmoid_gate(x.data() + 1, n, y.data() + 1);
    for (size_t i = 1; i <= size; ++i) {
      const double exact = before[i] / (1.0 + std::exp(-static_cast<double>(x[i])));
      EXPECT_NEAR(y[i], exact, 5e-7 * std::fabs(exact)) << x[i];
    }
    EXPECT_EQ(y[0], before[0]);
    EXPECT_EQ(y[size + 1], before[size + 1]) << "written beyond the end";
  }
}

TEST_P(ElementwiseTest, SiluAndSigmoidGateAtTheEnds) {
  const std::vector<float> x = {0.0f, 100.0f, -100.0f, 1e30f, -1e30f, kInf, kNan};
  std::vector<float> y(x.size());
  kernels_.silu(x.data(), static_cast<int64_t>(x.size()), y.data());
  const std::vector<float> silu = {0.0f, 100.0f, 0.0f, 1e30f, 0.0f, kInf};
  for (size_t i = 0; i < silu.size(); ++i) {
    if (std::isinf(silu[i])) {
      EXPECT_EQ(y[i], silu[i]);
    } else {
      EXPECT_NEAR(y[i], silu[i], 1e-37) << x[i];
    }
  }
  EXPECT_TRUE(std::isnan(y.back()));
  std::fill(y.begin(), y.end(), 3.0f);
  kernels_.sigmoid_gate(x.data(), static_cast<int64_t>(x.size()), y.data());
  const std::vector<float> gated = {1.5f, 3.0f, 0.0f, 3.0f, 0.0f, 3.0f};
  for (size_t i = 0; i < gated.size(); ++i) EXPECT_NEAR(y[i], gated[i], 1e-37) << x[i];
  EXPECT_TRUE(std::isnan(y.back()));
}

// silu(g)/g = 1/(1 + e^−g) shows exp alone: 2 ulp, and the sum's and the quotient's rounding.
TEST_P(ElementwiseTest, ExpIsAccurateOverItsWholeRange) {
  std::vector<float> gate;
  for (float x = -87.0f; x < 88.0f; x += 0.0137f) gate.push_back(x);
  const std::vector<float> one(gate.size(), 1.0f);
  std::vector<float> y(gate.size());
  kernels_.glu(Activation::kSilu, gate.data(), one.data(), static_cast<int64_t>(gate.size()),
               y.data());
  for (size_t i = 0; i < gate.size(); ++i) {
    const double exact = ref::Silu<double>(gate[i]);
    EXPECT_NEAR(y[i], exact, 3 * 1.2e-7 * std::fabs(exact)) << gate[i];
  }
}

TEST_P(ElementwiseTest, Rope) {
  for (const bool interleaved : {false, true}) {
    for (const int64_t half : kLengths) {
      const auto size = static_cast<size_t>(half);
      std::vector<float> cos(size);
      std::vector<float> sin(size);
      for (size_t i = 0; i < size; ++i) {
        cos[i] = std::cos(0.1f * static_cast<float>(i));
        sin[i] = std::sin(0.1f * static_cast<float>(i));
      }
      std::vector<float> head = RandomFloats(2 * size + 3, 36);  // 3 elements are not turned
      std::vector<float> expected = head;
      ref::Rope<float>(expected.data(), cos.data(), sin.data(), half, interleaved);
      kernels_.rope(head.data(), cos.data(), sin.data(), half, interleaved);
      EXPECT_TRUE(SameBits(head, expected)) << half << (interleaved ? " interleaved" : "");
    }
  }
}

TEST_P(ElementwiseTest, Axpy) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = RandomFloats(size, 37);
    std::vector<float> y = RandomFloats(size + 1, 38);
    const std::vector<float> before = y;
    kernels_.axpy(0.3f, x.data(), n, y.data());
    for (size_t i = 0; i < size; ++i) EXPECT_EQ(y[i], std::fma(0.3f, x[i], before[i]));
    EXPECT_EQ(y[size], before[size]) << "written beyond the end";
  }
}

TEST_P(ElementwiseTest, StoreKv) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    std::vector<float> x = RandomFloats(size, 39);
    x[0] = kNan;
    if (n > 5) {
      x[1] = kInf;
      x[2] = 1e-40f;
      x[3] = 1.00390625f;  // half-way between two bfloat16: to even, down
      x[4] = 1.01171875f;  // likewise: up
      x[5] = 3.4e38f;      // rounds to infinity
    }
    std::vector<uint8_t> bytes(4 * size + 1, 0xee);
    kernels_.store_kv(KvType::kF32, x.data(), n, bytes.data());
    EXPECT_EQ(std::memcmp(bytes.data(), x.data(), 4 * size), 0);
    std::fill(bytes.begin(), bytes.end(), uint8_t{0xee});
    kernels_.store_kv(KvType::kBf16, x.data(), n, bytes.data());
    std::vector<float> back(size);
    DecodeRow(DType::kBF16, bytes.data(), n, back.data());
    EXPECT_EQ(bytes[2 * size], 0xee) << "written beyond the end";
    EXPECT_TRUE(std::isnan(back[0]));
    for (size_t i = n > 5 ? 6 : 1; i < size; ++i) {
      EXPECT_NEAR(back[i], x[i], std::fabs(x[i]) / 256);
    }
    if (n > 5) {
      EXPECT_EQ(back[1], kInf);
      EXPECT_GT(back[2], 0.0f);
      EXPECT_EQ(back[3], 1.0f);
      EXPECT_EQ(back[4], 1.015625f);
      EXPECT_EQ(back[5], kInf);
    }
  }
}

TEST_P(ElementwiseTest, Argmax) {
  for (const int64_t n : kLengths) {
    const auto size = static_cast<size_t>(n);
    std::vector<float> x = RandomFloats(size, 40);
    EXPECT_EQ(kernels_.argmax(x.data(), n), std::max_element(x.begin(), x.end()) - x.begin());
    for (size_t at = 0; at < size; ++at) {
      std::vector<float> peak = x;
      peak[at] = 100.0f;
      peak[size - 1] = 100.0f;  // an equal one further on
      EXPECT_EQ(kernels_.argmax(peak.data(), n), static_cast<int64_t>(at));
      peak[at] = kNan;
      if (at + 1 < size) {
        EXPECT_EQ(kernels_.argmax(peak.data(), n), n - 1);
      }
    }
    EXPECT_EQ(kernels_.argmax(std::vector<float>(size, kNan).data(), n), 0);
    EXPECT_EQ(kernels_.argmax(std::vector<float>(size, -kInf).data(), n), 0);
  }
}

// ---- Quantisation -----------------------------------------------------------------------------

TEST_P(ElementwiseTest, QuantizePadsWithZeros) {
  for (const int64_t k : kLengths) {
    const std::vector<float> x = RandomFloats(static_cast<size_t>(k), 41);
    const QuantizedRows f32 = QuantizeRows(kernels_, ActKind::kF32, x.data(), 1, k);
    const QuantizedRows bf16 = QuantizeRows(kernels_, ActKind::kBf16, x.data(), 1, k);
    const QuantizedRows q8 = QuantizeRows(kernels_, ActKind::kQ8, x.data(), 1, k);
    for (int64_t c = 0; c < (k + 31) / 32 * 32; ++c) {
      const float expected = c < k ? x[static_cast<size_t>(c)] : 0.0f;
      EXPECT_EQ(reinterpret_cast<const float*>(f32.x.data)[c], expected);
      float rounded;
      DecodeRow(DType::kBF16, bf16.x.data + 2 * c, 1, &rounded);
      EXPECT_NEAR(rounded, expected, std::fabs(expected) / 256);
      const Q8Group& group = reinterpret_cast<const Q8Group*>(q8.x.data)[c / 32];
      EXPECT_NEAR(group.scale * static_cast<float>(group.codes[c % 32]), expected,
                  0.5001f * group.scale);
    }
    const QuantizedRows blocks = QuantizeRows(kernels_, ActKind::kQ8Block, x.data(), 1, k);
    for (int64_t c = 0; c < (k + 255) / 256 * 256; ++c) {
      const float expected = c < k ? x[static_cast<size_t>(c)] : 0.0f;
      const Q8Block& block = reinterpret_cast<const Q8Block*>(blocks.x.data)[c / 256];
      EXPECT_NEAR(block.scale * static_cast<float>(block.codes[c % 256]), expected,
                  0.5001f * block.scale);
    }
  }
}

TEST_P(ElementwiseTest, QuantizedGroupsKeepTheirSums) {
  const std::vector<float> x = RandomFloats(64, 42, 5.0f);
  const QuantizedRows q8 = QuantizeRows(kernels_, ActKind::kQ8, x.data(), 1, 64);
  for (int g = 0; g < 2; ++g) {
    const Q8Group& group = reinterpret_cast<const Q8Group*>(q8.x.data)[g];
    int sums[2] = {0, 0};
    int largest = 0;
    for (int i = 0; i < 32; ++i) {
      sums[i / 16] += group.codes[i];
      largest = std::max(largest, std::abs(static_cast<int>(group.codes[i])));
    }
    EXPECT_EQ(largest, 127);
    EXPECT_EQ(group.shift, -128 * (sums[0] + sums[1]));
    EXPECT_EQ(group.sum, group.scale * static_cast<float>(sums[0] + sums[1]));
    for (int half = 0; half < 2; ++half) {
      EXPECT_EQ(group.shift16[half], -128 * sums[half]);
      EXPECT_EQ(group.sum16[half], group.scale * static_cast<float>(sums[half]));
    }
  }
}

TEST_P(ElementwiseTest, QuantizedBlocksKeepTheirSums) {
  const std::vector<float> x = RandomFloats(512, 46, 5.0f);
  const QuantizedRows q8 = QuantizeRows(kernels_, ActKind::kQ8Block, x.data(), 1, 512);
  for (int b = 0; b < 2; ++b) {
    const Q8Block& block = reinterpret_cast<const Q8Block*>(q8.x.data)[b];
    int sums[16] = {};
    int largest = 0;
    for (int i = 0; i < 256; ++i) {
      sums[i / 16] += block.codes[i];
      largest = std::max(largest, std::abs(static_cast<int>(block.codes[i])));
    }
    EXPECT_EQ(largest, 127);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(block.sums16[i], sums[i]);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(block.sums32[i], sums[2 * i] + sums[2 * i + 1]);
  }
}

TEST_P(ElementwiseTest, QuantizeOfWhatIsNotANumber) {
  for (const float bad : {kNan, -kNan, kInf, -kInf}) {
    std::vector<float> x = RandomFloats(96, 43);
    x[40] = bad;
    const QuantizedRows q8 = QuantizeRows(kernels_, ActKind::kQ8, x.data(), 1, 96);
    const auto* groups = reinterpret_cast<const Q8Group*>(q8.x.data);
    EXPECT_TRUE(std::isfinite(groups[0].scale));
    EXPECT_TRUE(std::isnan(groups[1].scale));
    EXPECT_TRUE(std::isnan(groups[1].sum));
    for (const int8_t code : groups[1].codes) EXPECT_EQ(code, 0);
    EXPECT_TRUE(std::isfinite(groups[2].scale));
    const QuantizedRows one = QuantizeRows(kernels_, ActKind::kQ8Block, x.data(), 1, 96);
    const Q8Block& block = *reinterpret_cast<const Q8Block*>(one.x.data);
    EXPECT_TRUE(std::isnan(block.scale));
    for (const int8_t code : block.codes) EXPECT_EQ(code, 0);
    for (const int16_t sum : block.sums16) EXPECT_EQ(sum, 0);
  }
}

TEST_P(ElementwiseTest, QuantizeOfTheSmallestAndTheLargest) {
  for (const float size : {0.0f, 1e-45f, 1e-38f, 1.4e-36f, 1.6e-36f, 1e-20f, 3.4e38f}) {
    std::vector<float> x(32, 0.0f);
    x[3] = size;
    x[4] = -size / 2;
    const QuantizedRows q8 = QuantizeRows(kernels_, ActKind::kQ8, x.data(), 1, 32);
    const Q8Group& group = *reinterpret_cast<const Q8Group*>(q8.x.data);
    const bool lost = size < 127 * std::numeric_limits<float>::min();
    EXPECT_EQ(group.codes[3], lost ? 0 : 127) << size;
    EXPECT_EQ(group.codes[4], lost ? 0 : -64) << size;  // −63.5: to even
    EXPECT_NEAR(group.scale, lost ? 0.0f : size / 127, size * 1e-8f) << size;
    const QuantizedRows one = QuantizeRows(kernels_, ActKind::kQ8Block, x.data(), 1, 32);
    const Q8Block& block = *reinterpret_cast<const Q8Block*>(one.x.data);
    EXPECT_EQ(block.codes[3], lost ? 0 : 127) << size;
    EXPECT_EQ(block.codes[4], lost ? 0 : -64) << size;
    EXPECT_EQ(block.scale, group.scale) << size;
  }
}

// The sets are one program: every row kernel gives the same bits on all of them.
TEST(ElementwiseAcrossIsas, GiveTheSameBits) {
  const int64_t n = 333;
  const std::vector<float> a = RandomFloats(333, 44, 4.0f);
  const std::vector<float> b = RandomFloats(333, 45);
  const auto all = [&](const Kernels& kernels) {
    std::vector<float> out(333 * 4);
    kernels.rms_norm(a.data(), b.data(), n, 1e-5f, out.data());
    kernels.glu(Activation::kSilu, a.data(), b.data(), n, out.data() + n);
    kernels.glu(Activation::kGeluTanh, a.data(), b.data(), n, out.data() + 2 * n);
    kernels.axpy(0.7f, a.data(), n, out.data() + 3 * n);
    const QuantizedRows q8 = QuantizeRows(kernels, ActKind::kQ8, a.data(), 1, n);
    const QuantizedRows blocks = QuantizeRows(kernels, ActKind::kQ8Block, a.data(), 1, n);
    const QuantizedRows bf16 = QuantizeRows(kernels, ActKind::kBf16, a.data(), 1, n);
    std::vector<uint8_t> bytes(q8.x.data, q8.x.data + q8.x.row_bytes);
    bytes.insert(bytes.end(), blocks.x.data, blocks.x.data + blocks.x.row_bytes);
    bytes.insert(bytes.end(), bf16.x.data, bf16.x.data + bf16.x.row_bytes);
    const auto* raw = reinterpret_cast<const uint8_t*>(out.data());
    bytes.insert(bytes.end(), raw, raw + out.size() * sizeof(float));
    return bytes;
  };
  const std::vector<uint8_t> scalar = all(KernelsFor(Isa::kScalar));
  for (const Isa isa : SupportedIsas()) EXPECT_EQ(all(KernelsFor(isa)), scalar) << IsaName(isa);
}

}  // namespace
}  // namespace frugal
