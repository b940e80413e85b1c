#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// inclusionAI/Ling-mini-2.0, whose model_type is that of version 1.
const std::string kMini = R"({"architectures": ["BailingMoeV2ForCausalLM"],
    "attention_dropout": 0.0, "auto_map": {"AutoConfig": "x"}, "embedding_dropout": 0.0,
    "eos_token_id": 156892, "first_k_dense_replace": 1, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 5120,
    "max_position_embeddings": 32768, "max_window_layers": 20, "model_type": "bailing_moe",
    "moe_intermediate_size": 512, "moe_router_enable_expert_bias": true,
    "moe_shared_expert_intermediate_size": 512, "n_group": 8, "norm_head": false,
    "norm_softmax": false, "norm_topk_prob": true, "num_attention_heads": 16, "num_experts": 256,
    "num_experts_per_tok": 8, "num_hidden_layers": 20, "num_key_value_heads": 4,
    "num_nextn_predict_layers": 0, "num_shared_experts": 1, "output_dropout": 0.0,
    "output_router_logits": false, "pad_token_id": 156892, "partial_rotary_factor": 0.5,
    "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 600000, "rotary_dim": 64,
    "routed_scaling_factor": 2.5, "router_dtype": "fp32", "score_function": "sigmoid",
    "tie_word_embeddings": false, "topk_group": 4, "torch_dtype": "bfloat16",
    "transformers_version": "4.52.3", "use_bias": false, "use_cache": true, "use_qk_norm": true,
    "use_qkv_bias": false, "use_rmsnorm": true, "vocab_size": 157184})";

TEST(Bailing2, Published) {
  const ModelSpec spec = SpecOf(kMini);
  EXPECT_EQ(spec.family, "bailing2");
  EXPECT_EQ(Parameters(spec), 16'255'643'392);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 1'432'973'056);
  const GqaSpec& gqa = spec.layers[0].gqa();
  EXPECT_EQ(gqa.qk_norm, QkNorm::kHeadPreRope);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 64);
  EXPECT_FALSE(spec.ropes[0].interleaved);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  EXPECT_EQ(spec.layers[0].glu().d_ff, 5120);
  const RouterSpec& router = spec.layers[1].moe()->router;
  EXPECT_EQ(router.score, RouterSpec::Score::kSigmoid);
  EXPECT_EQ(router.group_score, RouterSpec::GroupScore::kTop2Sum);
  EXPECT_EQ(router.n_group, 8);
  EXPECT_EQ(router.topk_group, 4);
  EXPECT_TRUE(router.select_bias && router.renormalize);
  EXPECT_EQ(router.renorm_eps, 1e-20f);
  EXPECT_EQ(router.scale, 2.5f);
  EXPECT_EQ(spec.layers[1].moe()->shared->d_ff, 512);
}

const std::string kTiny = Changed(
    kMini, R"({"hidden_size": 12, "head_dim": 8, "intermediate_size": 20, "num_attention_heads": 3,
    "num_key_value_heads": 1, "num_experts": 6, "num_experts_per_tok": 2, "num_hidden_layers": 2,
    "moe_intermediate_size": 8, "n_group": 3, "topk_group": 2, "vocab_size": 30})");

TEST(Bailing2, EitherModelType) {
  EXPECT_EQ(SpecOf(Changed(kTiny, R"({"model_type": "bailing_moe_v2"})")).family, "bailing2");
  EXPECT_EQ(
      SpecOf(Changed(kTiny, R"({"model_type": "bailing_moe_v2", "architectures": null})")).family,
      "bailing2");
}

TEST(Bailing2, Names) {
  const TensorNames names(SpecOf(kTiny));
  EXPECT_EQ(names.ShapeOf("model.layers.1.attention.query_layernorm.weight"), (Shape{8}));
  EXPECT_EQ(names.RoleOf("model.layers.1.attention.query_key_value.weight[24]"), Role::kAttnK);
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.gate.expert_bias"), (Shape{6}));
  const TensorNames gguf(SpecOf(kTiny), Container::kGguf);
  EXPECT_EQ(gguf.RoleOf("blk.1.attn_qkv.weight[32]"), Role::kAttnV);
  EXPECT_EQ(gguf.RoleOf("blk.1.exp_probs_b.bias"), Role::kRouterSelectBias);
}

