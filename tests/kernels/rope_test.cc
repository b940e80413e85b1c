#include "kernels/rope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/test_util.h"

namespace frugal {
namespace {

using nlohmann::json;

// What transformers computes; made by tools/reference/rope_goldens.py.
json Goldens() {
  std::ifstream file(TestData("rope/goldens.json"));
  EXPECT_TRUE(file.good());
  return json::parse(file);
}

RopeSpec SpecOf(const json& golden) {
  const json& p = golden["parameters"];
  const std::map<std::string, RopeScaling> kinds = {
      {"default", RopeScaling::kNone},     {"linear", RopeScaling::kLinear},
      {"dynamic", RopeScaling::kDynamic},  {"ntk_alpha", RopeScaling::kNtkAlpha},
      {"llama3", RopeScaling::kLlama3},    {"yarn", RopeScaling::kYarn},
      {"yarn_log", RopeScaling::kYarnLog},
  };
  RopeSpec spec;
  spec.rotary_dim = golden["dim"];
  spec.max_position = golden["max_position"];
  spec.theta = p["rope_theta"];
  spec.scaling = kinds.at(p["rope_type"]);
  spec.factor = p.value("factor", 1.0);
  spec.alpha = p.value("alpha", 1.0);
  spec.original_max_position = p.value("original_max_position_embeddings", 0);
  spec.low_freq_factor = p.value("low_freq_factor", 1.0);
  spec.high_freq_factor = p.value("high_freq_factor", 4.0);
  spec.beta_fast = p.value("beta_fast", 32.0);
  spec.beta_slow = p.value("beta_slow", 1.0);
  spec.extrapolation_factor = p.value("extrapolation_factor", 1.0);
  spec.truncate = p.value("truncate", true);
  spec.mscale = p.value("mscale", 0.0);
  spec.mscale_all_dim = p.value("mscale_all_dim", 0.0);
  if (p.contains("attention_factor")) spec.attention_factor = p["attention_factor"];
  return spec;
}

std::vector<float> InvFreq(const RopeSpec& spec, int64_t seq_len, float* scale) {
  std::vector<float> inv_freq(static_cast<size_t>(spec.rotary_dim / 2));
  RopeInvFreq(spec, seq_len, inv_freq.data(), scale);
  return inv_freq;
}

// Steps between neighbouring float32 values.
int64_t UlpsApart(float a, float b) {
  return std::abs(static_cast<int64_t>(__builtin_bit_cast(int32_t, a)) -
                  __builtin_bit_cast(int32_t, b));
}

// torch's powf is not always rounded right: it may be one ulp off, which a reciprocal and a
// quotient carry on; yarn_log adds expf and logf, of a logarithm of up to 20. Most are equal.
TEST(Rope, FrequenciesAreThoseOfTransformers) {
  int64_t total = 0;
  int64_t equal = 0;
  for (const json& golden : Goldens()) {
    const std::string name = golden["name"];
    const RopeSpec spec = SpecOf(golden);
    float scale = 0.0f;
    const std::vector<float> inv_freq = InvFreq(spec, golden["seq_len"], &scale);
    ASSERT_EQ(inv_freq.size(), golden["inv_freq"].size()) << name;
    EXPECT_FLOAT_EQ(scale, golden["attention_scale"].get<float>()) << name;
    for (size_t i = 0; i < inv_freq.size(); ++i) {
      const float expected = golden["inv_freq"][i];
      const int64_t limit = spec.scaling == RopeScaling::kYarnLog ? 16 : 2;
      EXPECT_LE(UlpsApart(inv_freq[i], expected), limit) << name << " [" << i << "]";
      ++total;
      equal += inv_freq[i] == expected;
    }
  }
  EXPECT_GE(static_cast<double>(equal), 0.95 * static_cast<double>(total));
  RecordProperty("equal", std::to_string(equal) + " of " + std::to_string(total));
}

// From the golden's own frequencies, so that only the angle and its functions are compared:
// the angle has the same bits, torch's sine and cosine are within 1 ulp.
TEST(Rope, CosinesAndSinesAreThoseOfTransformers) {
  for (const json& golden : Goldens()) {
    const std::vector<float> inv_freq = golden["inv_freq"];
    const int n = static_cast<int>(inv_freq.size());
    const float scale = golden["attention_scale"];
    std::vector<float> cos(inv_freq.size());
    std::vector<float> sin(inv_freq.size());
    for (const json& row : golden["positions"]) {
      RopeCosSin(inv_freq.data(), n, row["position"], scale, cos.data(), sin.data());
      for (size_t i = 0; i < inv_freq.size(); ++i) {
        EXPECT_NEAR(cos[i], row["cos"][i].get<float>(), 2e-7f * scale) << golden["name"];
        EXPECT_NEAR(sin[i], row["sin"][i].get<float>(), 2e-7f * scale) << golden["name"];
      }
    }
  }
}

// Every parameter of a scaling changes its frequencies or its scale: none is left unread.
TEST(Rope, EveryParameterCounts) {
  const auto differs = [](const RopeSpec& a, const RopeSpec& b) {
    float scale_a = 0.0f;
    float scale_b = 0.0f;
    return InvFreq(a, 9000, &scale_a) != InvFreq(b, 9000, &scale_b) || scale_a != scale_b;
  };
  RopeSpec base;
  base.rotary_dim = 64;
  base.factor = 4.0;
  base.alpha = 10.0;
  base.max_position = 4096;
  base.original_max_position = 2048;
  base.mscale = 0.5;
  base.mscale_all_dim = 0.7;
  using Change = void (*)(RopeSpec&);
  const Change theta = [](RopeSpec& s) { s.theta *= 2; };
  const Change factor = [](RopeSpec& s) { s.factor *= 2; };
  const Change alpha = [](RopeSpec& s) { s.alpha *= 2; };
  const Change max_position = [](RopeSpec& s) { s.max_position /= 2; };
  const Change original = [](RopeSpec& s) { s.original_max_position *= 4; };
  const Change low = [](RopeSpec& s) { s.low_freq_factor = 2; };
  const Change high = [](RopeSpec& s) { s.high_freq_factor = 8; };
  const Change fast = [](RopeSpec& s) { s.beta_fast = 8; };
  const Change slow = [](RopeSpec& s) { s.beta_slow = 4; };
  const Change extrapolation = [](RopeSpec& s) { s.extrapolation_factor = 0.5; };
  const Change truncate = [](RopeSpec& s) { s.truncate = false; };
  const Change attention = [](RopeSpec& s) { s.attention_factor = 0.5; };
  const Change mscale = [](RopeSpec& s) { s.mscale = 1.5; };
  const Change mscale_all = [](RopeSpec& s) { s.mscale_all_dim = 1.5; };
  const Change factors = [](RopeSpec& s) { s.freq_factors.assign(32, 2.0f); };
  const std::vector<std::pair<RopeScaling, std::vector<Change>>> cases = {
      {RopeScaling::kNone, {theta, factors}},
      {RopeScaling::kLinear, {theta, factor, factors}},
      {RopeScaling::kDynamic, {theta, factor, max_position, factors}},
      {RopeScaling::kNtkAlpha, {theta, alpha, factors}},
      {RopeScaling::kLlama3, {theta, factor, original, low, high, factors}},
      {RopeScaling::kYarn,
       {theta, factor, original, fast, slow, extrapolation, truncate, attention, mscale, mscale_all,
        factors}},
      {RopeScaling::kYarnLog, {theta, factor, original, fast, slow, extrapolation, factors}},
  };
  for (const auto& [scaling, changes] : cases) {
    RopeSpec a = base;
    a.scaling = scaling;
    for (size_t i = 0; i < changes.size(); ++i) {
      RopeSpec b = a;
      changes[i](b);
      EXPECT_TRUE(differs(a, b)) << "scaling " << static_cast<int>(scaling) << ", change " << i;
    }
  }
}

TEST(Rope, FrequencyFactorsDivide) {
  RopeSpec spec;
  spec.rotary_dim = 6;
  float scale = 0.0f;
  const std::vector<float> plain = InvFreq(spec, 0, &scale);
  spec.freq_factors = {1.0f, 2.0f, 7.5f};
  const std::vector<float> divided = InvFreq(spec, 0, &scale);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(divided[i], plain[i] / spec.freq_factors[i]);
}

}  // namespace
}  // namespace frugal
