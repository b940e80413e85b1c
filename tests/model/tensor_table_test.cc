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

// No golden holds a tensor that its table does not name, none lacks one, and all shapes agree.
TEST(TensorTable, IsWhatTheGoldensHold) {
  for (const GoldenCase& c : GoldenCases()) {
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
