#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kTiny = TinyConfig("qwen3_next", R"({"head_dim": 8, "num_hidden_layers": 4,
    "partial_rotary_factor": 0.25, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
    "linear_key_head_dim": 3, "linear_value_head_dim": 5, "linear_conv_kernel_dim": 4,
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 6,
    "shared_expert_intermediate_size": 9, "norm_topk_prob": true, "decoder_sparse_step": 1,
    "mlp_only_layers": [2], "full_attention_interval": 4})");

TEST(Qwen3Next, LayersOfBothKinds) {
  const ModelSpec spec = SpecOf(kTiny);
  EXPECT_TRUE(spec.norm_plus_one);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 2);
  for (const int l : {0, 1, 2}) {
    ASSERT_TRUE(std::holds_alternative<GatedDeltaSpec>(spec.layers[l].mixer)) << l;
  }
  EXPECT_TRUE(spec.layers[3].gqa().output_gate);
  EXPECT_EQ(spec.layers[2].moe(), nullptr);
  EXPECT_EQ(spec.layers[3].moe()->shared->d_ff, 9);
  EXPECT_TRUE(spec.layers[3].moe()->shared_gate);
  // (4 − 1) inputs of 2·6 + 20 channels, and 4 heads of 3 × 5, in each of three layers.
  EXPECT_EQ(StateBytes(spec), 3 * 4 * (3 * 32 + 4 * 15));
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kF32), 4 * 2 * 16);
  const ModelSpec listed = SpecOf(Changed(kTiny, R"({"layer_types": ["full_attention",
      "linear_attention", "linear_attention", "linear_attention"]})"));
  EXPECT_TRUE(std::holds_alternative<GqaSpec>(listed.layers[0].mixer));
}

TEST(Qwen3Next, FusedProjectionsGoByKeyHead) {
  const TensorNames names(SpecOf(kTiny));
  const std::string fused = "model.layers.0.linear_attn.in_proj_qkvz.weight";
  EXPECT_EQ(names.RoleOf(fused + "[0]"), Role::kAttnQ);
  EXPECT_EQ(names.RoleOf(fused + "[3]"), Role::kAttnK);
  EXPECT_EQ(names.RoleOf(fused + "[6]"), Role::kAttnV);
  EXPECT_EQ(names.RoleOf(fused + "[16]"), Role::kAttnGate);
  EXPECT_EQ(names.At(fused + "[16]").stored->rows.groups, 2);
  EXPECT_EQ(names.At(fused + "[16]").stored->rows.stride, 26);
  EXPECT_EQ(names.ShapeOf("model.layers.0.linear_attn.conv1d.weight"), (Shape{32, 4}));
  EXPECT_EQ(names.RoleOf("model.layers.3.self_attn.q_proj.weight[8]"), Role::kAttnGate);
}

TEST(Qwen3Next, RefusesByName) {
  ExpectParseFails(Changed(kTiny, R"({"attention_bias": true})"), StatusCode::kUnsupported,
                   {"'attention_bias'"});
  ExpectParseFails(Changed(kTiny, R"({"linear_num_value_heads": 3})"), StatusCode::kCorrupt,
                   {"3 value heads are not a multiple of 2 key heads"});
}

}  // namespace
}  // namespace frugal
