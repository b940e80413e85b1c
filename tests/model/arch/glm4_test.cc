#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kDense = TinyConfig("glm4", R"({"head_dim": 8, "partial_rotary_factor": 0.5,
    "attention_bias": true})");
const std::string kMoe = TinyConfig("glm4_moe", R"({"head_dim": 8, "partial_rotary_factor": 0.5,
    "attention_bias": true, "use_qk_norm": true, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "n_shared_experts": 1, "moe_intermediate_size": 6, "first_k_dense_replace": 1, "n_group": 1,
    "topk_group": 1, "norm_topk_prob": true, "routed_scaling_factor": 2.5})");

TEST(Glm4, Dense) {
  const ModelSpec spec = SpecOf(kDense);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 4);
  EXPECT_TRUE(spec.ropes[0].interleaved);
  EXPECT_TRUE(spec.layers[0].post_mixer_norm && spec.layers[0].post_ffn_norm);
  EXPECT_TRUE(spec.layers[0].gqa().q_bias);
  EXPECT_FALSE(spec.layers[0].gqa().o_bias);
  const TensorNames names(spec);
  EXPECT_EQ(names.RoleOf("model.layers.0.post_self_attn_layernorm.weight"), Role::kPostMixerNorm);
  EXPECT_EQ(names.RoleOf("model.layers.0.post_mlp_layernorm.weight"), Role::kPostFfnNorm);
  EXPECT_EQ(names.RoleOf("model.layers.0.mlp.gate_up_proj.weight[0]"), Role::kFfnGate);
  EXPECT_EQ(names.RoleOf("model.layers.0.mlp.gate_up_proj.weight[24]"), Role::kFfnUp);
}

TEST(Glm4, Moe) {
  const ModelSpec spec = SpecOf(kMoe);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 4);
  EXPECT_FALSE(spec.ropes[0].interleaved);
  EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kHeadPreRope);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  const RouterSpec& router = spec.layers[1].moe()->router;
  EXPECT_EQ(router.score, RouterSpec::Score::kSigmoid);
  EXPECT_TRUE(router.select_bias && router.renormalize);
  EXPECT_EQ(router.scale, 2.5f);
  const ModelSpec plain = SpecOf(Changed(kMoe, R"({"use_qk_norm": false})"));
  EXPECT_EQ(plain.layers[0].gqa().qk_norm, QkNorm::kNone);
}

TEST(Glm4, MultiTokenPredictionLayersNeedTheirTensors) {
  Checkpoint checkpoint = HfConfig(Changed(kMoe, R"({"num_nextn_predict_layers": 1})"));
  EXPECT_TRUE(SpecOf(checkpoint).mtp_layers.empty());
  checkpoint.tensors.tensors.push_back({.name = "model.layers.2.eh_proj.weight"});
  ASSERT_TRUE(IndexTensors(&checkpoint.tensors).ok());
  const ModelSpec spec = SpecOf(checkpoint);
  ASSERT_EQ(spec.mtp_layers.size(), 1u);
  const TensorNames names(spec);
  EXPECT_EQ(names.ShapeOf("model.layers.2.eh_proj.weight"), (Shape{16, 32}));
  EXPECT_EQ(names.ShapeOf("model.layers.2.mlp.experts.{e}.up_proj.weight"), (Shape{4, 6, 16}));
}

TEST(Glm4, RefusesByName) {
  ExpectParseFails(Changed(kDense, R"({"partial_rotary_factor": 1.5})"), StatusCode::kCorrupt,
                   {"'partial_rotary_factor'"});
  ExpectParseFails(Changed(kMoe, R"({"sliding_window": 4})"), StatusCode::kUnsupported,
                   {"'sliding_window'"});
}

}  // namespace
}  // namespace frugal
