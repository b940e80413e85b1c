#include "model/blocks/linear_attention.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 15;
const std::vector<int64_t> kLengths = {70, 9};

// The block is layer 1; layer 0 keeps a state of the same kind before it.
template <typename Weights, typename Spec>
void SetMixer(const Spec& spec, const Weights& weights, Model* model) {
  model->spec.layers[0].mixer = model->spec.layers[1].mixer = spec;
  model->weights.layers[0].mixer = Weights{};
  model->weights.layers[1].mixer = weights;
}

// Against the oracle's numbers; the same bits however sequences are cut and whatever the threads.
void CheckSequences(const BlockModel& random, const std::vector<Step>& steps,
                    const SequenceRows& inputs, const std::vector<Doubles>& expected,
                    double tolerance) {
  for (const Isa isa : SupportedIsas()) {
    SCOPED_TRACE(IsaName(isa));
    SequenceRows first;
    for (const int threads : {1, 3}) {
      ThreadTeam team(threads);
      for (const std::vector<int64_t>& chunks :
           {std::vector<int64_t>{7, 2}, {70, 9}, {1, 1}, {2, 7}, {64, 1}}) {
        const SequenceRows out =
            RunSequences(random.model, team, {.isa = isa, .exact = true, .max_rows = 80}, steps, 1,
                         inputs, InTurns(kLengths, chunks));
        if (first.empty()) {
          EXPECT_LE(LargestError(out, expected, kHidden), tolerance);
          first = out;
        }
        EXPECT_EQ(out, first) << "chunks " << chunks[0] << " threads " << threads;
        if (threads > 1) break;
      }
    }
  }
}

// ---- Gated delta net ------------------------------------------------------------------------

// Qwen3-Next's gated delta net, position by position in double precision.
class DeltaOracle {
 public:
  DeltaOracle(BlockModel* random, const GatedDeltaSpec& spec) : spec_(spec) {
    GatedDeltaWeights w;
    w.q = random->Matrix(spec.k_dim(), kHidden, false, &q_);
    w.k = random->Matrix(spec.k_dim(), kHidden, false, &k_);
    w.v = random->Matrix(spec.v_dim(), kHidden, false, &v_);
    w.z = random->Matrix(spec.v_dim(), kHidden, false, &z_);
    w.b = random->Matrix(spec.n_v_heads, kHidden, false, &b_);
    w.a = random->Matrix(spec.n_v_heads, kHidden, false, &a_);
    w.conv = random->Vector(spec.conv_dim() * spec.conv_kernel, 0.0f, 0.7f, &conv_);
    w.decay = random->Vector(spec.n_v_heads, -0.5f, 0.1f, &decay_);
    w.dt_bias = random->Vector(spec.n_v_heads, -1.0f, 1.0f, &dt_bias_);
    w.norm = random->Norm(spec.v_head_dim, &norm_);
    w.o = random->Matrix(kHidden, spec.v_dim(), false, &o_);
    SetMixer(spec, w, &random->model);
  }

  Doubles Sequence(const SequenceRows& inputs, size_t sequence, int64_t length) const {
    const int64_t k_dim = spec_.k_head_dim, v_dim = spec_.v_head_dim;
    std::vector<Doubles> history;  // q, k and v of all positions, before the convolution
    std::vector<Doubles> states(spec_.n_v_heads, Doubles(k_dim * v_dim));
    Doubles outputs;
    for (int64_t p = 0; p < length; ++p) {
      const Doubles x = RowOf(inputs, kHidden, sequence, p);
      history.emplace_back();
      for (const Oracle* oracle : {&q_, &k_, &v_}) {
        const Doubles y = (*oracle)(x);
        history.back().insert(history.back().end(), y.begin(), y.end());
      }
      const Doubles qkv = Convolved(history);
      const Doubles z = z_(x), b = b_(x), a = a_(x);
      Doubles mixed;
      for (int h = 0; h < spec_.n_v_heads; ++h) {
        const int64_t key_head = h / (spec_.n_v_heads / spec_.n_k_heads);
        Doubles q = Unit(&qkv[key_head * k_dim]);
        const Doubles k = Unit(&qkv[spec_.k_dim() + key_head * k_dim]);
        for (double& value : q) value /= std::sqrt(double(k_dim));
        const double decay = std::exp(decay_[h] * std::log1p(std::exp(a[h] + dt_bias_[h])));
        Doubles out(v_dim);
        ref::RecurrentStep<double>(q.data(), k.data(), &qkv[2 * spec_.k_dim() + h * v_dim], k_dim,
                                   v_dim, decay, true, 1.0 / (1.0 + std::exp(-b[h])),
                                   states[h].data(), out.data());
        out = Normed(out, norm_);
        for (int64_t i = 0; i < v_dim; ++i) mixed.push_back(out[i] * ref::Silu(z[h * v_dim + i]));
      }
      const Doubles row = o_(mixed);
      outputs.insert(outputs.end(), row.begin(), row.end());
    }
    return outputs;
  }

 private:
  Doubles Convolved(const std::vector<Doubles>& history) const {
    Doubles y(spec_.conv_dim());
    for (int64_t c = 0; c < spec_.conv_dim(); ++c) {
      for (int i = 0; i < spec_.conv_kernel; ++i) {
        const int64_t at = static_cast<int64_t>(history.size()) - spec_.conv_kernel + i;
        if (at >= 0) y[c] += conv_[c * spec_.conv_kernel + i] * history[at][c];
      }
      y[c] = ref::Silu(y[c]);
    }
    return y;
  }

