#include "model/blocks/residual.h"

#include <memory>

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 21;
constexpr int64_t kRows = 5;

struct ResidualCase {
  const char* name;
  ResidualSpec mixer, ffn;
  bool sandwich = false;
};

// The steps of a two-layer model whose blocks give what the test puts into delta; x and the normed
// inputs are compared after each.
class Checker {
 public:
  Checker(const ResidualCase& c, Isa isa, int threads)
      : random_(7, kHidden, 2), team_(threads), oracle_x_(kRows, Doubles(kHidden)) {
    Model& model = random_.model;
    Oracle unused;
    model.weights.output = random_.Matrix(1, kHidden, false, &unused);  // reads what is normed
    for (int l = 0; l < 2; ++l) {
      LayerSpec& spec = model.spec.layers[l];
      LayerWeights& w = model.weights.layers[l];
      spec.mixer_residual = c.mixer;
      spec.ffn_residual = c.ffn;
      w.mixer_norm = random_.Norm(kHidden, &norms_[l][0]);
      w.ffn_norm = random_.Norm(kHidden, &norms_[l][1]);
      if (!c.sandwich) continue;
      spec.post_mixer_norm = spec.post_ffn_norm = true;
      w.post_mixer_norm = random_.Norm(kHidden, &post_norms_[l][0]);
      w.post_ffn_norm = random_.Norm(kHidden, &post_norms_[l][1]);
    }
    pass_ = std::make_unique<BlockPass>(
        model, team_, ForwardOptions{.isa = isa, .exact = true, .max_rows = kRows});
    pass_->Start({.rows = rows_});
    const Floats x = random_.Random(kRows * kHidden, 0.0f, 2.0f);
    std::copy(x.begin(), x.end(), pass_->state.x.data());
    for (int64_t r = 0; r < kRows; ++r) oracle_x_[r] = {&x[r * kHidden], &x[(r + 1) * kHidden]};
  }

  void Check() {
    // What the first layer finds in delta is an earlier batch's.
    const Floats stale = random_.Random(kRows * kHidden, 0.0f, 1.0f);
    std::copy(stale.begin(), stale.end(), pass_->state.delta.data());
    for (int l = 0; l < 2; ++l) {
      if (l > 0) Join(l - 1, 1);
      Norm(l, 0, MixerNorm);
      BlockOutput();
      Join(l, 0);
      Norm(l, 1, FfnNorm);
      BlockOutput();
    }
    Join(1, 1);
    FinishRow(pass_->state, 3, 0);
    ExpectRowNear(pass_->state.x.data() + 3 * kHidden, oracle_x_[3].data(), kHidden, 1e-6);
  }

 private:
  const ResidualSpec& Residual(int l, int block) const {
    const LayerSpec& spec = random_.model.spec.layers[l];
    return block == 0 ? spec.mixer_residual : spec.ffn_residual;
  }

  void BlockOutput() {
    const Floats delta = random_.Random(kRows * kHidden, 0.5f, 3.0f);
    std::copy(delta.begin(), delta.end(), pass_->state.delta.data());
  }

  // x = skip·x + branch·delta, in the oracle.
  void Join(int l, int block) {
    const ResidualSpec& residual = Residual(l, block);
    for (int64_t r = 0; r < kRows; ++r) {
      const float* row = pass_->state.delta.data() + r * kHidden;
      Doubles delta(row, row + kHidden);
      if (!post_norms_[l][block].empty()) delta = Normed(delta, post_norms_[l][block]);
      for (int64_t i = 0; i < kHidden; ++i) {
        oracle_x_[r][i] = double{residual.skip} * oracle_x_[r][i] + residual.branch * delta[i];
      }
    }
  }

  void Norm(int l, int block, StepFn step) {
    pass_->Run({{step, l}});
    ActivationSet& normed = pass_->state.normed;
    const ActivationSet::Form& form = normed.Find(l, ActKind::kF32, nullptr);
    for (int64_t r = 0; r < kRows; ++r) {
      const Doubles expected = Normed(oracle_x_[r], norms_[l][block]);
      const auto* row = reinterpret_cast<const float*>(normed.Row(form, kHidden, r));
      ExpectRowNear(row, expected.data(), kHidden, 2e-6);
      if (Residual(l, block).normed) oracle_x_[r] = expected;
      ExpectRowNear(pass_->state.x.data() + r * kHidden, oracle_x_[r].data(), kHidden, 2e-6);
    }
  }

  BlockModel random_;
  ThreadTeam team_;
  Doubles norms_[2][2], post_norms_[2][2];  // layer, block
  std::vector<Doubles> oracle_x_;
  const std::vector<BatchRow> rows_ = std::vector<BatchRow>(kRows);
  std::unique_ptr<BlockPass> pass_;
};

TEST(Residual, EqualsTheOracle) {
  const ResidualCase cases[] = {{"plain", {}, {}},
                                {"skip and branch", {2.5f, 0.3f}, {0.5f, -1.5f}},
                                {"branch alone", {1.0f, 0.22f}, {1.0f, 0.22f}},
                                {"sandwich", {}, {}, true},
                                {"normed", {3.5f, 1.0f, true}, {3.0f, 0.7f, true}},
                                {"one block normed", {}, {1.0f, 1.0f, true}},
                                {"everything", {1.5f, 0.6f, true}, {0.8f, 1.2f, false}, true}};
  for (const ResidualCase& c : cases) {
    for (const Isa isa : SupportedIsas()) {
      for (const int threads : {1, 3}) {
        SCOPED_TRACE(testing::Message() << c.name << " " << IsaName(isa) << " " << threads);
        Checker(c, isa, threads).Check();
      }
    }
  }
}

}  // namespace
}  // namespace frugal
