#include "model/blocks/gqa.h"

#include "kernels/ref/reference.h"
#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

struct GqaCase {
  const char* name;
  int64_t hidden;
  GqaSpec gqa;
  int rotary_dim;
  bool interleaved = false;
  int layer = 1;
  KvType kv_type = KvType::kF32;
};

// The block's numbers in double precision, one sequence at a time.
class GqaOracle {
 public:
  GqaOracle(const GqaCase& c, BlockModel* random, GqaWeights* w) : c_(c) {
    const GqaSpec& gqa = c.gqa;
    w->norm = random->Vector(c.hidden, 1.0f, 0.3f, &norm_);
    w->q = random->Matrix(gqa.q_dim(), c.hidden, gqa.q_bias, &q_);
    w->k = random->Matrix(gqa.kv_dim(), c.hidden, gqa.k_bias, &k_);
    w->v = random->Matrix(gqa.kv_dim(), c.hidden, gqa.v_bias, &v_);
    w->o = random->Matrix(c.hidden, gqa.q_dim(), gqa.o_bias, &o_);
    if (gqa.qk_norm == QkNorm::kHeadPreRope) {
      w->q_norm = random->Vector(gqa.head_dim, 1.0f, 0.3f, &q_norm_);
      w->k_norm = random->Vector(gqa.head_dim, 1.0f, 0.3f, &k_norm_);
    }
  }

  // The output of one row; keys (positions, g, D) and values grow by the row's own.
  Doubles Row(const Doubles& x, const Doubles& cos, const Doubles& sin, Doubles* keys,
              Doubles* values) const {
    const GqaSpec& gqa = c_.gqa;
    const int64_t dim = gqa.head_dim;
    Doubles normed(c_.hidden), q(gqa.q_dim()), k(gqa.kv_dim()), v(gqa.kv_dim());
    ref::RmsNorm(x.data(), norm_.data(), c_.hidden, kEps, normed.data());
    Project(normed, q_, &q);
    Project(normed, k_, &k);
    Project(normed, v_, &v);
    Prepare(q_norm_, cos, sin, &q);
    Prepare(k_norm_, cos, sin, &k);
    keys->insert(keys->end(), k.begin(), k.end());
    values->insert(values->end(), v.begin(), v.end());

    const int64_t end = static_cast<int64_t>(keys->size()) / gqa.kv_dim();
    const int64_t begin = gqa.window > 0 ? std::max<int64_t>(0, end - gqa.window) : 0;
    Doubles attended(gqa.q_dim());
    for (int h = 0; h < gqa.n_heads; ++h) {
      Doubles head_keys, head_values;
      for (int64_t p = begin; p < end; ++p) {
        const int64_t at = (p * gqa.n_kv_heads + h / gqa.group()) * dim;
        head_keys.insert(head_keys.end(), &(*keys)[at], &(*keys)[at] + dim);
        head_values.insert(head_values.end(), &(*values)[at], &(*values)[at] + dim);
      }
      ref::Attention<double>(&q[h * dim], head_keys.data(), head_values.data(), end - begin, dim,
                             dim, gqa.scale, 0.0, nullptr, &attended[h * dim]);
    }
    Doubles out(c_.hidden);
    Project(attended, o_, &out);
    return out;
  }

  static constexpr double kEps = 1e-3f;

 private:
  static void Project(const Doubles& x, const Oracle& matrix, Doubles* y) {
    ref::Matmul(x.data(), matrix.w.data(), matrix.bias_or_null(), 1,
                static_cast<int64_t>(y->size()), static_cast<int64_t>(x.size()), y->data());
  }

  void Prepare(const Doubles& norm, const Doubles& cos, const Doubles& sin, Doubles* heads) const {
    for (size_t at = 0; at < heads->size(); at += c_.gqa.head_dim) {
      double* head = heads->data() + at;
      if (!norm.empty()) ref::RmsNorm(head, norm.data(), c_.gqa.head_dim, kEps, head);
      ref::Rope(head, cos.data(), sin.data(), static_cast<int64_t>(cos.size()), c_.interleaved);
    }
  }

  const GqaCase& c_;
  Doubles norm_, q_norm_, k_norm_;
  Oracle q_, k_, v_, o_;
};

// Two ropes, of which the block uses the second; two layers, of which it is one.
void MakeSpec(const GqaCase& c, ModelSpec* spec) {
  spec->hidden = c.hidden;
  spec->norm_eps = static_cast<float>(GqaOracle::kEps);
  spec->ropes = {{.rotary_dim = 2},
                 {.interleaved = c.interleaved, .rotary_dim = c.rotary_dim, .theta = 30.0}};
  LayerSpec other;
  other.gqa = {.n_heads = 2, .n_kv_heads = 1, .head_dim = 4};
  spec->layers.assign(2, other);
  spec->layers[c.layer].gqa() = c.gqa;
  spec->layers[c.layer].gqa().rope = 1;
}

