#include "model/blocks/gqa.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

struct GqaCase {
  const char* name;
  GqaSpec gqa;
  int rotary_dim;
  bool interleaved = false;
  KvType kv_type = KvType::kF32;
};

constexpr int64_t kHidden = 13;
const std::vector<int64_t> kLengths = {70, 9};  // more than a page, and less

// What the layers of one sequence keep, each (positions, g, D).
struct KeptKv {
  Doubles keys, values;
};

// The block's numbers in double precision.
class GqaOracle {
 public:
  // The layer's weights in the model, and the same here.
  GqaOracle(BlockModel* random, int layer) : spec_(random->model.spec), gqa_(Spec(layer)) {
    GqaWeights w;
    w.q = random->Matrix(gqa_.q_dim(), kHidden, gqa_.q_bias, &q_);
    if (gqa_.kv_layer < 0) {
      w.k = random->Matrix(gqa_.kv_dim(), kHidden, gqa_.k_bias, &k_);
      w.v = random->Matrix(gqa_.kv_dim(), kHidden, gqa_.v_bias, &v_);
    }
    w.o = random->Matrix(kHidden, gqa_.q_dim(), gqa_.o_bias, &o_);
    if (gqa_.output_gate) w.gate = random->Matrix(gqa_.q_dim(), kHidden, false, &gate_);
    if (gqa_.qk_norm != QkNorm::kNone) {
      const bool full = gqa_.qk_norm == QkNorm::kFullPreRope;
      w.q_norm = random->Norm(full ? gqa_.q_dim() : gqa_.head_dim, &q_norm_);
      if (gqa_.kv_layer < 0) {
        w.k_norm = random->Norm(full ? gqa_.kv_dim() : gqa_.head_dim, &k_norm_);
      }
    }
    if (gqa_.sinks) w.sinks = random->Vector(gqa_.n_heads, 0.0f, 2.0f, &sinks_);
    random->model.weights.layers[layer].mixer = w;
  }

  // The output of the row at `position`; `kept` grows by its keys and values, unless they are
  // another layer's.
  Doubles Row(const Doubles& x, int64_t position, KeptKv* kept) const {
    const Doubles q = Prepared(q_(x), q_norm_, position);
    if (gqa_.kv_layer < 0) {
      const Doubles k = Prepared(k_(x), k_norm_, position);
      const Doubles v = v_(x);
      kept->keys.insert(kept->keys.end(), k.begin(), k.end());
      kept->values.insert(kept->values.end(), v.begin(), v.end());
    }
    const int64_t dim = gqa_.head_dim;
    const int64_t end = position + 1;
    const int64_t begin = gqa_.window > 0 ? std::max<int64_t>(0, end - gqa_.window) : 0;
    const double factor = Factor(position);  // of the logits, capped or not
    Doubles attended(gqa_.q_dim());
    for (int h = 0; h < gqa_.n_heads; ++h) {
      Doubles keys, values;
      for (int64_t p = begin; p < end; ++p) {
        const int64_t at = (p * gqa_.n_kv_heads + h / gqa_.group()) * dim;
        keys.insert(keys.end(), &kept->keys[at], &kept->keys[at] + dim);
        values.insert(values.end(), &kept->values[at], &kept->values[at] + dim);
      }
      ref::Attention<double>(&q[h * dim], keys.data(), values.data(), end - begin, dim, dim,
                             gqa_.scale * factor, gqa_.logit_cap * factor,
                             gqa_.sinks ? &sinks_[h] : nullptr, &attended[h * dim]);
    }
    if (gqa_.output_gate) {
      const Doubles gate = gate_(x);
      for (size_t i = 0; i < gate.size(); ++i) attended[i] /= 1.0 + std::exp(-gate[i]);
    }
    return o_(attended);
  }

 private:
  const GqaSpec& Spec(int layer) const { return spec_.layers[layer].gqa(); }

