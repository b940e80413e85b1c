#include "model/blocks/ffn.h"

#include "kernels/ref/reference.h"
#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

struct GluCase {
  int64_t hidden;
  int64_t d_ff;
  bool bias;
  Activation activation;
};

// delta = down(act(gate(norm(x + delta))) · up(norm(x + delta))), x += delta: row by row.
void CheckAgainstOracle(const GluCase& c, Isa isa, int threads) {
  SCOPED_TRACE(testing::Message() << IsaName(isa) << " hidden " << c.hidden << " ffn " << c.d_ff
                                  << " bias " << c.bias << " threads " << threads);
  constexpr int64_t kRows = 5;
  const double eps = 1e-3f;
  BlockModel random(static_cast<uint32_t>(c.hidden + c.d_ff));
  Model& model = random.model;
  model.spec.hidden = c.hidden;
  model.spec.norm_eps = 1e-3f;
  // The block is layer 1 of 2; layer 0 is narrower, and its weights are not there to be read.
  model.spec.layers.resize(2);
  model.spec.layers[0].glu().d_ff = 3;
  model.spec.layers[1].glu() = {.d_ff = c.d_ff, .activation = c.activation, .bias = c.bias};
  for (LayerSpec& layer : model.spec.layers) {
    layer.gqa() = {.n_heads = 1, .n_kv_heads = 1, .head_dim = 2};
  }
  model.weights.layers.resize(2);
  GluWeights& w = model.weights.layers[1].glu();
  Doubles norm;
  Oracle gate, up, down;
  w.norm = random.Vector(c.hidden, 1.0f, 0.3f, &norm);
  w.gate = random.Matrix(c.d_ff, c.hidden, c.bias, &gate);
  w.up = random.Matrix(c.d_ff, c.hidden, c.bias, &up);
  w.down = random.Matrix(c.hidden, c.d_ff, c.bias, &down);

  ThreadTeam team(threads);
  BlockPass pass(model, team, isa, KvType::kF32, kRows);
  std::vector<Step> steps;
  AppendFfnSteps(1, &steps);
  const std::vector<BatchRow> rows(kRows);
  const std::vector<float> x = random.Random(kRows * c.hidden, 0.0f, 1.0f);
  const std::vector<float> delta = random.Random(kRows * c.hidden, 0.0f, 1.0f);
  pass.Run(steps, {.rows = rows}, x, delta);

  for (int64_t r = 0; r < kRows; ++r) {
    Doubles sum(c.hidden), normed(c.hidden), g(c.d_ff), u(c.d_ff), out(c.hidden);
    for (int64_t i = 0; i < c.hidden; ++i) {
      sum[i] = double{x[r * c.hidden + i]} + delta[r * c.hidden + i];
    }
    ref::RmsNorm(sum.data(), norm.data(), c.hidden, eps, normed.data());
    ref::Matmul(normed.data(), gate.w.data(), gate.bias_or_null(), 1, c.d_ff, c.hidden, g.data());
    ref::Matmul(normed.data(), up.w.data(), up.bias_or_null(), 1, c.d_ff, c.hidden, u.data());
    for (int64_t i = 0; i < c.d_ff; ++i) {
      g[i] = u[i] * (c.activation == Activation::kSilu ? ref::Silu(g[i]) : ref::GeluTanh(g[i]));
    }
    ref::Matmul(g.data(), down.w.data(), down.bias_or_null(), 1, c.hidden, c.d_ff, out.data());
    ExpectRowNear(pass.state.delta.data() + r * c.hidden, out.data(), c.hidden, 2e-6);
    ExpectRowNear(pass.state.x.data() + r * c.hidden, sum.data(), c.hidden, 1e-7);
  }
}

TEST(Glu, EqualsTheOracle) {
  const GluCase cases[] = {{13, 29, false, Activation::kSilu},
                           {13, 29, true, Activation::kSilu},
                           {64, 16, true, Activation::kGeluTanh},
                           {1, 1, false, Activation::kSilu},
                           {47, 131, true, Activation::kSilu}};
  for (const Isa isa : SupportedIsas()) {
    for (const GluCase& c : cases) {
      for (const int threads : {1, 3}) CheckAgainstOracle(c, isa, threads);
    }
  }
}

}  // namespace
}  // namespace frugal
