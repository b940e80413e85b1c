#include <gtest/gtest.h>

#include "kernels/ref/reference.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

class RecurrentTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels_ = KernelsFor(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, RecurrentTest, ::testing::ValuesIn(SupportedIsas()),
                         [](const auto& param_info) { return IsaName(param_info.param); });

struct Case {
  int k_dim, v_dim;
  float decay;
  bool delta_rule;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const bool delta_rule : {false, true}) {
    for (const auto& [k, v] : {std::pair(1, 1), {3, 5}, {16, 16}, {8, 17}, {17, 31}, {64, 128}}) {
      for (const float decay : {1.0f, 0.9f, 0.0f}) cases.push_back({k, v, decay, delta_rule});
    }
  }
  return cases;
}

// q, k and v of one position: keys of length 1, as the delta rule wants them.
struct Position {
  std::vector<float> q, k, v;
  float beta;
};

Position MakePosition(const Case& c, uint32_t seed) {
  Position p = {RandomFloats(static_cast<size_t>(c.k_dim), seed),
                RandomFloats(static_cast<size_t>(c.k_dim), seed + 1),
                RandomFloats(static_cast<size_t>(c.v_dim), seed + 2),
                0.1f + 0.8f * static_cast<float>(seed % 10) / 10.0f};
  float squares = 0.0f;
  for (const float x : p.k) squares += x * x;
  for (float& x : p.k) x /= std::sqrt(squares);
  return p;
}

// ‖a − b‖ ≤ tolerance·‖b‖
void ExpectNear(const float* a, const std::vector<double>& b, double tolerance) {
  double error = 0.0;
  double size = 0.0;
  for (size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  EXPECT_LE(std::sqrt(error), tolerance * std::sqrt(size));
}

// 40 positions in a row; state and output start one float off any alignment.
TEST_P(RecurrentTest, AgreesWithFloat64) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(testing::Message() << c.k_dim << " × " << c.v_dim << " decay " << c.decay
                                    << " delta rule " << c.delta_rule);
    const auto cells = static_cast<size_t>(c.k_dim * c.v_dim);
    const auto width = static_cast<size_t>(c.v_dim);
    std::vector<float> state = RandomFloats(cells + 2, 60);
    const float before = state[0];
    const float behind = state[cells + 1];
    std::vector<double> exact_state(state.begin() + 1, state.end() - 1);
    double largest = 0.0;
    for (uint32_t step = 0; step < 40; ++step) {
      const Position p = MakePosition(c, 61 + 3 * step);
      std::vector<float> out(width + 2, -9.0f);
      kernels_.recurrent_step({.k_dim = c.k_dim,
                               .v_dim = c.v_dim,
                               .q = p.q.data(),
                               .k = p.k.data(),
                               .v = p.v.data(),
                               .decay = c.decay,
                               .delta_rule = c.delta_rule,
                               .beta = p.beta,
                               .state = state.data() + 1,
                               .out = out.data() + 1});
      std::vector<double> exact(width);
      ref::RecurrentStep<double>(ToDouble(p.q).data(), ToDouble(p.k).data(), ToDouble(p.v).data(),
                                 c.k_dim, c.v_dim, c.decay, c.delta_rule, p.beta,
                                 exact_state.data(), exact.data());
      // Terms of either sign cancel: rounding goes by the largest state there was.
      double squares = 0.0;
      for (const double x : exact_state) squares += x * x;
      largest = std::max(largest, std::sqrt(squares));
      for (size_t i = 0; i < width; ++i) {
        EXPECT_NEAR(out[i + 1], exact[i], 2e-6 * largest * std::sqrt(c.k_dim)) << step;
      }
      for (size_t i = 0; i < cells; ++i) {
        EXPECT_NEAR(state[i + 1], exact_state[i], 2e-6 * largest) << step;
      }
      EXPECT_EQ(out[0], -9.0f);
      EXPECT_EQ(out[width + 1], -9.0f) << "written beyond the outputs";
      EXPECT_EQ(state[0], before);
      EXPECT_EQ(state[cells + 1], behind) << "written beyond the state";
    }
  }
}

// With beta 1 and a key of length 1 the delta rule overwrites what the key recalled.
TEST_P(RecurrentTest, DeltaRuleReplacesWhatTheKeyHeld) {
  const Case c = {24, 40, 1.0f, true};
  const Position p = MakePosition(c, 70);
  std::vector<float> state = RandomFloats(24 * 40, 71, 3.0f);
  std::vector<float> out(40);
  kernels_.recurrent_step({.k_dim = 24,
                           .v_dim = 40,
                           .q = p.k.data(),
                           .k = p.k.data(),
                           .v = p.v.data(),
                           .delta_rule = true,
                           .state = state.data(),
                           .out = out.data()});
  ExpectNear(out.data(), ToDouble(p.v), 2e-6);
}

TEST(RecurrentAcrossIsas, GiveTheSameBits) {
  for (const Case& c : Cases()) {
    const auto cells = static_cast<size_t>(c.k_dim * c.v_dim);
    std::vector<std::vector<float>> results;
    for (const Isa isa : SupportedIsas()) {
      std::vector<float> state = RandomFloats(cells, 72);
      std::vector<float> out(static_cast<size_t>(c.v_dim));
      for (uint32_t step = 0; step < 5; ++step) {
        const Position p = MakePosition(c, 73 + 3 * step);
        KernelsFor(isa).recurrent_step({.k_dim = c.k_dim,
                                        .v_dim = c.v_dim,
                                        .q = p.q.data(),
                                        .k = p.k.data(),
                                        .v = p.v.data(),
                                        .decay = c.decay,
                                        .delta_rule = c.delta_rule,
                                        .beta = p.beta,
                                        .state = state.data(),
                                        .out = out.data()});
      }
      state.insert(state.end(), out.begin(), out.end());
      results.push_back(state);
    }
    for (const std::vector<float>& result : results) EXPECT_TRUE(SameBits(result, results[0]));
  }
}

}  // namespace
}  // namespace frugal