TEST(Bailing2, MultiTokenPrediction) {
  Checkpoint checkpoint = HfConfig(Changed(kTiny, R"({"num_nextn_predict_layers": 1})"));
  EXPECT_TRUE(SpecOf(checkpoint).mtp_layers.empty()) << "its tensors were left out";
  checkpoint.tensors.tensors.push_back({.name = "model.layers.2.eh_proj.weight", .view = {}});
  ASSERT_TRUE(IndexTensors(&checkpoint.tensors).ok());
  const ModelSpec spec = SpecOf(checkpoint);
  ASSERT_EQ(spec.mtp_layers.size(), 1u);
  EXPECT_NE(spec.mtp_layers[0].moe(), nullptr);
  const TensorNames names(spec);
  EXPECT_EQ(names.ShapeOf("model.layers.2.eh_proj.weight"), (Shape{12, 24}));
  EXPECT_EQ(names.RoleOf("model.layers.2.final_layernorm.weight"), Role::kMtpNorm);
  EXPECT_EQ(names.RoleOf("model.layers.2.attention.dense.weight"), Role::kAttnO);
  EXPECT_EQ(TensorNames(spec, Container::kGguf).RoleOf("blk.2.layer_output_norm.weight"),
            Role::kMtpNorm);
}

TEST(Bailing2, DefaultsAreTheClass) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"n_group": null, "topk_group": null,
      "num_experts": 16, "num_shared_experts": null, "use_qk_norm": null, "head_dim": null,
      "partial_rotary_factor": null, "routed_scaling_factor": null,
      "first_k_dense_replace": null})"));
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  const MoeSpec& moe = *spec.layers[1].moe();
  EXPECT_EQ(moe.router.n_group, 8);
  EXPECT_EQ(moe.router.topk_group, 4);
  EXPECT_EQ(moe.router.scale, 1.0f);
  EXPECT_EQ(moe.shared->d_ff, 8);
  EXPECT_EQ(spec.layers[0].gqa().head_dim, 128);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 128);
}

TEST(Bailing2, Gguf) {
  GgufKeys keys = TinyGguf("bailingmoe2");
  keys = With(keys, "bailingmoe2.rope.dimension_count", int64_t{2});
  keys = With(keys, "bailingmoe2.expert_count", int64_t{6});
  keys = With(keys, "bailingmoe2.expert_used_count", int64_t{2});
  keys = With(keys, "bailingmoe2.expert_shared_count", int64_t{1});
  keys = With(keys, "bailingmoe2.expert_shared_feed_forward_length", int64_t{8});
  keys = With(keys, "bailingmoe2.expert_feed_forward_length", int64_t{8});
  keys = With(keys, "bailingmoe2.expert_gating_func", int64_t{2});
  keys = With(keys, "bailingmoe2.expert_group_count", int64_t{3});
  keys = With(keys, "bailingmoe2.expert_group_used_count", int64_t{2});
  keys = With(keys, "bailingmoe2.expert_weights_scale", 2.5);
  keys = With(keys, "bailingmoe2.expert_weights_norm", true);
  keys = With(keys, "bailingmoe2.leading_dense_block_count", int64_t{1});
  const ModelSpec spec =
      SpecOf(GgufConfig(keys, {"blk.0.attn_q_norm.weight", "blk.1.exp_probs_b.bias"}));
  EXPECT_EQ(spec.ropes[0].rotary_dim, 2);
  EXPECT_EQ(spec.layers[1].gqa().qk_norm, QkNorm::kHeadPreRope);
  const RouterSpec& router = spec.layers[1].moe()->router;
  EXPECT_TRUE(router.select_bias);
  EXPECT_EQ(router.n_group, 3);
  EXPECT_EQ(router.scale, 2.5f);
}

TEST(Bailing2, RefusesByName) {
  ExpectParseFails(Changed(kTiny, R"({"score_function": "softmax"})"), StatusCode::kUnsupported,
                   {"'score_function'", "sigmoid", "softmax"});
  ExpectParseFails(Changed(kTiny, R"({"norm_head": true})"), StatusCode::kUnsupported,
                   {"'norm_head'"});
  ExpectParseFails(Changed(kTiny, R"({"use_sliding_attention": true})"), StatusCode::kUnsupported,
                   {"'use_sliding_attention'"});
}

}  // namespace
}  // namespace frugal
