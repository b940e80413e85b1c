#include <cmath>

#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kV3 = TinyConfig("deepseek_v3", R"({"num_key_value_heads": 4,
    "q_lora_rank": 6, "kv_lora_rank": 10, "qk_nope_head_dim": 5, "qk_rope_head_dim": 4,
    "v_head_dim": 7, "n_routed_experts": 8, "num_experts_per_tok": 3, "n_shared_experts": 2,
    "moe_intermediate_size": 9, "first_k_dense_replace": 1, "n_group": 4, "topk_group": 2,
    "routed_scaling_factor": 2.5, "norm_topk_prob": true, "scoring_func": "sigmoid",
    "topk_method": "noaux_tc", "moe_layer_freq": 1, "num_nextn_predict_layers": 1})");
const std::string kV2 = Changed(kV3, R"({"model_type": "deepseek_v2", "q_lora_rank": "null",
    "scoring_func": "softmax", "topk_method": "group_limited_greedy", "norm_topk_prob": false,
    "num_nextn_predict_layers": null})");

TEST(DeepSeek, V3) {
  const ModelSpec spec = SpecOf(kV3);
  const MlaSpec& mla = *spec.layers[0].mla();
  EXPECT_EQ(mla.n_heads, 4);
  EXPECT_EQ(mla.q_lora_rank, 6);
  EXPECT_EQ(mla.latent_dim(), 14);
  EXPECT_FLOAT_EQ(mla.scale, 1 / std::sqrt(9.0f));
  EXPECT_TRUE(spec.ropes[0].interleaved);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  const MoeSpec& moe = *spec.layers[1].moe();
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSigmoid);
  EXPECT_EQ(moe.router.group_score, RouterSpec::GroupScore::kTop2Sum);
  EXPECT_TRUE(moe.router.select_bias && moe.router.renormalize);
  EXPECT_EQ(moe.router.n_group, 4);
  EXPECT_EQ(moe.router.topk_group, 2);
  EXPECT_EQ(moe.router.scale, 2.5f);
  EXPECT_EQ(moe.shared->d_ff, 18);
  EXPECT_TRUE(spec.mtp_layers.empty()) << "its tensors are not there";
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 2 * 14 * 2);
}

TEST(DeepSeek, V2) {
  const ModelSpec spec = SpecOf(kV2);
  const MoeSpec& moe = *spec.layers[1].moe();
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSoftmax);
  EXPECT_EQ(moe.router.group_score, RouterSpec::GroupScore::kMax);
  EXPECT_FALSE(moe.router.select_bias || moe.router.renormalize);
  EXPECT_EQ(spec.layers[0].mla()->q_lora_rank, 0);
  // Without groups "greedy" leaves the counts unread in effect.
  const ModelSpec greedy = SpecOf(Changed(kV2, R"({"topk_method": "greedy"})"));
  EXPECT_EQ(greedy.layers[1].moe()->router.n_group, 1);
}

TEST(DeepSeek, MscaleSharpensTheLogits) {
  const ModelSpec spec = SpecOf(Changed(kV3, R"({"rope_scaling": {"type": "yarn", "factor": 40,
      "original_max_position_embeddings": 32, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0,
      "mscale_all_dim": 1.0}})"));
  const double mscale = 0.1 * std::log(40.0) + 1.0;
  EXPECT_NEAR(spec.layers[0].mla()->scale, mscale * mscale / 3.0, 1e-6);
}

TEST(DeepSeek, Names) {
  const TensorNames names(SpecOf(kV3));
  const std::string attn = "model.layers.1.self_attn.";
  EXPECT_EQ(names.ShapeOf(attn + "q_b_proj.weight"), (Shape{36, 6}));
  EXPECT_EQ(names.ShapeOf(attn + "kv_a_proj_with_mqa.weight"), (Shape{14, 16}));
  EXPECT_EQ(names.RoleOf(attn + "kv_b_proj.weight[0]"), Role::kMlaKB);
  EXPECT_EQ(names.RoleOf(attn + "kv_b_proj.weight[5]"), Role::kMlaVB);
  EXPECT_EQ(names.At(attn + "kv_b_proj.weight[5]").stored->rows.stride, 12);
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.gate.e_score_correction_bias"), (Shape{8}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.experts.{e}.down_proj.weight"), (Shape{8, 16, 9}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.shared_experts.up_proj.weight"), (Shape{18, 16}));
}

TEST(DeepSeek, RefusesByName) {
  for (const auto& [change, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"scoring_func": "tanh"})", "'scoring_func'"},
           {R"({"topk_method": "random"})", "'topk_method'"},
           {R"({"moe_layer_freq": 2})", "'moe_layer_freq'"},
           {R"({"model_type": "deepseek_v2"})", "'norm_topk_prob'"}}) {
    ExpectParseFails(Changed(kV3, change), StatusCode::kUnsupported, {name});
  }
  for (const auto& [change, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"kv_lora_rank": null})", "'kv_lora_rank' is missing"},
           {R"({"n_group": 3})", "groups of equal size"},
           {R"({"num_experts_per_tok": 5})", "expected 1 to 4, found 5"},
           {R"({"qk_rope_head_dim": 3})", "'qk_rope_head_dim'"}}) {
    ExpectParseFails(Changed(kV3, change), StatusCode::kCorrupt, {name});
  }
}

}  // namespace
}  // namespace frugal
