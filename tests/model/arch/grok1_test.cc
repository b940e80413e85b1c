#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// hpcai-tech/grok-1, its whole configuration.
const std::string kPublished = R"({"architectures": ["Grok1ModelForCausalLM"],
    "attn_output_multiplier": 0.08838834764831845, "auto_map": {"AutoConfig": "x"},
    "bos_token_id": 1, "embedding_multiplier_scale": 78.38367176906169, "eos_token_id": 2,
    "hidden_size": 6144, "intermediate_size": 32768, "max_attn_value": 30.0,
    "max_position_embeddings": 8192, "model_type": "grok-1", "num_attention_heads": 48,
    "num_experts": 8, "num_experts_per_tok": 2, "num_hidden_layers": 64, "num_key_value_heads": 8,
    "output_multiplier_scale": 0.5773502691896257, "output_router_logits": false,
    "pad_token_id": 0, "rms_norm_eps": 1e-05, "router_aux_loss_coef": 0.001,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.35.0",
    "use_cache": true, "vocab_size": 131072})";

TEST(Grok1, Published) {
  const ModelSpec spec = SpecOf(kPublished);
  EXPECT_EQ(spec.family, "grok1");
  EXPECT_EQ(Parameters(spec), 315'684'820'992);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 83'756'587'008);
  EXPECT_TRUE(spec.tied_embedding);
  EXPECT_EQ(spec.embedding_scale, 78.38367176906169f);
  EXPECT_EQ(spec.logit_scale, 0.5773502691896257f);
  EXPECT_EQ(spec.logit_cap, 0.0f);
  const LayerSpec& layer = spec.layers[63];
  EXPECT_EQ(layer.gqa().scale, 0.08838834764831845f);
  EXPECT_EQ(layer.gqa().logit_cap, 30.0f);
  EXPECT_EQ(layer.gqa().head_dim, 128);
  EXPECT_TRUE(layer.post_mixer_norm && layer.post_ffn_norm);
  const MoeSpec& moe = *layer.moe();
  EXPECT_EQ(moe.expert.activation, Activation::kGeluTanh);
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSoftmax);
  EXPECT_FALSE(moe.router.renormalize);
  EXPECT_EQ(moe.router.softcap, 0.0f);
  EXPECT_FALSE(moe.shared.has_value());
}

const std::string kTiny =
    Changed(kPublished, R"({"hidden_size": 12, "intermediate_size": 20, "num_attention_heads": 3,
    "num_key_value_heads": 1, "num_experts": 5, "num_hidden_layers": 2, "vocab_size": 30})");

TEST(Grok1, Names) {
  const TensorNames names(SpecOf(kTiny));
  EXPECT_EQ(names.ShapeOf("model.norm.scale"), (Shape{12}));
  EXPECT_EQ(names.RoleOf("model.layers.1.pre_attn_norm.scale"), Role::kMixerNorm);
  EXPECT_EQ(names.RoleOf("model.layers.1.post_attn_norm.scale"), Role::kPostMixerNorm);
  EXPECT_EQ(names.RoleOf("model.layers.1.pre_moe_norm.scale"), Role::kFfnNorm);
  EXPECT_EQ(names.RoleOf("model.layers.1.post_moe_norm.scale"), Role::kPostFfnNorm);
  EXPECT_EQ(names.ShapeOf("model.layers.0.attn.k_proj.weight"), (Shape{4, 12}));
  EXPECT_EQ(names.ShapeOf("model.layers.0.moe_block.gate.weight"), (Shape{5, 12}));
  const std::string expert = "model.layers.0.moe_block.experts.{e}.";
  EXPECT_EQ(names.RoleOf(expert + "linear.weight"), Role::kExpertGate);
  EXPECT_EQ(names.RoleOf(expert + "linear_v.weight"), Role::kExpertUp);
  EXPECT_EQ(names.RoleOf(expert + "linear_1.weight"), Role::kExpertDown);
  EXPECT_EQ(names.ShapeOf(expert + "linear_1.weight"), (Shape{5, 12, 20}));
  EXPECT_EQ(names.size(), 2u + 2 * 12u);
  EXPECT_TRUE(TensorNames(SpecOf(Changed(kTiny, R"({"tie_word_embeddings": false})")))
                  .Has("lm_head.weight"));
}

TEST(Grok1, DefaultsAreTheClass) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"attn_output_multiplier": null,
      "max_attn_value": null, "embedding_multiplier_scale": null, "output_multiplier_scale": null,
      "tie_word_embeddings": null, "rms_norm_eps": null})"));
  EXPECT_EQ(spec.layers[0].gqa().scale, 0.08838834764831845f);
  EXPECT_EQ(spec.layers[0].gqa().logit_cap, 30.0f);
  EXPECT_EQ(spec.embedding_scale, 78.38367176906169f);
  EXPECT_EQ(spec.logit_scale, 0.5773502691896257f);
  EXPECT_TRUE(spec.tied_embedding);
  EXPECT_EQ(spec.norm_eps, 1e-5f);
}

TEST(Grok1, RefusesByName) {
  ExpectParseFails(Changed(kTiny, R"({"residual_moe": true})"), StatusCode::kUnsupported,
                   {"'residual_moe'"});
  ExpectParseFails(Changed(kTiny, R"({"hidden_act": "silu"})"), StatusCode::kUnsupported,
                   {"'hidden_act'", "gelu", "silu"});
  ExpectParseFails(Changed(kTiny, R"({"num_experts_per_tok": 6})"), StatusCode::kCorrupt,
                   {"experts per token"});
}

}  // namespace
}  // namespace frugal
