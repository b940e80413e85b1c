#include "model/blocks/mla.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 19;
constexpr int64_t kAlways = 1;  // ForwardOptions::expand_rows
constexpr int64_t kNever = 1 << 20;
const std::vector<int64_t> kLengths = {70, 9};  // more than a page, and less

struct MlaCase {
  const char* name;
  MlaSpec mla;
  bool interleaved = true;
  KvType kv_type = KvType::kF32;
  bool ordered = false;  // q_b and o in activation order
};

// Appends k columns of a row of normal numbers; `transposed` packs the matrix's columns as rows.
PackedMatrix HeadMatrix(BlockModel* random, int64_t n, int64_t k, bool transposed, Oracle* oracle) {
  const Floats values = random->Random(n * k, 0.0f, 1.0f / std::sqrt(static_cast<float>(k)));
  oracle->w.assign(values.begin(), values.end());
  if (!transposed) return random->PackFloats(values, n, k);
  Floats turned(values.size());
  for (int64_t r = 0; r < n; ++r) {
    for (int64_t c = 0; c < k; ++c) turned[c * n + r] = values[r * k + c];
  }
  return random->PackFloats(turned, k, n);
}

// Multi-head latent attention as section 2.1 of DeepSeek-V2 defines it: every head's keys and
// values are formed and attended to.
class MlaOracle {
 public:
  // The layer's weights in the model, and the same here.
  MlaOracle(BlockModel* random, int layer, bool ordered)
      : spec_(random->model.spec), mla_(*spec_.layers[layer].mla()) {
    const int64_t q_dim = int64_t{mla_.n_heads} * mla_.qk_head_dim();
    const int64_t rank = mla_.kv_lora_rank;
    MlaWeights w;
    if (mla_.q_lora_rank > 0) {
      w.q_a = random->Matrix(mla_.q_lora_rank, kHidden, mla_.bias, &q_a_);
      w.q_a_norm = random->Norm(mla_.q_lora_rank, &q_a_norm_);
    }
    const int64_t q_in = mla_.q_lora_rank > 0 ? mla_.q_lora_rank : kHidden;
    w.q = Projection(random, q_dim, q_in, false, ordered, &q_);
    w.kv_a = random->Matrix(mla_.latent_dim(), kHidden, mla_.bias, &kv_a_);
    w.kv_a_norm = random->Norm(rank, &kv_a_norm_);
    w.k_b_transposed = mla_.split_kv_b;
    k_b_.resize(mla_.n_heads);
    v_b_.resize(mla_.n_heads);
    for (int h = 0; h < mla_.n_heads; ++h) {
      w.k_b.push_back(HeadMatrix(random, mla_.qk_nope_head_dim, rank, mla_.split_kv_b, &k_b_[h]));
      w.v_b.push_back(HeadMatrix(random, mla_.v_head_dim, rank, false, &v_b_[h]));
    }
    w.o = Projection(random, kHidden, int64_t{mla_.n_heads} * mla_.v_head_dim, mla_.bias, ordered,
                     &o_);
    random->model.weights.layers[layer].mixer = w;
  }

