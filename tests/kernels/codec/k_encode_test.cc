// The encoders of Q4_K, Q5_K and Q6_K, which no published bytes fix: by what their values lose.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/codec/codec.h"

namespace frugal {
namespace {

constexpr DType kFormats[] = {DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

std::vector<float> RoundTrip(DType dtype, const std::vector<float>& x) {
  const int64_t n = static_cast<int64_t>(x.size());
  std::vector<uint8_t> bytes(static_cast<size_t>(*TensorBytes(dtype, 1, n)));
  EncodeRow(dtype, x.data(), n, bytes.data());
  std::vector<float> values(x.size());
  DecodeRow(dtype, bytes.data(), n, values.data());
  return values;
}

// ‖decoded − x‖ / ‖x‖
double Error(DType dtype, const std::vector<float>& x) {
  const std::vector<float> decoded = RoundTrip(dtype, x);
  double error = 0.0, size = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double rest = static_cast<double>(decoded[i]) - x[i];
    error += rest * rest;
    size += static_cast<double>(x[i]) * x[i];
  }
  return std::sqrt(error / size);
}

std::vector<float> Gaussian(uint32_t seed, float size) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.0f, size);
  std::vector<float> x(256);
  for (float& v : x) v = normal(rng);
  return x;
}

// A uniform quantiser of step Δ loses Δ/√12. 32 Gaussian values span about 4.1σ, so a perfect one
// of 2^b levels loses 4.1/(2^b − 1)/√12: 0.079 with 4 bits and 0.038 with 5; Q6_K's groups of 16
// reach 1.8σ to one side: 1.8/32/√12 = 0.016. The 6 and 8-bit scales and single blocks' luck add to
// that; the bounds are a quarter more. (Much smaller values would show that d is a half: Q6_K's is
// a 4000th of the largest value and becomes a denormal.)
TEST(KEncode, GaussianBlocksLoseLittle) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const std::vector<float> x = Gaussian(seed, std::ldexp(1.0f, static_cast<int>(seed % 20) - 5));
    const double q4_k = Error(DType::kQ4_K, x);
    EXPECT_LE(q4_k, 0.1) << seed;
    EXPECT_LE(Error(DType::kQ5_K, x), 0.05) << seed;
    EXPECT_LE(Error(DType::kQ6_K, x), 0.022) << seed;
    EXPECT_LE(q4_k, Error(DType::kQ4_0, x)) << seed;
  }
}

TEST(KEncode, ZerosStayZeros) {
  for (const DType dtype : kFormats) {
    for (const float value : RoundTrip(dtype, std::vector<float>(256, 0.0f))) {
      EXPECT_EQ(value, 0.0f) << GetDType(dtype).name;
    }
  }
}

// One value, or one in a group: only the rounding of d and dmin to 11 bits is lost.
TEST(KEncode, ConstantBlocksAreNearlyExact) {
  for (const DType dtype : kFormats) {
    for (const float constant : {0.25f, -3.0f, 1000.0f, -0.6f}) {
      EXPECT_LE(Error(dtype, std::vector<float>(256, constant)), 1e-3)
          << GetDType(dtype).name << " " << constant;
    }
    std::vector<float> alone(256, 0.0f);
    alone[77] = -2.5f;
    EXPECT_LE(Error(dtype, alone), 2e-3) << GetDType(dtype).name;
  }
}

// What a format can hold comes back: its own values, encoded again, lose next to nothing.
TEST(KEncode, DecodedValuesAreKept) {
  for (const DType dtype : kFormats) {
    for (uint32_t seed = 0; seed < 50; ++seed) {
      const std::vector<float> once = RoundTrip(dtype, Gaussian(seed, 0.02f));
      EXPECT_LE(Error(dtype, once), dtype == DType::kQ6_K ? 0.01 : 0.03)
          << GetDType(dtype).name << " " << seed;
    }
  }
}

TEST(KEncode, ExtremesAndNonFiniteValuesAreHarmless) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const DType dtype : kFormats) {
    const DTypeInfo& info = GetDType(dtype);
    for (const float odd : {std::nanf(""), kInf, -kInf, 3.4e38f, 1e-45f, -1e-38f}) {
      std::vector<float> x(256, 1.0f);
      x[3] = odd;
      x[200] = -odd;
      std::vector<uint8_t> bytes(static_cast<size_t>(info.block_bytes) + 1, 0xAA);
      EncodeRow(dtype, x.data(), 256, bytes.data());
      EXPECT_EQ(bytes.back(), 0xAA) << info.name << " " << odd;
    }
    for (const float value : RoundTrip(dtype, std::vector<float>(256, 3e38f))) {
      EXPECT_TRUE(std::isfinite(value)) << info.name << ": saturates";
    }
  }
}

}  // namespace
}  // namespace frugal
