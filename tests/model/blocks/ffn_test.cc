#include "model/blocks/ffn.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

struct FfnCase {
  int64_t hidden;
  FfnSpec ffn;
};

constexpr XieluParams kXielu = {.alpha_p = 0.8f, .alpha_n = 1.3f, .beta = 0.5f, .eps = -1e-6f};

double Gate(Activation activation, double g, double u) {
  switch (activation) {
    case Activation::kSilu:
      return ref::Silu(g) * u;
    case Activation::kGeluTanh:
      return ref::GeluTanh(g) * u;
    case Activation::kSwigluClamped:
      return ref::SwigluClamped(g, u);
    case Activation::kXielu:
      return ref::Xielu<double>(u, kXielu.alpha_p, kXielu.alpha_n, kXielu.beta, kXielu.eps);
  }
  return NAN;
}

std::vector<FfnCase> Cases() {
  return {{13, {.d_ff = 29}},
          {13, {.d_ff = 29, .bias = true}},
          {64, {.d_ff = 16, .activation = Activation::kGeluTanh, .bias = true}},
          {1, {.d_ff = 1}},
          {47, {.d_ff = 131, .bias = true}},
          {17, {.d_ff = 40, .activation = Activation::kSwigluClamped, .bias = true}},
          {17, {.d_ff = 40, .activation = Activation::kXielu}},
          {17, {.d_ff = 40, .activation = Activation::kXielu, .bias = true}}};
}

// delta = down(act(gate(x)) · up(x)), or down(act(up(x))): row by row.
TEST(Ffn, EqualsTheOracle) {
  constexpr int64_t kRows = 5;
  std::vector<Step> steps;
  AppendFfnSteps(1, &steps);
  for (const FfnCase& c : Cases()) {
    // The block is layer 1 of 2; layer 0 is narrower, and its weights are not there to be read.
    BlockModel random(static_cast<uint32_t>(c.hidden + c.ffn.d_ff), c.hidden, 2);
    random.model.spec.layers[1].ffn = c.ffn;
    Oracle gate, up, down;
    FfnWeights w;
    if (c.ffn.gated()) w.gate = random.Matrix(c.ffn.d_ff, c.hidden, c.ffn.bias, &gate);
    w.up = random.Matrix(c.ffn.d_ff, c.hidden, c.ffn.bias, &up);
    w.down = random.Matrix(c.hidden, c.ffn.d_ff, c.ffn.bias, &down);
    w.xielu = kXielu;
    random.model.weights.layers[1].ffn = w;

    const SequenceRows inputs = RandomSequences(&random, {kRows});
    std::vector<Doubles> expected(1);
    for (int64_t r = 0; r < kRows; ++r) {
      const Doubles x = RowOf(inputs, c.hidden, 0, r);
      Doubles u = up(x);
      const Doubles g = c.ffn.gated() ? gate(x) : u;
      for (size_t i = 0; i < u.size(); ++i) u[i] = Gate(c.ffn.activation, g[i], u[i]);
      const Doubles out = down(u);
      expected[0].insert(expected[0].end(), out.begin(), out.end());
    }
    for (const Isa isa : SupportedIsas()) {
      for (const int threads : {1, 3}) {
        SCOPED_TRACE(testing::Message() << IsaName(isa) << " hidden " << c.hidden << " ffn "
                                        << c.ffn.d_ff << " threads " << threads);
        ThreadTeam team(threads);
        const SequenceRows out = RunSequences(random.model, team, {.isa = isa, .exact = true},
                                              steps, 1, inputs, {{{0, kRows}}});
        EXPECT_LE(LargestError(out, expected, c.hidden), 2e-6);
      }
    }
  }
}

TEST(FindDenseFfn, IsTheLayersOwnOrItsSharedExperts) {
  LayerSpec spec;
  LayerWeights weights;
  spec.ffn = FfnSpec{.d_ff = 5};
  weights.ffn = FfnWeights{};
  EXPECT_EQ(FindDenseFfn(spec, weights).spec->d_ff, 5);
  EXPECT_EQ(FindDenseFfn(spec, weights).weights, &std::get<FfnWeights>(weights.ffn));
  spec.ffn = MoeSpec{.expert = {.d_ff = 7}};
  weights.ffn = MoeWeights{};
  EXPECT_EQ(FindDenseFfn(spec, weights).spec, nullptr);
  std::get<MoeSpec>(spec.ffn).shared = FfnSpec{.d_ff = 9};
  std::get<MoeWeights>(weights.ffn).shared = FfnWeights{};
  EXPECT_EQ(FindDenseFfn(spec, weights).spec->d_ff, 9);
  EXPECT_EQ(FindDenseFfn(spec, weights).weights, &*std::get<MoeWeights>(weights.ffn).shared);
}

}  // namespace
}  // namespace frugal
