#include "model/forward_state.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 20;

TEST(Allocate, BuffersFitTheWidestLayer) {
  BlockModel random(1, kHidden, 5);
  ModelSpec& spec = random.model.spec;
  std::vector<LayerWeights>& weights = random.model.weights.layers;
  spec.ropes = {{.rotary_dim = 6}, {.rotary_dim = 10}};
  spec.layers[0].mixer = GqaSpec{.n_heads = 6, .n_kv_heads = 3, .head_dim = 8, .output_gate = true};
  spec.layers[0].ffn = FfnSpec{.d_ff = 33};
  spec.layers[1].mixer = MlaSpec{.n_heads = 3,
                                 .q_lora_rank = 90,
                                 .kv_lora_rank = 16,
                                 .qk_nope_head_dim = 20,
                                 .qk_rope_head_dim = 6,
                                 .v_head_dim = 40};
  MlaWeights mla;
  Oracle unused;
  mla.k_b = {random.Matrix(20, 16, false, &unused).w};
  mla.v_b = {random.Matrix(40, 16, false, &unused).w};
  weights[1].mixer = mla;
  spec.layers[1].ffn = MoeSpec{.n_experts = 9, .top_k = 4, .expert = {.d_ff = 14}, .shared = {}};
  weights[1].ffn = MoeWeights{};
  spec.layers[2].mixer = GatedDeltaSpec{
      .n_k_heads = 2, .n_v_heads = 6, .k_head_dim = 25, .v_head_dim = 30, .conv_kernel = 4};
  weights[2].mixer = GatedDeltaWeights{};
  spec.layers[3].mixer = LightningSpec{.n_heads = 2, .head_dim = 11, .decay = {1.0f, 1.0f}};
  weights[3].mixer = LightningWeights{};

  ThreadTeam team(3);
  BlockPass pass(random.model, team, {.isa = Isa::kScalar, .exact = true, .max_rows = 7});
  const ForwardState& s = pass.state;
  EXPECT_EQ(s.x.size(), 7 * kHidden);
  EXPECT_EQ(s.delta.size(), 7 * kHidden);
  EXPECT_EQ(s.q.size(), 7 * 78);  // MLA's 3·26; the delta net's keys are 50
  EXPECT_EQ(s.k.size(), 7 * 50);
  EXPECT_EQ(s.v.size(), 7 * 180);
  EXPECT_EQ(s.mixer_gate.size(), 7 * 180);
  EXPECT_EQ(s.beta.size(), 7 * 12);
  EXPECT_EQ(s.attended.size(), 7 * 180);
  EXPECT_EQ(s.gate.size(), 7 * 33);
  EXPECT_EQ(s.up.size(), 7 * 33);
  EXPECT_EQ(s.mla.q_a.size(), 7 * 90);
  EXPECT_EQ(s.mla.kv_a.size(), 7 * 22);
  EXPECT_EQ(s.mla.query.size(), 7 * 3 * 22);
  EXPECT_EQ(s.mla.mean.size(), 7 * 3 * 16);
  EXPECT_EQ(s.moe.logits.size(), 7 * 9);
  EXPECT_EQ(s.moe.chosen.size(), 28u);
  EXPECT_EQ(s.moe.expert_begin.size(), 10u);
  EXPECT_EQ(s.moe.gate.size(), 28 * 14);
  EXPECT_EQ(s.moe.out.size(), 28 * kHidden);
  ASSERT_EQ(s.cos.size(), 2u);
  EXPECT_EQ(s.cos[1].size(), 7 * 5);
  EXPECT_EQ(s.sin[0].size(), 7 * 3);
  ASSERT_EQ(s.scratch.size(), 3u);
  ASSERT_EQ(s.ordered.size(), 3u);
  EXPECT_GE(s.ordered[2].size(), 180);
  EXPECT_EQ(s.mla.inputs.size(), 3u);
}

