#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// baidu/ERNIE-4.5-21B-A3B-PT.
const std::string k21b = R"({"architectures": ["Ernie4_5_MoeForCausalLM"], "bos_token_id": 1,
    "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 2560, "intermediate_size": 12288,
    "max_position_embeddings": 131072, "model_type": "ernie4_5_moe",
    "moe_capacity": [64, 64, 64], "moe_intermediate_size": 1536, "moe_k": 6,
    "moe_layer_interval": 1, "moe_layer_start_index": 1, "moe_num_experts": 64,
    "moe_num_shared_experts": 2, "moe_use_aux_free": true, "num_attention_heads": 20,
    "num_hidden_layers": 28, "num_key_value_heads": 4, "num_nextn_predict_layers": 1,
    "pad_token_id": 0, "rms_norm_eps": 1e-05, "rope_theta": 500000, "tie_word_embeddings": true,
    "torch_dtype": "bfloat16", "use_bias": false, "use_cache": false, "vocab_size": 103424})";

// baidu/ERNIE-4.5-0.3B-PT.
const std::string kSmall = R"({"architectures": ["Ernie4_5_ForCausalLM"], "bos_token_id": 1,
    "compression_ratio": 1.0, "eos_token_id": 2, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 1024, "intermediate_size": 3072, "max_position_embeddings": 131072,
    "model_type": "ernie4_5", "num_attention_heads": 16, "num_hidden_layers": 18,
    "num_key_value_heads": 2, "pad_token_id": 0, "rms_norm_eps": 1e-05, "rope_scaling": null,
    "rope_theta": 500000, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
    "use_bias": false, "use_cache": false, "vocab_size": 103424})";

TEST(Ernie, PublishedDense) {
  const ModelSpec spec = SpecOf(kSmall);
  EXPECT_EQ(spec.family, "ernie");
  EXPECT_EQ(Parameters(spec), 360'748'032);
  EXPECT_TRUE(spec.ropes[0].interleaved);
  EXPECT_EQ(spec.layers[0].gqa().head_dim, 128);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
}

TEST(Ernie, PublishedMoe) {
  const ModelSpec spec = SpecOf(k21b);
  EXPECT_EQ(Parameters(spec), 21'825'437'888);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 3'352'150'208);
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 57'344);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  const MoeSpec& moe = *spec.layers[27].moe();
  EXPECT_EQ(moe.top_k, 6);
  EXPECT_EQ(moe.shared->d_ff, 3072);
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSoftmax);
  EXPECT_TRUE(moe.router.select_bias && moe.router.renormalize);
  EXPECT_EQ(moe.router.renorm_min, 1e-12f);
  const ModelSpec large = SpecOf(Changed(k21b, R"({"hidden_size": 8192, "intermediate_size": 28672,
      "moe_intermediate_size": 3584, "moe_k": 8, "moe_layer_start_index": 3,
      "moe_layer_end_index": 53, "moe_num_shared_experts": 0, "num_attention_heads": 64,
      "num_hidden_layers": 54, "num_key_value_heads": 8, "tie_word_embeddings": false})"));
  EXPECT_EQ(Parameters(large), 299'484'163'264) << "300B-A47B";
  EXPECT_EQ(MoeLayers(large), 51);
}

const std::string kTiny =
    Changed(k21b, R"({"hidden_size": 12, "intermediate_size": 20, "num_attention_heads": 3,
    "num_key_value_heads": 1, "moe_num_experts": 5, "moe_k": 2, "moe_intermediate_size": 8,
    "num_hidden_layers": 6, "vocab_size": 30})");

TEST(Ernie, LayersWithExperts) {
  const auto sparse = [](const char* changes) {
    const ModelSpec spec = SpecOf(Changed(kTiny, changes));
    std::string layers;
    for (const LayerSpec& layer : spec.layers) layers += layer.moe() != nullptr ? 'x' : '.';
    return layers;
  };
  EXPECT_EQ(sparse("{}"), ".xxxxx");
  EXPECT_EQ(sparse(R"({"moe_layer_interval": 2})"), ".x.x.x");
  EXPECT_EQ(sparse(R"({"moe_layer_start_index": 2, "moe_layer_end_index": 4})"), "..xxx.");
  EXPECT_EQ(sparse(R"({"moe_layer_end_index": -1})"), ".xxxxx");
  EXPECT_EQ(sparse(R"({"moe_layer_start_index": 9})"), "......");
}

TEST(Ernie, Names) {
  const TensorNames names(SpecOf(kTiny));
  const TableRow& bias = names.At("model.layers.1.mlp.moe_statics.e_score_correction_bias");
  EXPECT_EQ(bias.desc->shape, (Shape{5}));
  EXPECT_TRUE(bias.stored->extra_dim) << "(1, 5) on disk";
  EXPECT_TRUE(names.Has("model.layers.1.mlp.shared_experts.up_proj.weight"));
  EXPECT_FALSE(names.Has("lm_head.bias"));
  const TensorNames biases(SpecOf(Changed(kTiny, R"({"use_bias": true})")));
  for (const char* name :
       {"lm_head.bias", "model.layers.0.mlp.up_proj.bias", "model.layers.1.self_attn.o_proj.bias",
        "model.layers.1.mlp.shared_experts.down_proj.bias"}) {
    EXPECT_TRUE(biases.Has(name)) << name;
  }
  EXPECT_FALSE(biases.Has("model.layers.1.mlp.experts.{e}.up_proj.bias"));
  EXPECT_EQ(SpecOf(kTiny).unused_tensors, (std::vector<std::string>{"model.mtp_*", "ernie.mtp_*"}));
}