  // (positions, hidden) of one sequence.
  Doubles Sequence(const SequenceRows& inputs, size_t sequence, int64_t length) const {
    const RopeSpec& rope = spec_.ropes[mla_.rope];
    const int64_t nope = mla_.qk_nope_head_dim;
    const int64_t dim = mla_.qk_head_dim();
    const int64_t v_dim = mla_.v_head_dim;
    std::vector<Doubles> keys(mla_.n_heads), values(mla_.n_heads);
    Doubles outputs;
    for (int64_t p = 0; p < length; ++p) {
      const Doubles x = RowOf(inputs, kHidden, sequence, p);
      Doubles q = mla_.q_lora_rank > 0 ? q_(Normed(q_a_(x), q_a_norm_)) : q_(x);
      const Doubles kv_a = kv_a_(x);
      const auto rank_end = kv_a.begin() + mla_.kv_lora_rank;
      const Doubles latent = Normed(Doubles(kv_a.begin(), rank_end), kv_a_norm_);
      Doubles roped(rank_end, kv_a.end());
      RopeOracle(rope, p, roped.data());
      Doubles attended(mla_.n_heads * v_dim);
      for (int h = 0; h < mla_.n_heads; ++h) {
        RopeOracle(rope, p, &q[h * dim + nope]);
        const Doubles key = k_b_[h](latent);
        const Doubles value = v_b_[h](latent);
        keys[h].insert(keys[h].end(), key.begin(), key.end());
        keys[h].insert(keys[h].end(), roped.begin(), roped.end());
        values[h].insert(values[h].end(), value.begin(), value.end());
        ref::Attention<double>(&q[h * dim], keys[h].data(), values[h].data(), p + 1, dim, v_dim,
                               mla_.scale, 0.0, nullptr, &attended[h * v_dim]);
      }
      const Doubles out = o_(attended);
      outputs.insert(outputs.end(), out.begin(), out.end());
    }
    return outputs;
  }

 private:
  static Linear Projection(BlockModel* random, int64_t n, int64_t k, bool bias, bool ordered,
                           Oracle* oracle) {
    if (!ordered) return random->Matrix(n, k, bias, oracle);
    return random->MatrixInOrder(n, k, bias, random->Order(k), oracle);
  }

  const ModelSpec& spec_;
  const MlaSpec mla_;
  Doubles q_a_norm_, kv_a_norm_;
  Oracle q_, q_a_, kv_a_, o_;
  std::vector<Oracle> k_b_, v_b_;
};

std::vector<MlaCase> Cases() {
  const MlaSpec plain = {.n_heads = 3,
                         .kv_lora_rank = 20,
                         .qk_nope_head_dim = 10,
                         .qk_rope_head_dim = 6,
                         .v_head_dim = 7,
                         .scale = 0.3f,
                         .rope = 1};
  std::vector<MlaCase> cases;
  const auto add = [&](const char* name, auto change) {
    cases.push_back({name, plain});
    change(&cases.back());
  };
  add("plain", [](MlaCase*) {});
  add("q through a latent", [](MlaCase* c) { c->mla.q_lora_rank = 12; });
  add("k_b transposed", [](MlaCase* c) { c->mla.split_kv_b = true; });
  add("k_b transposed, wider than the latent", [](MlaCase* c) {
    c->mla.split_kv_b = true;
    c->mla.qk_nope_head_dim = 33;
    c->mla.kv_lora_rank = 16;
  });
  add("halves turned", [](MlaCase* c) { c->interleaved = false; });
  add("biases, q through a latent", [](MlaCase* c) {
    c->mla.bias = true;
    c->mla.q_lora_rank = 5;
  });
  add("more heads than attend together", [](MlaCase* c) {
    c->mla.n_heads = 11;
    c->mla.q_lora_rank = 12;
  });
  add("values wider than keys", [](MlaCase* c) { c->mla.v_head_dim = 35; });
  // The widest input of all: a row's copy in order needs the room.
  add("activation order, a wide latent of q", [](MlaCase* c) {
    c->ordered = true;
    c->mla.q_lora_rank = 200;
  });
  add("bf16 cache", [](MlaCase* c) { c->kv_type = KvType::kBf16; });
  add("bf16 cache, k_b transposed", [](MlaCase* c) {
    c->kv_type = KvType::kBf16;
    c->mla.split_kv_b = true;
  });
  return cases;
}

// A model whose layer 1 of 2 is the block; layer 0 is MLA too, so that its cache comes first.
void MakeSpec(const MlaCase& c, ModelSpec* spec) {
  spec->ropes = {
      {.rotary_dim = 2},
      {.interleaved = c.interleaved, .rotary_dim = c.mla.qk_rope_head_dim, .theta = kBlockTheta}};
  spec->layers[1].mixer = c.mla;
}