// A copy of any weight's input fits `ordered`, the latent of q's too.
TEST(Allocate, OrderedFitsALatentWiderThanAllElse) {
  BlockModel random(1, kHidden, 1);
  random.model.spec.ropes = {{.rotary_dim = 2}};
  random.model.spec.layers[0].mixer = MlaSpec{.n_heads = 1,
                                              .q_lora_rank = 500,
                                              .kv_lora_rank = 4,
                                              .qk_nope_head_dim = 3,
                                              .qk_rope_head_dim = 2,
                                              .v_head_dim = 3};
  MlaWeights mla;
  Oracle unused;
  mla.k_b = {random.Matrix(3, 4, false, &unused).w};
  mla.v_b = {random.Matrix(3, 4, false, &unused).w};
  random.model.weights.layers[0].mixer = mla;
  ThreadTeam team(1);
  BlockPass pass(random.model, team, {.isa = Isa::kScalar, .exact = true, .max_rows = 1});
  EXPECT_GE(pass.state.ordered[0].size(), 500);
}

TEST(SetBatch, FindsRunsAndRowsThatWantLogits) {
  BlockModel random(1, kHidden, 1);
  ThreadTeam team(1);
  BlockPass pass(random.model, team, {.isa = Isa::kScalar, .exact = true, .max_rows = 8});
  const std::vector<BatchRow> rows = {
      {.sequence = 2, .position = 5},
      {.sequence = 2, .position = 6, .wants_logits = true},
      {.sequence = 0, .position = 0, .wants_logits = true},
      {.sequence = 1, .position = 9},
      {.sequence = 1, .position = 10},
      {.sequence = 1, .position = 11, .wants_logits = true},
  };
  for (int repeat = 0; repeat < 2; ++repeat) {  // nothing of the batch before is left
    SetBatch(&pass.state, {.rows = rows});
    EXPECT_EQ(pass.state.rows(), 6);
    EXPECT_EQ(pass.state.logit_rows, (std::vector<int64_t>{1, 2, 5}));
    ASSERT_EQ(pass.state.runs.size(), 3u);
    const RowRun expected[] = {{2, 0, 2}, {0, 2, 1}, {1, 3, 3}};
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(pass.state.runs[i].sequence, expected[i].sequence);
      EXPECT_EQ(pass.state.runs[i].first, expected[i].first);
      EXPECT_EQ(pass.state.runs[i].count, expected[i].count);
    }
  }
}

// Jobs of different heights, one of them of no weight, over more threads than panels.
TEST(RunMatmuls, SplitsAllJobsOverTheThreads) {
  constexpr int64_t kRows = 4;
  BlockModel random(2, kHidden, 1);
  Oracle gate, up, router;
  FfnWeights& ffn = std::get<FfnWeights>(random.model.weights.layers[0].ffn);
  ffn.gate = random.Matrix(45, kHidden, true, &gate);
  ffn.up = random.Matrix(3, kHidden, false, &up);
  const Linear third = random.Matrix(17, kHidden, false, &router);
  const Linear none;
  const SequenceRows x = RandomSequences(&random, {kRows});
  for (const int threads : {1, 2, 5, 9}) {
    ThreadTeam team(threads);
    BlockPass pass(random.model, team, {.isa = BestIsa(), .exact = true, .max_rows = kRows});
    for (int64_t r = 0; r < kRows; ++r) pass.SetNormed(0, r, &x[0][r * kHidden]);
    Floats a(kRows * 45), b(kRows * 5, -1.0f), c(kRows * 17);
    const MatmulJob jobs[] = {{&ffn.gate, &pass.state.normed, a.data(), 45},
                              {&none, &pass.state.normed, nullptr, 0},
                              {&ffn.up, &pass.state.normed, b.data(), 5},
                              {&third, &pass.state.normed, c.data(), 17}};
    team.Run([&](int) { RunMatmuls(pass.state, 0, jobs, kRows); });
    for (int64_t r = 0; r < kRows; ++r) {
      const Doubles row = RowOf(x, kHidden, 0, r);
      ExpectRowNear(&a[r * 45], gate(row).data(), 45, 1e-6);
      ExpectRowNear(&b[r * 5], up(row).data(), 3, 1e-6);
      ExpectRowNear(&c[r * 17], router(row).data(), 17, 1e-6);
      EXPECT_EQ(b[r * 5 + 3], -1.0f) << "written between the rows";
    }
    team.Run([&](int) { RunMatmuls(pass.state, 0, jobs, 0); });  // no rows
  }
}

}  // namespace
}  // namespace frugal
