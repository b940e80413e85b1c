#include <cmath>

#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// inclusionAI/Ling-lite.
const std::string kLite = R"({"architectures": ["BailingMoeForCausalLM"],
    "attention_dropout": 0.0, "auto_map": {"AutoConfig": "x"}, "embedding_dropout": 0.0,
    "eos_token_id": 126081, "first_k_dense_replace": 0, "hidden_act": "silu", "hidden_size": 2048,
    "initializer_range": 0.006, "intermediate_size": 5632, "max_position_embeddings": 16384,
    "model_type": "bailing_moe", "moe_intermediate_size": 1408, "norm_head": true,
    "norm_softmax": false, "norm_topk_prob": true, "num_attention_heads": 16, "num_experts": 64,
    "num_experts_per_tok": 6, "num_hidden_layers": 28, "num_key_value_heads": 4,
    "num_shared_experts": 2, "output_dropout": 0.0, "pad_token_id": 126081, "pretraining_tp": 1,
    "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 600000,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.36.0",
    "use_bias": false, "use_cache": true, "use_qkv_bias": false, "vocab_size": 126464})";

TEST(Bailing, Published) {
  const ModelSpec spec = SpecOf(kLite);
  EXPECT_EQ(spec.family, "bailing");
  EXPECT_EQ(Parameters(spec), 16'801'974'272);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 2'753'153'024);
  EXPECT_TRUE(spec.norm_head);
  EXPECT_EQ(spec.ropes[0].theta, 600000.0);
  const MoeSpec& moe = *spec.layers[0].moe();
  EXPECT_TRUE(moe.router.renormalize);
  EXPECT_EQ(moe.shared->d_ff, 2816);
  EXPECT_FALSE(spec.layers[0].gqa().q_bias || spec.layers[0].gqa().o_bias);
}

const std::string kTiny =
    Changed(kLite, R"({"hidden_size": 12, "intermediate_size": 20, "num_attention_heads": 3,
    "num_key_value_heads": 1, "num_experts": 5, "num_experts_per_tok": 2, "num_hidden_layers": 2,
    "moe_intermediate_size": 8, "vocab_size": 30, "first_k_dense_replace": 1})");

TEST(Bailing, Names) {
  const TensorNames names(SpecOf(Changed(kTiny, R"({"use_qkv_bias": true, "use_bias": true})")));
  EXPECT_EQ(names.ShapeOf("model.word_embeddings.weight"), (Shape{30, 12}));
  const std::string qkv = "model.layers.0.attention.query_key_value.";
  EXPECT_EQ(names.RoleOf(qkv + "weight[0]"), Role::kAttnQ);
  EXPECT_EQ(names.RoleOf(qkv + "weight[12]"), Role::kAttnK);
  EXPECT_EQ(names.RoleOf(qkv + "weight[16]"), Role::kAttnV);
  EXPECT_EQ(names.At(qkv + "weight[16]").stored->rows.stride, 20);
  EXPECT_EQ(names.ShapeOf(qkv + "bias[12]"), (Shape{4}));
  EXPECT_EQ(names.ShapeOf("model.layers.0.attention.dense.bias"), (Shape{12}));
  EXPECT_EQ(names.ShapeOf("model.layers.0.mlp.up_proj.weight"), (Shape{20, 12}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.experts.{e}.up_proj.weight"), (Shape{5, 8, 12}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.shared_experts.down_proj.weight"), (Shape{12, 16}));
}

TEST(Bailing, DefaultsAreTheClass) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"use_bias": null, "use_qkv_bias": null,
      "norm_head": null, "num_shared_experts": null, "norm_topk_prob": null,
      "first_k_dense_replace": null, "rms_norm_eps": null, "rope_theta": null})"));
  EXPECT_TRUE(spec.layers[0].gqa().o_bias);
  EXPECT_FALSE(spec.layers[0].gqa().q_bias);
  EXPECT_FALSE(spec.norm_head);
  ASSERT_NE(spec.layers[0].moe(), nullptr);
  EXPECT_FALSE(spec.layers[0].moe()->shared.has_value());
  EXPECT_TRUE(spec.layers[0].moe()->router.renormalize);
  EXPECT_EQ(spec.norm_eps, 1e-5f);
  EXPECT_EQ(spec.ropes[0].theta, 10000.0);
  const ModelSpec one = SpecOf(Changed(kTiny, R"({"num_experts_per_tok": 1})"));
  EXPECT_FALSE(one.layers[1].moe()->router.renormalize) << "one alone keeps its probability";
}

TEST(Bailing, YarnOfTheirOwn) {
  const auto factor = [](const char* scaling) {
    const ModelSpec spec =
        SpecOf(Changed(kTiny, fmt::format(R"({{"rope_scaling": {}}})", scaling)));
    EXPECT_EQ(spec.ropes[0].original_max_position, 4096);
    return *spec.ropes[0].attention_factor;
  };
  const double whole = 0.1 * std::log(4.0) + 1.0;
  const double half = 0.05 * std::log(4.0) + 1.0;
  EXPECT_DOUBLE_EQ(factor(R"({"type": "yarn", "factor": 4.0})"), whole);
  EXPECT_DOUBLE_EQ(factor(R"({"type": "yarn", "factor": 4.0, "mscale": 0.5})"), half);
  EXPECT_DOUBLE_EQ(
      factor(R"({"type": "yarn", "factor": 4.0, "mscale": 1.0, "mscale_all_dim": 0.5})"),
      whole / half);
}

TEST(Bailing, Gguf) {
  GgufKeys keys = TinyGguf("bailingmoe");
  keys = With(keys, "bailingmoe.expert_count", int64_t{5});
  keys = With(keys, "bailingmoe.expert_used_count", int64_t{2});
  keys = With(keys, "bailingmoe.expert_shared_count", int64_t{2});
  keys = With(keys, "bailingmoe.expert_feed_forward_length", int64_t{8});
  keys = With(keys, "bailingmoe.expert_weights_norm", true);
  keys = With(keys, "bailingmoe.expert_weights_scale", 1.0);
  keys = With(keys, "bailingmoe.leading_dense_block_count", int64_t{0});
  const ModelSpec spec = SpecOf(GgufConfig(keys, {"output.weight"}));
  EXPECT_FALSE(spec.norm_head) << "the file's head is normalised";
  EXPECT_TRUE(spec.ropes[0].interleaved) << "its rows are permuted";
  EXPECT_TRUE(spec.layers[0].moe()->router.renormalize);
  EXPECT_EQ(spec.layers[0].moe()->shared->d_ff, 16);
  const TensorNames names(spec, Container::kGguf);
  EXPECT_EQ(names.ShapeOf("blk.1.attn_q.weight"), (Shape{16, 16}));
  EXPECT_EQ(names.ShapeOf("blk.1.ffn_up_exps.weight"), (Shape{5, 8, 16}));
}

TEST(Bailing, RefusesByName) {
  ExpectParseFails(Changed(kTiny, R"({"hidden_act": "gelu"})"), StatusCode::kUnsupported,
                   {"'hidden_act'"});
  ExpectParseFails(Changed(kTiny, R"({"use_qk_norm": true})"), StatusCode::kUnsupported,
                   {"'use_qk_norm'"});
}

}  // namespace
}  // namespace frugal
