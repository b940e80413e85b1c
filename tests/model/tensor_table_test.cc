#include "model/tensor_table.h"

#include <set>

#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// hidden 16, ffn 24, 4 heads on 2, head_dim 6, vocab 40, everything that a row can depend on.
ModelSpec FullSpec() {
  ModelSpec spec{.family = "llama", .hidden = 16, .vocab = 40};
  spec.ropes = {{.rotary_dim = 6}};
  LayerSpec layer;
  layer.gqa() = {.n_heads = 4,
                 .n_kv_heads = 2,
                 .head_dim = 6,
                 .q_bias = true,
                 .k_bias = true,
                 .v_bias = true,
                 .o_bias = true,
                 .qk_norm = QkNorm::kHeadPreRope};
  layer.glu() = {.d_ff = 24, .bias = true};
  spec.layers.assign(2, layer);
  return spec;
}

const TensorDesc* FindRow(const std::vector<TensorDesc>& table, Role role, int layer) {
  for (const TensorDesc& row : table) {
    if (row.role == role && row.layer == layer) return &row;
  }
  return nullptr;
}

TEST(TensorTable, NamesAndShapesOfEveryRole) {
  struct Row {
    Role role;
    int layer;
    const char* gguf;
    const char* hf;
    Shape shape;
  };
  const Row rows[] = {
      {Role::kEmbedding, -1, "token_embd.weight", "model.embed_tokens.weight", {40, 16}},
      {Role::kOutputNorm, -1, "output_norm.weight", "model.norm.weight", {16}},
      {Role::kOutput, -1, "output.weight", "lm_head.weight", {40, 16}},
      {Role::kRopeFactors, -1, "rope_freqs.weight", "", {3}},
      {Role::kMixerNorm,
       1,
       "blk.1.attn_norm.weight",
       "model.layers.1.input_layernorm.weight",
       {16}},
      {Role::kAttnQ, 1, "blk.1.attn_q.weight", "model.layers.1.self_attn.q_proj.weight", {24, 16}},
      {Role::kAttnK, 1, "blk.1.attn_k.weight", "model.layers.1.self_attn.k_proj.weight", {12, 16}},
      {Role::kAttnV, 1, "blk.1.attn_v.weight", "model.layers.1.self_attn.v_proj.weight", {12, 16}},
      {Role::kAttnO,
       1,
       "blk.1.attn_output.weight",
       "model.layers.1.self_attn.o_proj.weight",
       {16, 24}},
      {Role::kAttnQBias, 1, "blk.1.attn_q.bias", "model.layers.1.self_attn.q_proj.bias", {24}},
      {Role::kAttnKBias, 1, "blk.1.attn_k.bias", "model.layers.1.self_attn.k_proj.bias", {12}},
      {Role::kAttnVBias, 1, "blk.1.attn_v.bias", "model.layers.1.self_attn.v_proj.bias", {12}},
      {Role::kAttnOBias, 1, "blk.1.attn_output.bias", "model.layers.1.self_attn.o_proj.bias", {16}},
      {Role::kAttnQNorm,
       1,
       "blk.1.attn_q_norm.weight",
       "model.layers.1.self_attn.q_norm.weight",
       {6}},
      {Role::kAttnKNorm,
       1,
       "blk.1.attn_k_norm.weight",
       "model.layers.1.self_attn.k_norm.weight",
       {6}},
      {Role::kFfnNorm,
       1,
       "blk.1.ffn_norm.weight",
       "model.layers.1.post_attention_layernorm.weight",
       {16}},
      {Role::kFfnGate, 1, "blk.1.ffn_gate.weight", "model.layers.1.mlp.gate_proj.weight", {24, 16}},
      {Role::kFfnUp, 1, "blk.1.ffn_up.weight", "model.layers.1.mlp.up_proj.weight", {24, 16}},
      {Role::kFfnDown, 1, "blk.1.ffn_down.weight", "model.layers.1.mlp.down_proj.weight", {16, 24}},
      {Role::kFfnGateBias, 1, "blk.1.ffn_gate.bias", "model.layers.1.mlp.gate_proj.bias", {24}},
      {Role::kFfnUpBias, 1, "blk.1.ffn_up.bias", "model.layers.1.mlp.up_proj.bias", {24}},
      {Role::kFfnDownBias, 1, "blk.1.ffn_down.bias", "model.layers.1.mlp.down_proj.bias", {16}},
  };
  const std::vector<TensorDesc> table = DecoderTensors(FullSpec());
  EXPECT_EQ(table.size(), 4u + 2 * 18u);
  for (const Row& row : rows) {
    const TensorDesc* found = FindRow(table, row.role, row.layer);
    ASSERT_NE(found, nullptr) << row.gguf;
    EXPECT_EQ(found->gguf.name, row.gguf);
    EXPECT_EQ(found->hf.name, row.hf);
    EXPECT_EQ(found->shape, row.shape) << row.gguf;
    EXPECT_EQ(found->required, row.role != Role::kRopeFactors) << row.gguf;
  }
}