ModelSpec Paddle(const std::string& config) {
  Checkpoint checkpoint = HfConfig(config);
  checkpoint.tensors.tensors.push_back({.name = "ernie.embed_tokens.weight", .view = {}});
  EXPECT_TRUE(IndexTensors(&checkpoint.tensors).ok());
  return SpecOf(checkpoint);
}

TEST(Ernie, PaddleNames) {
  const TensorNames names(Paddle(Changed(kTiny, R"({"tie_word_embeddings": false})")));
  const std::string layer = "ernie.layers.1.";
  const TableRow& v = names.At(layer + "self_attn.qkv_proj.weight[16]");
  EXPECT_EQ(v.desc->role, Role::kAttnV);
  EXPECT_TRUE(v.stored->transposed);
  EXPECT_EQ(names.RoleOf(layer + "mlp.experts.{e}.up_gate_proj.weight[0]"), Role::kExpertGate);
  EXPECT_EQ(names.RoleOf(layer + "mlp.experts.{e}.up_gate_proj.weight[8]"), Role::kExpertUp);
  EXPECT_EQ(names.RoleOf(layer + "mlp.shared_experts.up_gate_proj.weight[16]"), Role::kSharedUp);
  EXPECT_TRUE(names.At(layer + "mlp.gate.weight").stored->transposed);
  EXPECT_TRUE(names.At(layer + "mlp.moe_statics.e_score_correction_bias").stored->extra_dim);
  EXPECT_TRUE(names.At("lm_head.weight").stored->transposed);
  EXPECT_FALSE(names.At("ernie.embed_tokens.weight").stored->transposed);
  EXPECT_FALSE(names.At(layer + "input_layernorm.weight").stored->transposed);
  const TensorNames biases(Paddle(Changed(kTiny, R"({"use_bias": true})")));
  EXPECT_TRUE(biases.Has("lm_head.bias"));
  EXPECT_TRUE(biases.Has(layer + "mlp.shared_experts.up_gate_proj.bias[16]"));
  EXPECT_FALSE(biases.Has(layer + "mlp.experts.{e}.up_gate_proj.bias[8]"));
  const TensorNames dense(Paddle(Changed(kSmall, R"({"use_bias": true})")));
  EXPECT_EQ(dense.RoleOf("ernie.layers.0.mlp.up_gate_proj.bias[3072]"), Role::kFfnUpBias);
  EXPECT_FALSE(dense.At("ernie.layers.0.self_attn.qkv_proj.bias[0]").stored->transposed);
}

TEST(Ernie, DefaultsAreTheClass) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"tie_word_embeddings": null, "use_bias": null,
      "moe_num_shared_experts": null, "moe_layer_start_index": null, "rope_theta": null,
      "moe_use_aux_free": null})"));
  EXPECT_TRUE(spec.tied_embedding);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  EXPECT_EQ(spec.layers[1].moe()->shared->d_ff, 16);
  EXPECT_TRUE(spec.layers[1].moe()->router.select_bias);
  EXPECT_EQ(spec.ropes[0].theta, 500000.0);
  EXPECT_EQ(SpecOf(Changed(kSmall, R"({"head_dim": null})")).layers[0].gqa().head_dim, 128);
}

TEST(Ernie, Gguf) {
  const ModelSpec dense = SpecOf(GgufConfig(TinyGguf("ernie4_5")));
  EXPECT_TRUE(dense.ropes[0].interleaved);
  EXPECT_EQ(dense.layers[0].moe(), nullptr);
  GgufKeys keys = TinyGguf("ernie4_5-moe");
  keys = With(keys, "ernie4_5-moe.expert_count", int64_t{5});
  keys = With(keys, "ernie4_5-moe.expert_used_count", int64_t{2});
  keys = With(keys, "ernie4_5-moe.expert_shared_count", int64_t{2});
  keys = With(keys, "ernie4_5-moe.expert_feed_forward_length", int64_t{8});
  keys = With(keys, "ernie4_5-moe.expert_shared_feed_forward_length", int64_t{16});
  keys = With(keys, "ernie4_5-moe.interleave_moe_layer_step", int64_t{1});
  keys = With(keys, "ernie4_5-moe.leading_dense_block_count", int64_t{1});
  const ModelSpec spec = SpecOf(GgufConfig(keys, {"blk.1.exp_probs_b.bias"}));
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  EXPECT_EQ(spec.layers[1].moe()->shared->d_ff, 16);
  EXPECT_TRUE(spec.layers[1].moe()->router.select_bias);
  EXPECT_EQ(TensorNames(spec, Container::kGguf).ShapeOf("blk.1.ffn_up_exps.weight"),
            (Shape{5, 8, 16}));
}

TEST(Ernie, RefusesByName) {
  ExpectParseFails(Changed(kTiny, R"({"moe_gate_act": "sigmoid"})"), StatusCode::kUnsupported,
                   {"'moe_gate_act'"});
  ExpectParseFails(Changed(kSmall, R"({"compression_ratio": 2.0})"), StatusCode::kUnsupported,
                   {"'compression_ratio'"});
}

}  // namespace
}  // namespace frugal