  double Factor(int64_t position) const {
    const PositionScale& scale = gqa_.q_scale;
    const double p = static_cast<double>(position), length = static_cast<double>(scale.length);
    switch (scale.kind) {
      case PositionScale::Kind::kNone:
        return 1.0;
      case PositionScale::Kind::kLlama4:
        return 1.0 + scale.beta * std::log(1.0 + std::floor(p / length));
      case PositionScale::Kind::kGrok:
        return p <= length ? 1.0 : std::log(p) / std::log(length);
    }
    return NAN;
  }

  Doubles Prepared(Doubles heads, const Doubles& norm, int64_t position) const {
    if (gqa_.qk_norm == QkNorm::kFullPreRope) heads = Normed(heads, norm);
    for (size_t at = 0; at < heads.size(); at += gqa_.head_dim) {
      Doubles head(heads.begin() + at, heads.begin() + at + gqa_.head_dim);
      if (gqa_.qk_norm == QkNorm::kHeadPreRope) head = Normed(head, norm);
      if (gqa_.rope >= 0) RopeOracle(spec_.ropes[gqa_.rope], position, head.data());
      if (gqa_.qk_norm == QkNorm::kHeadPostRope) head = Normed(head, norm);
      std::copy(head.begin(), head.end(), heads.begin() + at);
    }
    return heads;
  }

  const ModelSpec& spec_;
  const GqaSpec gqa_;
  Doubles q_norm_, k_norm_, sinks_;
  Oracle q_, k_, v_, o_, gate_;
};

// Two ropes, of which the block uses the second; two layers, of which it is the second.
void MakeSpec(const GqaCase& c, ModelSpec* spec) {
  spec->ropes = {{.rotary_dim = 2},
                 {.interleaved = c.interleaved, .rotary_dim = c.rotary_dim, .theta = kBlockTheta}};
  spec->layers[1].gqa() = c.gqa;
  if (c.rotary_dim > 0) spec->layers[1].gqa().rope = 1;
}

std::vector<Step> Steps(int layer) {
  std::vector<Step> steps;
  AppendGqaSteps(layer, &steps);
  return steps;
}

std::vector<GqaCase> Cases() {
  const GqaSpec one = {.n_heads = 3, .n_kv_heads = 3, .head_dim = 6, .scale = 0.4f};
  const GqaSpec seven = {.n_heads = 14, .n_kv_heads = 2, .head_dim = 20, .scale = 0.3f};
  std::vector<GqaCase> cases = {{"group 1", one, 6},
                                {"group 7", seven, 20},
                                {"interleaved", one, 6, true},
                                {"part of the head turned", one, 4},
                                {"part of the head turned, interleaved", one, 2, true},
                                {"bf16 keys and values", seven, 20}};
  cases.back().kv_type = KvType::kBf16;
  const auto add = [&](const char* name, auto change) {
    GqaCase c{name, one, 6};
    change(&c.gqa);
    cases.push_back(c);
  };
  add("q bias", [](GqaSpec* g) { g->q_bias = true; });
  add("k bias", [](GqaSpec* g) { g->k_bias = true; });
  add("v bias", [](GqaSpec* g) { g->v_bias = true; });
  add("o bias", [](GqaSpec* g) { g->o_bias = true; });
  add("q and k norms", [](GqaSpec* g) { g->qk_norm = QkNorm::kHeadPreRope; });
  add("norms after rope", [](GqaSpec* g) { g->qk_norm = QkNorm::kHeadPostRope; });
  add("norms over all heads", [](GqaSpec* g) {
    g->qk_norm = QkNorm::kFullPreRope;
    g->n_kv_heads = 1;
  });
  add("window 1", [](GqaSpec* g) { g->window = 1; });
  add("window 5", [](GqaSpec* g) { g->window = 5; });
  add("window of a page", [](GqaSpec* g) { g->window = 64; });
  add("window longer than all", [](GqaSpec* g) { g->window = 1000; });
  add("sinks", [](GqaSpec* g) { g->sinks = true; });
  add("logit cap", [](GqaSpec* g) {
    g->logit_cap = 0.7f;
    g->scale = 2.0f;
  });
  add("output gate", [](GqaSpec* g) { g->output_gate = true; });
  add("logits that grow", [](GqaSpec* g) {
    g->q_scale = {.kind = PositionScale::Kind::kLlama4, .beta = 0.5, .length = 16};
  });
  add("capped logits that grow", [](GqaSpec* g) {
    g->q_scale = {.kind = PositionScale::Kind::kGrok, .length = 16};
    g->logit_cap = 0.7f;
    g->scale = 2.0f;
  });
  add("everything", [](GqaSpec* g) {
    g->n_heads = 6;
    g->n_kv_heads = 2;
    g->q_bias = g->k_bias = g->v_bias = g->o_bias = true;
    g->qk_norm = QkNorm::kHeadPreRope;
    g->window = 11;
    g->sinks = g->output_gate = true;
    g->logit_cap = 3.0f;
  });
  cases.push_back({"no rope", one, 0});
  cases.back().gqa.rope = -1;
  return cases;
}