TEST(TensorTable, RowsFollowTheSpec) {
  ModelSpec spec = FullSpec();
  spec.tied_embedding = true;
  EXPECT_EQ(FindRow(DecoderTensors(spec), Role::kOutput, -1), nullptr);
  // One layer may differ from the next.
  spec.layers[1].gqa().q_bias = false;
  spec.layers[1].gqa().qk_norm = QkNorm::kNone;
  spec.layers[1].glu() = {.d_ff = 32};
  const std::vector<TensorDesc> table = DecoderTensors(spec);
  EXPECT_NE(FindRow(table, Role::kAttnQBias, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnQBias, 1), nullptr);
  EXPECT_NE(FindRow(table, Role::kAttnKBias, 1), nullptr);
  EXPECT_NE(FindRow(table, Role::kAttnQNorm, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnQNorm, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kFfnUpBias, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kFfnDown, 1)->shape, (Shape{16, 32}));
}

TEST(TensorTable, CountsWhatTheHuggingFaceFormHolds) {
  ModelSpec spec = FullSpec();
  const int64_t attention = 16 + 24 * 16 + 2 * 12 * 16 + 16 * 24 + 24 + 12 + 12 + 16 + 6 + 6;
  const int64_t glu = 16 + 3 * 24 * 16 + 24 + 24 + 16;
  EXPECT_EQ(CountParameters(spec, DecoderTensors(spec)), 2 * 40 * 16 + 16 + 2 * (attention + glu));
  spec.tied_embedding = true;
  EXPECT_EQ(CountParameters(spec, DecoderTensors(spec)), 40 * 16 + 16 + 2 * (attention + glu));
}

// ---- Parts of stored tensors ----------------------------------------------------------------

std::vector<int64_t> StoredRows(const RowSelect& rows, int64_t n) {
  std::vector<int64_t> stored;
  for (int64_t r = 0; r < n; ++r) stored.push_back(rows.StoredRow(r));
  return stored;
}