  Doubles Unit(const double* x) const {
    Doubles y(x, x + spec_.k_head_dim);
    double squares = 1e-6;
    for (const double value : y) squares += value * value;
    for (double& value : y) value /= std::sqrt(squares);
    return y;
  }

  const GatedDeltaSpec spec_;
  Oracle q_, k_, v_, z_, b_, a_, o_;
  Doubles conv_, decay_, dt_bias_, norm_;
};

TEST(GatedDelta, EqualsTheRecurrenceHoweverCut) {
  const GatedDeltaSpec specs[] = {
      {.n_k_heads = 2, .n_v_heads = 6, .k_head_dim = 8, .v_head_dim = 12, .conv_kernel = 4},
      {.n_k_heads = 3, .n_v_heads = 3, .k_head_dim = 16, .v_head_dim = 16, .conv_kernel = 2},
      {.n_k_heads = 1, .n_v_heads = 2, .k_head_dim = 19, .v_head_dim = 5, .conv_kernel = 1}};
  std::vector<Step> steps;
  AppendGatedDeltaSteps(1, &steps);
  for (const GatedDeltaSpec& spec : specs) {
    SCOPED_TRACE(testing::Message() << spec.n_v_heads << " value heads");
    BlockModel random(static_cast<uint32_t>(spec.n_v_heads), kHidden, 2);
    const DeltaOracle oracle(&random, spec);
    const SequenceRows inputs = RandomSequences(&random, kLengths);
    CheckSequences(
        random, steps, inputs,
        {oracle.Sequence(inputs, 0, kLengths[0]), oracle.Sequence(inputs, 1, kLengths[1])}, 1e-5);
  }
}

// ---- Lightning attention --------------------------------------------------------------------

class LightningOracle {
 public:
  LightningOracle(BlockModel* random, const LightningSpec& spec) : spec_(spec) {
    LightningWeights w;
    w.q = random->Matrix(spec.dim(), kHidden, false, &q_);
    w.k = random->Matrix(spec.dim(), kHidden, false, &k_);
    w.v = random->Matrix(spec.dim(), kHidden, false, &v_);
    w.gate = random->Matrix(spec.dim(), kHidden, false, &gate_);
    w.norm = random->Norm(spec.dim(), &norm_);
    w.o = random->Matrix(kHidden, spec.dim(), false, &o_);
    SetMixer(spec, w, &random->model);
  }

  // By the definition: out_t = Σ_{s ≤ t} decay^{t−s}·(q_t·k_s)·v_s.
  Doubles Sequence(const SequenceRows& inputs, size_t sequence, int64_t length) const {
    const int64_t dim = spec_.head_dim;
    std::vector<Doubles> keys, values;
    Doubles outputs;
    for (int64_t p = 0; p < length; ++p) {
      const Doubles x = RowOf(inputs, kHidden, sequence, p);
      const Doubles q = Activated(q_(x));
      keys.push_back(Activated(k_(x)));
      values.push_back(Activated(v_(x)));
      Doubles mixed(spec_.dim());
      for (int h = 0; h < spec_.n_heads; ++h) {
        for (int64_t s = 0; s <= p; ++s) {
          double dot = std::pow(double{spec_.decay[h]}, static_cast<double>(p - s));
          double sum = 0.0;
          for (int64_t i = h * dim; i < (h + 1) * dim; ++i) sum += q[i] * keys[s][i];
          dot *= sum;
          for (int64_t i = h * dim; i < (h + 1) * dim; ++i) mixed[i] += dot * values[s][i];
        }
      }
      mixed = Normed(mixed, norm_);
      const Doubles gate = gate_(x);
      for (size_t i = 0; i < mixed.size(); ++i) mixed[i] /= 1.0 + std::exp(-gate[i]);
      const Doubles row = o_(mixed);
      outputs.insert(outputs.end(), row.begin(), row.end());
    }
    return outputs;
  }

 private:
  static Doubles Activated(Doubles x) {
    for (double& value : x) value = ref::Silu(value);
    return x;
  }

  const LightningSpec spec_;
  Oracle q_, k_, v_, gate_, o_;
  Doubles norm_;
};

TEST(Lightning, EqualsTheDefinitionHoweverCut) {
  const LightningSpec specs[] = {
      {.n_heads = 3, .head_dim = 10, .norm_eps = kBlockEps, .decay = {0.5f, 0.9f, 0.99f}},
      {.n_heads = 2, .head_dim = 16, .norm_eps = kBlockEps, .decay = {1.0f, 0.7f}},
      {.n_heads = 1, .head_dim = 35, .norm_eps = kBlockEps, .decay = {0.95f}}};
  std::vector<Step> steps;
  AppendLightningSteps(1, &steps);
  for (const LightningSpec& spec : specs) {
    SCOPED_TRACE(testing::Message() << spec.n_heads << " heads");
    BlockModel random(static_cast<uint32_t>(spec.n_heads), kHidden, 2);
    // The layer's own eps counts.
    random.model.spec.norm_eps = 0.5f;
    const LightningOracle oracle(&random, spec);
    const SequenceRows inputs = RandomSequences(&random, kLengths);
    CheckSequences(
        random, steps, inputs,
        {oracle.Sequence(inputs, 0, kLengths[0]), oracle.Sequence(inputs, 1, kLengths[1])}, 1e-5);
  }
}

}  // namespace
}  // namespace frugal