TEST(Gqa, EqualsTheOracle) {
  for (const GqaCase& c : Cases()) {
    BlockModel random(static_cast<uint32_t>(c.gqa.n_heads), kHidden, 2);
    MakeSpec(c, &random.model.spec);
    const GqaOracle oracle(&random, 1);
    const SequenceRows inputs = RandomSequences(&random, kLengths);
    std::vector<Doubles> expected(inputs.size());
    for (size_t s = 0; s < inputs.size(); ++s) {
      KeptKv kept;
      for (int64_t p = 0; p < kLengths[s]; ++p) {
        const Doubles out = oracle.Row(RowOf(inputs, kHidden, s, p), p, &kept);
        expected[s].insert(expected[s].end(), out.begin(), out.end());
      }
    }
    const double tolerance = c.kv_type == KvType::kF32 ? 1e-5 : 1e-2;
    for (const Isa isa : SupportedIsas()) {
      SCOPED_TRACE(testing::Message() << c.name << " " << IsaName(isa));
      const ForwardOptions options = {
          .isa = isa, .exact = true, .kv_type = c.kv_type, .max_rows = 80};
      SequenceRows first;
      for (const int threads : {1, 3}) {
        ThreadTeam team(threads);
        for (const std::vector<int64_t>& chunks :
             {std::vector<int64_t>{70, 9}, {1, 1}, {7, 2}, {64, 1}}) {
          const SequenceRows out = RunSequences(random.model, team, options, Steps(1), 1, inputs,
                                                InTurns(kLengths, chunks));
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
}

// A layer without keys and values of its own attends to those of an earlier one.
TEST(Gqa, LayersShareKeysAndValues) {
  GqaCase c{"shared", {.n_heads = 4, .n_kv_heads = 2, .head_dim = 6, .scale = 0.4f}, 6};
  c.gqa.qk_norm = QkNorm::kHeadPostRope;
  BlockModel random(5, kHidden, 4);
  MakeSpec(c, &random.model.spec);
  random.model.spec.layers[3].mixer = random.model.spec.layers[1].mixer;
  random.model.spec.layers[3].gqa().kv_layer = 1;
  const GqaOracle owner(&random, 1);
  const GqaOracle guest(&random, 3);
  const SequenceRows inputs = RandomSequences(&random, kLengths);
  std::vector<Doubles> expected(inputs.size());
  for (size_t s = 0; s < inputs.size(); ++s) {
    KeptKv kept;
    for (int64_t p = 0; p < kLengths[s]; ++p) {
      const Doubles x = RowOf(inputs, kHidden, s, p);
      owner.Row(x, p, &kept);
      const Doubles out = guest.Row(x, p, &kept);
      expected[s].insert(expected[s].end(), out.begin(), out.end());
    }
  }
  std::vector<Step> steps = Steps(1);
  AppendGqaSteps(3, &steps);
  ThreadTeam team(2);
  const SequenceRows out = RunSequences(random.model, team, {.isa = BestIsa(), .exact = true},
                                        steps, 3, inputs, InTurns(kLengths, {16, 4}));
  EXPECT_LE(LargestError(out, expected, kHidden), 1e-5);
}

}  // namespace
}  // namespace frugal