TEST(RowSelect, NamesTheStoredRow) {
  EXPECT_TRUE(RowSelect().whole());
  EXPECT_EQ(StoredRows({}, 3), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(StoredRows({1, 10, 4, 3}, 3), (std::vector<int64_t>{4, 5, 6}));
  EXPECT_EQ(StoredRows({3, 2, 1, 1}, 3), (std::vector<int64_t>{1, 3, 5}));
  EXPECT_EQ(StoredRows({2, 5, 1, 2}, 4), (std::vector<int64_t>{1, 2, 6, 7}));
}

void ExpectRows(const TensorDesc* desc, const std::string& name, int64_t groups, int64_t stride,
                int64_t begin, int64_t count) {
  ASSERT_NE(desc, nullptr) << name;
  EXPECT_EQ(desc->hf.name, name);
  const RowSelect& rows = desc->hf.rows;
  EXPECT_EQ((std::vector<int64_t>{rows.groups, rows.stride, rows.begin, rows.count}),
            (std::vector<int64_t>{groups, stride, begin, count}))
      << name;
  EXPECT_EQ(rows.whole() ? desc->shape[0] : rows.groups * rows.count,
            desc->shape[desc->shape.size() > 2 ? 1 : 0])
      << name;
}

TEST(TensorTable, FusedQkvIsThreeRowsOfOneTensor) {
  const ModelSpec spec = FullSpec();
  std::vector<TensorDesc> table;
  AddGqaTensors(LayerTable(spec, 1, &table), {.o = "dense", .qkv = "query_key_value"});
  const std::string stored = "model.layers.1.query_key_value.";
  ExpectRows(FindRow(table, Role::kAttnQ, 1), stored + "weight", 1, 48, 0, 24);
  ExpectRows(FindRow(table, Role::kAttnK, 1), stored + "weight", 1, 48, 24, 12);
  ExpectRows(FindRow(table, Role::kAttnV, 1), stored + "weight", 1, 48, 36, 12);
  ExpectRows(FindRow(table, Role::kAttnVBias, 1), stored + "bias", 1, 48, 36, 12);
  EXPECT_EQ(FindRow(table, Role::kAttnO, 1)->hf.name, "model.layers.1.dense.weight");
  EXPECT_TRUE(FindRow(table, Role::kAttnO, 1)->hf.rows.whole());
  // GGUF holds them apart.
  EXPECT_EQ(FindRow(table, Role::kAttnK, 1)->gguf.name, "blk.1.attn_k.weight");
  EXPECT_TRUE(FindRow(table, Role::kAttnK, 1)->gguf.rows.whole());
}

TEST(TensorTable, OutputGateAndSharedKeys) {
  ModelSpec spec = FullSpec();
  GqaSpec& gqa = spec.layers[1].gqa();
  gqa.output_gate = gqa.sinks = true;
  gqa.kv_layer = 0;
  gqa.qk_norm = QkNorm::kFullPreRope;
  spec.norm_plus_one = true;
  std::vector<TensorDesc> table;
  AddGqaTensors(LayerTable(spec, 1, &table, "layers."));
  const std::string stored = "layers.1.self_attn.q_proj.weight";
  ExpectRows(FindRow(table, Role::kAttnQ, 1), stored, 4, 12, 0, 6);
  ExpectRows(FindRow(table, Role::kAttnGate, 1), stored, 4, 12, 6, 6);
  EXPECT_EQ(FindRow(table, Role::kAttnK, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnV, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnKBias, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnKNorm, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kAttnQNorm, 1)->shape, (Shape{24}));
  EXPECT_EQ(FindRow(table, Role::kAttnQNorm, 1)->hf_load, Load::kPlusOne);
  EXPECT_EQ(FindRow(table, Role::kAttnQNorm, 1)->gguf_load, Load::kAsIs);
  EXPECT_EQ(FindRow(table, Role::kAttnSinks, 1)->shape, (Shape{4}));
  EXPECT_EQ(FindRow(table, Role::kAttnSinks, 1)->hf_load, Load::kAsIs);
}

TEST(TensorTable, FusedGateAndUp) {
  const ModelSpec spec = FullSpec();
  std::vector<TensorDesc> table;
  AddGluTensors(LayerTable(spec, 0, &table), {.gate_up = "mlp.gate_up_proj"});
  AddGluTensors(LayerTable(spec, 1, &table),
                {.gate_up = "mlp.gate_up_proj", .interleaved = true, .transposed = true});
  const std::string halves = "model.layers.0.mlp.gate_up_proj.";
  ExpectRows(FindRow(table, Role::kFfnGate, 0), halves + "weight", 1, 48, 0, 24);
  ExpectRows(FindRow(table, Role::kFfnUp, 0), halves + "weight", 1, 48, 24, 24);
  ExpectRows(FindRow(table, Role::kFfnUpBias, 0), halves + "bias", 1, 48, 24, 24);
  EXPECT_FALSE(FindRow(table, Role::kFfnUp, 0)->hf.transposed);
  const std::string turns = "model.layers.1.mlp.gate_up_proj.";
  ExpectRows(FindRow(table, Role::kFfnGate, 1), turns + "weight", 24, 2, 0, 1);
  ExpectRows(FindRow(table, Role::kFfnUp, 1), turns + "weight", 24, 2, 1, 1);
  ExpectRows(FindRow(table, Role::kFfnGateBias, 1), turns + "bias", 24, 2, 0, 1);
  // Matrices may be stored as (in, out); a bias has one dimension.
  EXPECT_TRUE(FindRow(table, Role::kFfnGate, 1)->hf.transposed);
  EXPECT_TRUE(FindRow(table, Role::kFfnDown, 1)->hf.transposed);
  EXPECT_FALSE(FindRow(table, Role::kFfnDownBias, 1)->hf.transposed);
  EXPECT_FALSE(FindRow(table, Role::kFfnGate, 1)->gguf.transposed);
}

TEST(TensorTable, NamesFromTheRootBeginWithASlash) {
  const ModelSpec spec = FullSpec();
  std::vector<TensorDesc> table;
  const TensorDesc& desc =
      LayerTable(spec, 1, &table).Add(Role::kAttnQ, "/all.{}", "/shared.weight", {2, 3});
  EXPECT_EQ(desc.gguf.name, "all.{}");
  EXPECT_EQ(desc.hf.name, "shared.weight");
  EXPECT_EQ(LayerTable(spec, 1, &table).Add(Role::kAttnK, "", "a", {2}).gguf.name, "");
}

// ---- Latent attention, experts, multi-token prediction --------------------------------------

ModelSpec MlaModel(int q_lora_rank, bool split_kv_b) {
  ModelSpec spec = FullSpec();
  for (LayerSpec& layer : spec.layers) {
    layer.mixer = MlaSpec{.n_heads = 3,
                          .q_lora_rank = q_lora_rank,
                          .kv_lora_rank = 8,
                          .qk_nope_head_dim = 5,
                          .qk_rope_head_dim = 2,
                          .v_head_dim = 4,
                          .bias = true,
                          .split_kv_b = split_kv_b};
  }
  return spec;
}

TEST(TensorTable, LatentAttention) {
  const ModelSpec spec = MlaModel(6, false);
  std::vector<TensorDesc> table;
  AddMlaTensors(LayerTable(spec, 1, &table));
  EXPECT_EQ(FindRow(table, Role::kMlaQA, 1)->shape, (Shape{6, 16}));
  EXPECT_EQ(FindRow(table, Role::kMlaQANorm, 1)->shape, (Shape{6}));
  EXPECT_EQ(FindRow(table, Role::kMlaQB, 1)->shape, (Shape{21, 6}));
  EXPECT_EQ(FindRow(table, Role::kMlaQABias, 1)->shape, (Shape{6}));
  EXPECT_EQ(FindRow(table, Role::kAttnQ, 1), nullptr);
  EXPECT_EQ(FindRow(table, Role::kMlaKvA, 1)->shape, (Shape{10, 16}));
  EXPECT_EQ(FindRow(table, Role::kMlaKvANorm, 1)->shape, (Shape{8}));
  EXPECT_EQ(FindRow(table, Role::kAttnO, 1)->shape, (Shape{16, 12}));
  // Each head's rows of kv_b: first its keys', then its values'.
  const std::string kv_b = "model.layers.1.self_attn.kv_b_proj.weight";
  ExpectRows(FindRow(table, Role::kMlaKB, 1), kv_b, 3, 9, 0, 5);
  ExpectRows(FindRow(table, Role::kMlaVB, 1), kv_b, 3, 9, 5, 4);
  EXPECT_EQ(FindRow(table, Role::kMlaKBTransposed, 1), nullptr);
}

TEST(TensorTable, LatentAttentionAsNewerGgufSplitsIt) {
  const ModelSpec spec = MlaModel(0, true);
  std::vector<TensorDesc> table;
  AddMlaTensors(LayerTable(spec, 0, &table));
  EXPECT_EQ(FindRow(table, Role::kAttnQ, 0)->shape, (Shape{21, 16}));
  EXPECT_EQ(FindRow(table, Role::kMlaQA, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kMlaQABias, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kMlaKB, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kMlaKBTransposed, 0)->shape, (Shape{3, 8, 5}));
  EXPECT_EQ(FindRow(table, Role::kMlaKBTransposed, 0)->gguf.name, "blk.0.attn_k_b.weight");
  EXPECT_EQ(FindRow(table, Role::kMlaVB, 0)->shape, (Shape{3, 4, 8}));
  EXPECT_EQ(FindRow(table, Role::kMlaVB, 0)->gguf.name, "blk.0.attn_v_b.weight");
}

MoeSpec Experts() {
  return {.n_experts = 5,
          .top_k = 2,
          .expert = {.d_ff = 7, .bias = true},
          .router = {.logit_bias = true, .select_bias = true},
          .shared = FfnSpec{.d_ff = 9},
          .shared_gate = true};
}

TEST(TensorTable, ExpertsAreATensorEachOrOneStack) {
  ModelSpec spec = FullSpec();
  spec.layers[1].ffn = Experts();
  std::vector<TensorDesc> table;
  AddFfnTensors(LayerTable(spec, 0, &table));
  AddFfnTensors(LayerTable(spec, 1, &table));
  EXPECT_NE(FindRow(table, Role::kFfnGate, 0), nullptr);  // the first layer is dense
  EXPECT_EQ(FindRow(table, Role::kRouter, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kFfnGate, 1), nullptr);
  const auto expect = [&](Role role, const char* gguf, const char* hf, const Shape& shape) {
    const TensorDesc* desc = FindRow(table, role, 1);
    ASSERT_NE(desc, nullptr) << gguf;
    EXPECT_EQ(desc->gguf.name, std::string("blk.1.") + gguf);
    EXPECT_EQ(desc->hf.name, std::string("model.layers.1.mlp.") + hf);
    EXPECT_EQ(desc->shape, shape) << gguf;
  };
  expect(Role::kRouter, "ffn_gate_inp.weight", "gate.weight", {5, 16});
  expect(Role::kRouterBias, "ffn_gate_inp.bias", "router.bias", {5});
  expect(Role::kRouterSelectBias, "exp_probs_b.bias", "gate.e_score_correction_bias", {5});
  expect(Role::kExpertGate, "ffn_gate_exps.weight", "experts.{e}.gate_proj.weight", {5, 7, 16});
  expect(Role::kExpertUp, "ffn_up_exps.weight", "experts.{e}.up_proj.weight", {5, 7, 16});
  expect(Role::kExpertDown, "ffn_down_exps.weight", "experts.{e}.down_proj.weight", {5, 16, 7});
  expect(Role::kExpertDownBias, "ffn_down_exps.bias", "experts.{e}.down_proj.bias", {5, 16});
  expect(Role::kSharedUp, "ffn_up_shexp.weight", "shared_experts.up_proj.weight", {9, 16});
  expect(Role::kSharedExpertGate, "ffn_gate_inp_shexp.weight", "shared_expert_gate.weight",
         {1, 16});
  EXPECT_EQ(FindRow(table, Role::kSharedUpBias, 1), nullptr);
  for (const TensorDesc& desc : table) {
    EXPECT_EQ(IsPerExpert(desc.role), desc.hf.name.find("{e}") != std::string::npos)
        << desc.hf.name;
  }
}

TEST(TensorTable, XieluHasNoGate) {
  ModelSpec spec = FullSpec();
  spec.layers[0].glu().activation = Activation::kXielu;
  std::vector<TensorDesc> table;
  AddGluTensors(LayerTable(spec, 0, &table));
  EXPECT_EQ(FindRow(table, Role::kFfnGate, 0), nullptr);
  EXPECT_EQ(FindRow(table, Role::kFfnGateBias, 0), nullptr);
  EXPECT_NE(FindRow(table, Role::kFfnUp, 0), nullptr);
}

TEST(TensorTable, ActiveParametersLeaveOutExpertsNotChosen) {
  ModelSpec spec = FullSpec();
  spec.layers[1].ffn = Experts();
  const std::vector<TensorDesc> table = DecoderTensors(spec);
  const int64_t expert = 3 * 7 * 16 + 7 + 7 + 16;
  EXPECT_EQ(CountParameters(spec, table) - CountActiveParameters(spec, table), 3 * expert);
  const ModelSpec dense = FullSpec();
  EXPECT_EQ(CountActiveParameters(dense, DecoderTensors(dense)),
            CountParameters(dense, DecoderTensors(dense)));
}

TEST(TensorTable, LayersOfMultiTokenPredictionAreNotCounted) {
  ModelSpec spec = FullSpec();
  std::vector<TensorDesc> table = DecoderTensors(spec);
  const int64_t parameters = CountParameters(spec, table);
  spec.mtp_layers = {spec.layers[0]};
  spec.mtp_layers[0].ffn = Experts();
  AddMtpTensors(LayerTable(spec, 2, &table));
  AddFfnTensors(LayerTable(spec, 2, &table));
  EXPECT_EQ(CountParameters(spec, table), parameters);
  EXPECT_EQ(CountActiveParameters(spec, table), parameters);
  EXPECT_EQ(FindRow(table, Role::kMtpProjection, 2)->shape, (Shape{16, 32}));
  EXPECT_EQ(FindRow(table, Role::kMtpProjection, 2)->hf.name, "model.layers.2.eh_proj.weight");
  EXPECT_TRUE(FindRow(table, Role::kMtpTokenNorm, 2)->required);
  EXPECT_FALSE(FindRow(table, Role::kMtpEmbedding, 2)->required);
  EXPECT_FALSE(FindRow(table, Role::kMtpOutput, 2)->required);
}

// No golden holds a tensor that its table does not name, none lacks one, and all shapes agree.
TEST(TensorTable, IsWhatTheGoldensHold) {
  for (const GoldenCase& c : PlainGoldenCases()) {
    Result<Checkpoint> checkpoint = OpenCheckpoint(c.path);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    const bool gguf = checkpoint->container == Container::kGguf;
    std::set<std::string> named;
    for (const TensorDesc& row : ModelTensors(SpecOf(*checkpoint))) {
      const std::string& name = gguf ? row.gguf.name : row.hf.name;
      const NamedTensor* tensor = name.empty() ? nullptr : checkpoint->tensors.Find(name);
      if (tensor == nullptr) {
        EXPECT_FALSE(row.required) << c.path << ": " << name;
        continue;
      }
      EXPECT_EQ(tensor->view.shape, row.shape) << c.path << ": " << name;
      EXPECT_TRUE(named.insert(name).second) << "named twice: " << name;
    }
    EXPECT_EQ(named.size(), checkpoint->tensors.tensors.size()) << c.path;
  }
}

}  // namespace
}  // namespace frugal
