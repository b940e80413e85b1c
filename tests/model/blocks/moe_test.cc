#include "model/blocks/moe.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 21;
constexpr int64_t kRows = 11;

struct MoeCase {
  const char* name;
  MoeSpec moe;
  bool ordered = false;    // each expert in activation orders of its own,
  bool own_gates = false;  // and each gate in another than its up
};

// One FFN's weights in the model, and the same here.
struct FfnOracle {
  FfnSpec spec;
  Oracle gate, up, down;

  FfnWeights Make(BlockModel* random, bool ordered, bool own_gate) {
    const int32_t* in = ordered ? random->Order(kHidden) : nullptr;
    const int32_t* out = ordered ? random->Order(spec.d_ff) : nullptr;
    const auto matrix = [&](int64_t n, int64_t k, const int32_t* order, Oracle* oracle) {
      return order == nullptr ? random->Matrix(n, k, spec.bias, oracle)
                              : random->MatrixInOrder(n, k, spec.bias, order, oracle);
    };
    FfnWeights w;
    w.gate = matrix(spec.d_ff, kHidden, own_gate ? random->Order(kHidden) : in, &gate);
    w.up = matrix(spec.d_ff, kHidden, in, &up);
    w.down = matrix(kHidden, spec.d_ff, out, &down);
    return w;
  }

  Doubles operator()(const Doubles& x) const {
    Doubles u = up(x);
    const Doubles g = gate(x);
    for (size_t i = 0; i < u.size(); ++i) {
      u[i] = spec.activation == Activation::kSwigluClamped ? ref::SwigluClamped(g[i], u[i])
                                                           : ref::Silu(g[i]) * u[i];
    }
    return down(u);
  }
};

class MoeOracle {
 public:
  MoeOracle(BlockModel* random, int layer, const MoeCase& c) : spec_(c.moe) {
    MoeWeights w;
    w.router = random->Matrix(spec_.n_experts, kHidden, spec_.router.logit_bias, &router_);
    if (spec_.router.select_bias) {
      w.select_bias = random->Vector(spec_.n_experts, 0.0f, 0.3f, &select_bias_);
      select_bias_data_ = w.select_bias;
    }
    experts_.resize(spec_.n_experts);
    for (FfnOracle& expert : experts_) {
      expert.spec = spec_.expert;
      w.experts.push_back(expert.Make(random, c.ordered, c.own_gates));
    }
    if (spec_.shared) {
      shared_.spec = *spec_.shared;
      w.shared = shared_.Make(random, false, false);
    }
    if (spec_.shared_gate) w.shared_gate = random->Matrix(1, kHidden, false, &shared_gate_);
    random->model.spec.layers[layer].ffn = spec_;
    random->model.weights.layers[layer].ffn = w;
  }

  // Which experts take the row is Route's to say (see route_test.cc).
  Doubles Row(const Doubles& x, std::vector<int32_t>* chosen) const {
    const Doubles scores = router_(x);
    Floats logits(scores.begin(), scores.end());
    chosen->resize(spec_.top_k);
    Floats weights(spec_.top_k);
    Route(spec_, select_bias_data_, logits, chosen->data(), weights.data());
    Doubles y(kHidden);
    if (spec_.shared) y = shared_(x);
    if (spec_.shared_gate) {
      const double gate = 1.0 / (1.0 + std::exp(-shared_gate_(x)[0]));
      for (double& v : y) v *= gate;
    }
    for (int i = 0; i < spec_.top_k; ++i) {
      const Doubles out = experts_[(*chosen)[i]](x);
      for (int64_t c = 0; c < kHidden; ++c) y[c] += weights[i] * out[c];
    }
    for (double& v : y) v *= spec_.combine_scale;
    return y;
  }

 private:
  const MoeSpec spec_;
  Oracle router_, shared_gate_;
  Doubles select_bias_;
  const float* select_bias_data_ = nullptr;
  std::vector<FfnOracle> experts_;
  FfnOracle shared_;
};

std::vector<MoeCase> Cases() {
  MoeSpec plain = {.n_experts = 6, .top_k = 2, .expert = {.d_ff = 18}, .shared = {}};
  std::vector<MoeCase> cases;
  const auto add = [&](const char* name, auto change) {
    cases.push_back({name, plain});
    change(&cases.back());
  };
  add("plain", [](MoeCase*) {});
  add("shared experts", [](MoeCase* c) { c->moe.shared = FfnSpec{.d_ff = 30}; });
  add("shared experts behind a gate", [](MoeCase* c) {
    c->moe.shared = FfnSpec{.d_ff = 7};
    c->moe.shared_gate = true;
  });
  add("scaled sum", [](MoeCase* c) {
    c->moe.shared = FfnSpec{.d_ff = 7};
    c->moe.combine_scale = 0.7f;
  });
  add("every expert", [](MoeCase* c) { c->moe.top_k = 6; });
  add("one of many", [](MoeCase* c) {  // most experts get no token
    c->moe.n_experts = 40;
    c->moe.top_k = 1;
  });
  add("one expert", [](MoeCase* c) { c->moe.n_experts = c->moe.top_k = 1; });
  add("biases, as gpt-oss has them", [](MoeCase* c) {
    c->moe.expert = {.d_ff = 18, .activation = Activation::kSwigluClamped, .bias = true};
    c->moe.router.score = RouterSpec::Score::kSoftmaxOverTopK;
    c->moe.router.logit_bias = true;
    c->moe.top_k = 3;
  });
  add("groups, as DeepSeek-V3 has them", [](MoeCase* c) {
    c->moe.n_experts = 12;
    c->moe.top_k = 5;
    c->moe.router = {.score = RouterSpec::Score::kSigmoid,
                     .select_bias = true,
                     .n_group = 4,
                     .topk_group = 2,
                     .renormalize = true,
                     .renorm_eps = 1e-20f,
                     .scale = 2.5f};
    c->moe.shared = FfnSpec{.d_ff = 18};
  });
  add("wide experts", [](MoeCase* c) { c->moe.expert.d_ff = 150; });
  add("activation order", [](MoeCase* c) { c->ordered = true; });
  add("activation order of the gates alone", [](MoeCase* c) { c->own_gates = true; });
  add("gates in an order of their own", [](MoeCase* c) { c->ordered = c->own_gates = true; });
  return cases;
}