// Sequences of 70 positions (more than a page) and of 9, in batches that mix them.
void CheckAgainstOracle(const GqaCase& c, Isa isa, int threads) {
  SCOPED_TRACE(testing::Message() << c.name << " " << IsaName(isa) << " threads " << threads);
  BlockModel random(static_cast<uint32_t>(c.hidden * 31 + c.gqa.n_heads));
  Model& model = random.model;
  MakeSpec(c, &model.spec);
  model.weights.layers.resize(2);
  const GqaOracle oracle(c, &random, &model.weights.layers[c.layer].gqa());

  const int64_t lengths[] = {70, 9};
  std::vector<BatchRow> order;
  for (int64_t p = 0; p < lengths[0]; ++p) {
    order.push_back({.sequence = 0, .position = p});
    if (p % 8 == 3 && p / 8 < lengths[1]) order.push_back({.sequence = 1, .position = p / 8});
  }
  ThreadTeam team(threads);
  constexpr int64_t kMaxRows = 32;
  BlockPass pass(model, team, isa, c.kv_type, kMaxRows);
  std::vector<AlignedBuffer<uint8_t>> memory;
  for (int p = 0; p < 3; ++p) memory.emplace_back(pass.state.kv.page_bytes);
  uint8_t* long_pages[] = {memory[0].data(), memory[1].data()};
  uint8_t* short_pages[] = {memory[2].data()};
  uint8_t* const* const pages[] = {long_pages, short_pages};
  std::vector<Step> steps;
  AppendGqaSteps(c.layer, &steps);

  const double tolerance = c.kv_type == KvType::kF32 ? 1e-5 : 1e-2;
  const int64_t half = c.rotary_dim / 2;
  Doubles keys[2], values[2];
  for (size_t begin = 0; begin < order.size(); begin += kMaxRows) {
    const size_t end = std::min(order.size(), begin + kMaxRows);
    const std::vector<BatchRow> rows(order.begin() + begin, order.begin() + end);
    const int64_t n = static_cast<int64_t>(rows.size());
    for (int64_t r = 0; r < n; ++r) {
      for (int64_t i = 0; i < half; ++i) {
        const double angle = rows[r].position * std::pow(30.0, -2.0 * i / c.rotary_dim);
        pass.state.cos[1][r * half + i] = static_cast<float>(std::cos(angle));
        pass.state.sin[1][r * half + i] = static_cast<float>(std::sin(angle));
      }
    }
    const std::vector<float> x = random.Random(n * c.hidden, 0.0f, 1.0f);
    const std::vector<float> delta = random.Random(n * c.hidden, 0.0f, 1.0f);
    pass.Run(steps, {.rows = rows, .pages = pages}, x, delta);

    for (int64_t r = 0; r < n; ++r) {
      SCOPED_TRACE(testing::Message()
                   << "sequence " << rows[r].sequence << " position " << rows[r].position);
      Doubles sum(c.hidden);  // the first layer finds nothing to add
      for (int64_t i = 0; i < c.hidden; ++i) {
        sum[i] = double{x[r * c.hidden + i]} + (c.layer > 0 ? delta[r * c.hidden + i] : 0.0f);
      }
      const float* cos = pass.state.cos[1].data() + r * half;
      const float* sin = pass.state.sin[1].data() + r * half;
      const int s = rows[r].sequence;
      const Doubles out =
          oracle.Row(sum, {cos, cos + half}, {sin, sin + half}, &keys[s], &values[s]);
      ExpectRowNear(pass.state.delta.data() + r * c.hidden, out.data(), c.hidden, tolerance);
      ExpectRowNear(pass.state.x.data() + r * c.hidden, sum.data(), c.hidden, 1e-7);
    }
  }
}

std::vector<GqaCase> Cases() {
  const GqaSpec one = {.n_heads = 3, .n_kv_heads = 3, .head_dim = 6, .scale = 0.4f};
  const GqaSpec seven = {.n_heads = 14, .n_kv_heads = 2, .head_dim = 20, .scale = 0.3f};
  std::vector<GqaCase> cases = {{"group 1", 13, one, 6},
                                {"group 7", 47, seven, 20},
                                {"interleaved", 13, one, 6, true},
                                {"part of the head turned", 13, one, 4},
                                {"first layer", 13, one, 6, false, 0},
                                {"bf16 keys and values", 47, seven, 20}};
  cases.back().kv_type = KvType::kBf16;
  const auto add = [&](const char* name, auto change) {
    GqaCase c{name, 13, one, 6};
    change(&c.gqa);
    cases.push_back(c);
  };
  add("q bias", [](GqaSpec* g) { g->q_bias = true; });
  add("k bias", [](GqaSpec* g) { g->k_bias = true; });
  add("v bias", [](GqaSpec* g) { g->v_bias = true; });
  add("o bias", [](GqaSpec* g) { g->o_bias = true; });
  add("q and k norms", [](GqaSpec* g) { g->qk_norm = QkNorm::kHeadPreRope; });
  add("window 1", [](GqaSpec* g) { g->window = 1; });
  add("window 5", [](GqaSpec* g) { g->window = 5; });
  add("window of a page", [](GqaSpec* g) { g->window = 64; });
  add("window longer than all", [](GqaSpec* g) { g->window = 1000; });
  add("everything", [](GqaSpec* g) {
    g->n_heads = 6;
    g->n_kv_heads = 2;
    g->q_bias = g->k_bias = g->v_bias = g->o_bias = true;
    g->qk_norm = QkNorm::kHeadPreRope;
    g->window = 11;
  });
  return cases;
}

TEST(Gqa, EqualsTheOracle) {
  for (const GqaCase& c : Cases()) {
    for (const Isa isa : SupportedIsas()) CheckAgainstOracle(c, isa, 1);
    CheckAgainstOracle(c, BestIsa(), 3);
  }
}

}  // namespace
}  // namespace frugal