std::vector<Step> Steps() {
  std::vector<Step> steps;
  AppendMlaSteps(1, &steps);
  return steps;
}

ForwardOptions Options(const MlaCase& c, Isa isa, int64_t expand_rows) {
  return {
      .isa = isa, .exact = true, .kv_type = c.kv_type, .max_rows = 80, .expand_rows = expand_rows};
}

// Both forms equal the definition, hence each other; within a form nothing changes a bit.
TEST(Mla, EqualsTheDefinitionInBothForms) {
  for (const MlaCase& c : Cases()) {
    BlockModel random(static_cast<uint32_t>(c.mla.n_heads + c.mla.kv_lora_rank), kHidden, 2);
    MakeSpec(c, &random.model.spec);
    const MlaOracle oracle(&random, 1, c.ordered);
    const SequenceRows inputs = RandomSequences(&random, kLengths);
    const std::vector<Doubles> expected = {oracle.Sequence(inputs, 0, kLengths[0]),
                                           oracle.Sequence(inputs, 1, kLengths[1])};
    // A bf16 cache rounds latents in one form, and in the other the keys and values besides.
    const bool exact_cache = c.kv_type == KvType::kF32;
    for (const Isa isa : SupportedIsas()) {
      SequenceRows forms[2];
      for (const int64_t expand_rows : {kNever, kAlways}) {
        SCOPED_TRACE(testing::Message()
                     << c.name << " " << IsaName(isa) << " expand_rows " << expand_rows);
        SequenceRows& first = forms[expand_rows == kAlways];
        for (const int threads : {1, 3}) {
          ThreadTeam team(threads);
          for (const std::vector<int64_t>& chunks :
               {std::vector<int64_t>{70, 9}, {1, 1}, {7, 2}, {64, 1}}) {
            const SequenceRows out = RunSequences(random.model, team, Options(c, isa, expand_rows),
                                                  Steps(), 1, inputs, InTurns(kLengths, chunks));
            if (first.empty()) {
              EXPECT_LE(LargestError(out, expected, kHidden), exact_cache ? 3e-6 : 2e-2);
              first = out;
            }
            EXPECT_EQ(out, first) << "chunks " << chunks[0] << " threads " << threads;
            if (threads > 1 || isa == Isa::kScalar) break;
          }
        }
      }
      if (!exact_cache) continue;
      const std::vector<Doubles> absorbed = {Doubles(forms[0][0].begin(), forms[0][0].end()),
                                             Doubles(forms[0][1].begin(), forms[0][1].end())};
      EXPECT_LE(LargestError(forms[1], absorbed, kHidden), 1e-5) << c.name;
    }
  }
}

// In one batch a long run of one sequence is expanded and a short one of another is not.
TEST(Mla, FormsMixInABatch) {
  const MlaCase c = Cases()[1];
  BlockModel random(3, kHidden, 2);
  MakeSpec(c, &random.model.spec);
  const MlaOracle oracle(&random, 1, false);
  const SequenceRows inputs = RandomSequences(&random, kLengths);
  ThreadTeam team(2);
  const auto run = [&](int64_t expand_rows, const Schedule& schedule) {
    return RunSequences(random.model, team, Options(c, BestIsa(), expand_rows), Steps(), 1, inputs,
                        schedule);
  };
  const Schedule whole = InTurns(kLengths, {70, 9});
  const SequenceRows absorbed = run(kNever, whole);
  const SequenceRows expanded = run(kAlways, whole);
  EXPECT_NE(absorbed, expanded);  // by rounding
  const SequenceRows mixed =
      run(8, {{{0, 40}, {1, 3}}, {{1, 3}, {0, 8}}, {{1, 1}}, {{0, 22}, {1, 2}}});
  EXPECT_EQ(mixed[0], expanded[0]);
  EXPECT_EQ(mixed[1], absorbed[1]);
}

}  // namespace
}  // namespace frugal
