#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// MiniMaxAI/MiniMax-Text-01 with its every eighth layer of softmax attention.
std::string Published() {
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(R"({
      "architectures": ["MiniMaxText01ForCausalLM"], "attention_dropout": 0.0,
      "auto_map": {"AutoConfig": "x"}, "bos_token_id": null, "eos_token_id": null, "head_dim": 128,
      "hidden_act": "silu", "hidden_size": 6144, "initializer_range": 0.02,
      "intermediate_size": 9216, "layernorm_full_attention_alpha": 3.5565588200778455,
      "layernorm_full_attention_beta": 1.0, "layernorm_linear_attention_alpha": 3.5565588200778455,
      "layernorm_linear_attention_beta": 1.0, "layernorm_mlp_alpha": 3.5565588200778455,
      "layernorm_mlp_beta": 1.0, "max_position_embeddings": 10240000,
      "model_type": "minimax_text_01", "num_attention_heads": 64, "num_experts_per_tok": 2,
      "num_hidden_layers": 80, "num_key_value_heads": 8, "num_local_experts": 32,
      "output_router_logits": false, "postnorm": true, "rms_norm_eps": 1e-05,
      "rope_theta": 10000000, "rotary_dim": 64, "router_aux_loss_coef": 0.001,
      "router_jitter_noise": 0.0, "shared_intermediate_size": 0, "shared_moe_mode": "sigmoid",
      "sliding_window": null, "tie_word_embeddings": false, "transformers_version": "4.45.2",
      "use_cache": true, "vocab_size": 200064})");
  for (int l = 0; l < 80; ++l) config["attn_type_list"].push_back(l % 8 == 7 ? 1 : 0);
  return config.dump();
}

TEST(MiniMax, Published) {
  const ModelSpec spec = SpecOf(Published());
  EXPECT_EQ(spec.family, "minimax");
  EXPECT_EQ(Parameters(spec), 456'089'655'296);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 48'403'306'496);
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 40'960);
  EXPECT_EQ(StateBytes(spec), int64_t{70} * 64 * 128 * 128 * 4);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 64);
  const auto& lightning = std::get<LightningSpec>(spec.layers[0].mixer);
  EXPECT_EQ(lightning.norm_eps, 1e-6f) << "not rms_norm_eps";
  ASSERT_EQ(lightning.decay.size(), 64u);
  // ALiBi's first and last slope for 64 heads: 2^(−1/8) and 2^−8.
  EXPECT_FLOAT_EQ(lightning.decay[0], std::exp(-std::exp2(-0.125f) * 1.00001f));
  EXPECT_FLOAT_EQ(lightning.decay[63], std::exp(-1.00001f / 256));
  EXPECT_TRUE(std::holds_alternative<GqaSpec>(spec.layers[7].mixer));
  EXPECT_TRUE(spec.layers[7].mixer_residual.normed && spec.layers[7].ffn_residual.normed);
  EXPECT_EQ(spec.layers[7].mixer_residual.skip, 3.5565588200778455f);
  EXPECT_TRUE(spec.layers[0].moe()->router.renormalize);
}

const std::string kTiny = R"({"model_type": "minimax_m1", "hidden_size": 16,
    "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 6, "head_dim": 4,
    "num_key_value_heads": 2, "num_local_experts": 5, "num_experts_per_tok": 2, "vocab_size": 40,
    "attn_type_list": [0, 1, 0], "layernorm_full_attention_alpha": 3.5,
    "layernorm_full_attention_beta": 1.2, "layernorm_linear_attention_alpha": 2.5,
    "layernorm_mlp_beta": 1.1, "rms_norm_eps": 1e-5})";

TEST(MiniMax, FactorsByKindOfLayer) {
  const ModelSpec spec = SpecOf(kTiny);
  EXPECT_EQ(spec.layers[0].mixer_residual.skip, 2.5f);
  EXPECT_EQ(spec.layers[0].mixer_residual.branch, 1.0f);
  EXPECT_EQ(spec.layers[1].mixer_residual.skip, 3.5f);
  EXPECT_EQ(spec.layers[1].mixer_residual.branch, 1.2f);
  EXPECT_EQ(spec.layers[1].ffn_residual.branch, 1.1f);
  EXPECT_FALSE(spec.layers[1].ffn_residual.normed) << "postnorm is off where it is not named";
  EXPECT_EQ(spec.ropes[0].rotary_dim, 4);
}