std::vector<Step> Steps(const ModelSpec& spec, int layer) {
  std::vector<Step> steps;
  AppendMoeSteps(layer, spec.layers[layer].moe()->shared.has_value(), &steps);
  return steps;
}

// Against the oracle; and a token's bits are its own, alone or in any batch, with any threads.
TEST(Moe, EqualsTheOracleInAnyCompany) {
  for (const MoeCase& c : Cases()) {
    BlockModel random(static_cast<uint32_t>(c.moe.n_experts * 8 + c.moe.top_k), kHidden, 2);
    const MoeOracle oracle(&random, 1, c);
    const SequenceRows inputs = RandomSequences(&random, {kRows});
    std::vector<Doubles> expected(1);
    for (int64_t r = 0; r < kRows; ++r) {
      std::vector<int32_t> chosen;
      const Doubles row = oracle.Row(RowOf(inputs, kHidden, 0, r), &chosen);
      expected[0].insert(expected[0].end(), row.begin(), row.end());
    }
    const std::vector<Step> steps = Steps(random.model.spec, 1);
    for (const Isa isa : SupportedIsas()) {
      SCOPED_TRACE(testing::Message() << c.name << " " << IsaName(isa));
      SequenceRows first;
      for (const int threads : {1, 2, 3, 4, 5}) {
        ThreadTeam team(threads);
        for (const int64_t chunk : {kRows, int64_t{1}, int64_t{4}}) {
          const SequenceRows out =
              RunSequences(random.model, team, {.isa = isa, .exact = true, .max_rows = kRows},
                           steps, 1, inputs, InTurns({kRows}, {chunk}));
          if (first.empty()) {
            EXPECT_LE(LargestError(out, expected, kHidden), 3e-6);
            first = out;
          }
          EXPECT_EQ(out, first) << "chunk " << chunk << " threads " << threads;
          if (threads > 1) break;
        }
      }
    }
  }
}

// Batch::routing has (layers with experts, rows, most experts of a layer).
TEST(Moe, TellsWhichExpertsWereChosen) {
  BlockModel random(12, kHidden, 4);
  MoeCase wide = Cases()[0];
  wide.moe.top_k = 3;
  const MoeCase narrow = Cases()[0];
  const MoeOracle first(&random, 1, wide);
  const MoeOracle second(&random, 3, narrow);
  ThreadTeam team(2);
  BlockPass pass(random.model, team, {.isa = BestIsa(), .exact = true, .max_rows = kRows});
  const std::vector<BatchRow> rows(kRows);
  std::vector<int32_t> routing(2 * kRows * 3, -1);
  pass.Start({.rows = rows, .routing = routing.data()});
  const SequenceRows inputs = RandomSequences(&random, {kRows});
  for (int64_t r = 0; r < kRows; ++r) pass.SetNormed(1, r, &inputs[0][r * kHidden]);
  std::vector<Step> steps = Steps(random.model.spec, 1);
  for (const Step& step : Steps(random.model.spec, 3)) steps.push_back(step);
  pass.Run(steps);
  for (int64_t r = 0; r < kRows; ++r) {
    const Doubles x = RowOf(inputs, kHidden, 0, r);
    std::vector<int32_t> chosen;
    first.Row(x, &chosen);
    EXPECT_EQ(chosen, std::vector<int32_t>(&routing[3 * r], &routing[3 * r] + 3));
    second.Row(x, &chosen);
    chosen.push_back(-1);  // this layer chooses fewer
    const int32_t* of_second = &routing[3 * (kRows + r)];
    EXPECT_EQ(chosen, std::vector<int32_t>(of_second, of_second + 3));
  }
}

// One row's NaN stays in that row.
TEST(Moe, NanStaysInItsRow) {
  BlockModel random(13, kHidden, 2);
  const MoeCase c = Cases()[8];
  const MoeOracle oracle(&random, 1, c);
  SequenceRows inputs = RandomSequences(&random, {kRows});
  ThreadTeam team(2);
  const auto run = [&] {
    return RunSequences(random.model, team, {.isa = BestIsa(), .exact = true, .max_rows = kRows},
                        Steps(random.model.spec, 1), 1, inputs, InTurns({kRows}, {kRows}))[0];
  };
  const Floats clean = run();
  std::fill_n(inputs[0].begin() + 4 * kHidden, kHidden, NAN);
  const Floats dirty = run();
  for (int64_t i = 0; i < kRows * kHidden; ++i) {
    if (i / kHidden == 4) {
      EXPECT_TRUE(std::isnan(dirty[i]));
    } else {
      EXPECT_EQ(dirty[i], clean[i]);
    }
  }
}

}  // namespace
}  // namespace frugal