// 6 heads: the slopes of 4, then every other one of 8.
TEST(MiniMax, DecayOfHeadsThatAreNoPowerOfTwo) {
  const ModelSpec spec = SpecOf(kTiny);
  const double slopes[] = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};
  for (int l : {0, 2}) {
    const auto& decay = std::get<LightningSpec>(spec.layers[l].mixer).decay;
    ASSERT_EQ(decay.size(), 6u);
    for (int h = 0; h < 6; ++h) {
      EXPECT_FLOAT_EQ(decay[h], static_cast<float>(std::exp(-slopes[h] * (1 - l / 2.0 + 1e-5))));
    }
  }
}

TEST(MiniMax, TransformersForm) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"model_type": "minimax", "attn_type_list": null,
      "layer_types": ["full_attention", "linear_attention", "full_attention"], "block_size": 256,
      "full_attn_alpha_factor": 3, "full_attn_beta_factor": 0.5, "linear_attn_alpha_factor": 2,
      "mlp_alpha_factor": 1.5, "sliding_window": 9})"));
  EXPECT_TRUE(spec.layers[1].mixer_residual.normed) << "always";
  EXPECT_EQ(spec.layers[0].mixer_residual.skip, 3.0f);
  EXPECT_EQ(spec.layers[0].mixer_residual.branch, 0.5f);
  EXPECT_EQ(spec.layers[1].mixer_residual.skip, 2.0f);
  EXPECT_EQ(spec.layers[1].ffn_residual.skip, 1.5f);
  EXPECT_EQ(spec.layers[0].gqa().window, 9);
  const auto& decay = std::get<LightningSpec>(spec.layers[1].mixer).decay;
  EXPECT_FLOAT_EQ(decay[1],
                  static_cast<float>(std::exp(-std::exp2(-16.0 / 6) * (1 - 1 / 2.00001 + 1e-5))));
  const ModelSpec alternating =
      SpecOf(Changed(kTiny, R"({"model_type": "minimax", "attn_type_list": null})"));
  EXPECT_TRUE(std::holds_alternative<GqaSpec>(alternating.layers[0].mixer));
  EXPECT_TRUE(std::holds_alternative<LightningSpec>(alternating.layers[1].mixer));
}

TEST(MiniMax, Names) {
  const TensorNames names(SpecOf(kTiny));
  const std::string lightning = "model.layers.0.self_attn.";
  EXPECT_EQ(names.RoleOf(lightning + "qkv_proj.weight[4]"), Role::kAttnK);
  EXPECT_EQ(names.At(lightning + "qkv_proj.weight[8]").stored->rows.groups, 6);
  EXPECT_EQ(names.ShapeOf(lightning + "qkv_proj.weight[8]"), (Shape{24, 16}));
  EXPECT_EQ(names.ShapeOf(lightning + "norm.weight"), (Shape{24}));
  EXPECT_EQ(names.RoleOf(lightning + "output_gate.weight"), Role::kAttnGate);
  EXPECT_EQ(names.ShapeOf(lightning + "out_proj.weight"), (Shape{16, 24}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.self_attn.k_proj.weight"), (Shape{8, 16}));
  EXPECT_EQ(names.RoleOf("model.layers.1.block_sparse_moe.experts.{e}.w3.weight"), Role::kExpertUp);
}

TEST(MiniMax, RefusesByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"shared_intermediate_size": 8})", "'shared_intermediate_size'"},
      {R"({"attn_type_list": [0, 1, 2]})", "'attn_type_list[2]'"},
      {R"({"hidden_act": "gelu"})", "'hidden_act'"},
      {R"({"sliding_window": 7})", "'sliding_window'"},
      {R"({"model_type": "minimax", "postnorm": false})", "'postnorm'"}};
  for (const auto& [change, part] : cases) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {part});
  }
  ExpectParseFails(Changed(kTiny, R"({"attn_type_list": [0, 1]})"), StatusCode::kCorrupt,
                   {"'attn_type_list': expected 3 entries, found 2"});
}

}  // namespace
}  // namespace frugal
