#include <nlohmann/json.hpp>

#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// tencent/Tencent-Hunyuan-Large.
const std::string kLarge = R"({"architectures": ["HunYuanForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.1, "auto_map": {"AutoConfig": "x"}, "bos_token_id": 1,
    "capacity_factor": 1.0, "cla_share_factor": 2, "eos_token_id": 2, "hidden_act": "silu",
    "hidden_size": 6400, "initializer_range": 0.02, "intermediate_size": 18304,
    "max_position_embeddings": 131072, "model_type": "hunyuan", "moe_drop_tokens": false,
    "moe_random_routing_dropped_token": false, "moe_topk": 1, "num_attention_heads": 80,
    "num_experts": 16, "num_hidden_layers": 64, "num_key_value_heads": 8, "num_shared_expert": 1,
    "pad_token_id": 0, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": {"alpha": 1000.0, "factor": 1.0, "type": "dynamic"}, "rope_theta": 10000.0,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.41.2",
    "use_cache": true, "use_cla": true, "use_mixed_mlp_moe": true, "use_qk_norm": true,
    "vocab_size": 129024})";

// Tencent-Hunyuan/Hunyuan-A13B, models/config.json.
std::string A13b() {
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(R"({
      "add_classification_head": false, "anyres_pooling_size": 2,
      "anyres_vit_max_image_size": null, "anyres_vit_two_views": false,
      "architectures": ["HunYuanMoEV1ForCausalLM"], "attention_bias": false,
      "attention_dropout": 0.1, "attention_head_dim": 128, "auto_map": {"AutoConfig": "x"},
      "bos_token_id": 1, "cla_share_factor": 2, "class_num": 0, "dense_list": [4096, 0],
      "eod_token_id": 127967, "eos_token_id": 127960, "group_limited_greedy": false,
      "hidden_act": "silu", "hidden_size": 4096, "im_end_id": 6, "im_newline_id": 12,
      "im_start_id": 5, "image_token_id": 9, "initializer_range": 0.02, "intermediate_size": 3072,
      "kv_lora_rank": null, "mask_init_id": 13, "max_position_embeddings": 32768,
      "mlp_bias": false, "model_type": "hunyuan", "moe_drop_tokens": false,
      "moe_layer_num_skipped": 0, "moe_random_routing_dropped_token": false, "n_group": null,
      "norm_topk_prob": true, "norm_type": "rms", "num_attention_heads": 32, "num_experts": 64,
      "num_hidden_layers": 32, "num_key_value_heads": 8, "num_media_embeds": 257,
      "org_vocab_size": 128167, "pad_id": 127961, "pad_token_id": 127961, "pool_type": "last",
      "position_embedding_xdrope": false, "pretraining_tp": 1, "q_lora_rank": null,
      "qk_nope_head_dim": null, "qk_rope_head_dim": null, "rms_norm_eps": 1e-05,
      "rope_scaling": {"alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0,
      "mscale": 1.0, "mscale_all_dim": 1.0, "type": "dynamic"}, "rope_theta": 10000.0,
      "routed_scaling_factor": 1.0, "sep_token_id": 127962, "skip_cls_token": false,
      "text_end_id": 8, "text_start_id": 7, "tie_word_embeddings": true, "topk_group": null,
      "torch_dtype": "bfloat16", "transformers_version": "4.41.2", "use_cache": true,
      "use_cla": false, "use_mixed_mlp_moe": true, "use_mla": false, "use_qk_norm": true,
      "use_rotary_pos_emb": true, "v_head_dim": null, "video_end_id": 11, "video_start_id": 10,
      "vit_add_patchemb_bias": false, "vit_input_resolution": 224,
      "vit_mapping_type": "resampler", "vit_norm_type": "fused", "vit_patch": 1, "vit_path": null,
      "vit_remove_prenorm": false, "vit_token": 64, "vit_type": null, "vit_used_rms_norm": false,
      "vocab_size": 128167, "xdrope_section": null})");
  config["moe_intermediate_size"] = std::vector<int>(32, 3072);
  config["moe_topk"] = std::vector<int>(32, 8);
  config["num_shared_expert"] = std::vector<int>(32, 1);
  return config.dump();
}

TEST(Hunyuan, PublishedLarge) {
  const ModelSpec spec = SpecOf(kLarge);
  EXPECT_EQ(spec.family, "hunyuan");
  EXPECT_EQ(Parameters(spec), 388'701'405'440);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 51'322'077'440);
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 81'920);
  EXPECT_EQ(spec.ropes[0].scaling, RopeScaling::kNtkAlpha);
  EXPECT_EQ(spec.ropes[0].alpha, 1000.0);
  EXPECT_EQ(spec.layers[62].gqa().kv_layer, -1);
  EXPECT_EQ(spec.layers[63].gqa().kv_layer, 62);
  EXPECT_TRUE(spec.layers[62].gqa().k_norm_on_q && spec.layers[63].gqa().k_norm_on_q);
  EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kHeadPostRope);
  const MoeSpec& moe = *spec.layers[0].moe();
  EXPECT_EQ(moe.top_k, 1);
  EXPECT_FALSE(moe.router.renormalize) << "one expert alone keeps its probability";
  EXPECT_EQ(moe.shared->d_ff, 18304);
}

TEST(Hunyuan, PublishedA13b) {
  for (const std::string& config :
       {A13b(), Changed(A13b(), R"({"model_type": "hunyuan_v1_moe"})")}) {
    const ModelSpec spec = SpecOf(config);
    EXPECT_EQ(Parameters(spec), 80'393'183'232);
    EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 12'747'448'320);
    EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 131'072);
    EXPECT_EQ(spec.layers[1].gqa().kv_layer, -1) << "use_cla is off";
    EXPECT_FALSE(spec.layers[1].gqa().k_norm_on_q);
    EXPECT_EQ(spec.layers[31].moe()->top_k, 8);
    EXPECT_TRUE(spec.layers[31].moe()->router.renormalize);
  }
}

const std::string kTiny =
    Changed(kLarge, R"({"hidden_size": 12, "intermediate_size": 20, "num_attention_heads": 3,
    "num_key_value_heads": 1, "num_experts": 5, "moe_topk": 2, "num_hidden_layers": 3,
    "vocab_size": 30})");

TEST(Hunyuan, CrossLayersHaveNoKeysOfTheirOwn) {
  const TensorNames names(SpecOf(kTiny));
  EXPECT_TRUE(names.Has("model.layers.0.self_attn.k_proj.weight"));
  EXPECT_FALSE(names.Has("model.layers.1.self_attn.k_proj.weight"));
  EXPECT_FALSE(names.Has("model.layers.1.self_attn.v_proj.weight"));
  EXPECT_TRUE(names.Has("model.layers.2.self_attn.v_proj.weight"));
  EXPECT_EQ(names.ShapeOf("model.layers.1.self_attn.key_layernorm.weight"), (Shape{4}))
      << "but a norm";
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.gate.wg.weight"), (Shape{5, 12}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.shared_mlp.up_proj.weight"), (Shape{20, 12}));
}

TEST(Hunyuan, WithoutNormsKeysAreSharedAsTheyAre) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"use_qk_norm": false, "cla_share_factor": 3,
      "attention_bias": true})"));
  EXPECT_FALSE(spec.layers[1].gqa().k_norm_on_q);
  EXPECT_EQ(spec.layers[2].gqa().kv_layer, 0);
  const TensorNames names(spec);
  EXPECT_TRUE(names.Has("model.layers.2.self_attn.o_proj.bias"));
  EXPECT_FALSE(names.Has("model.layers.2.self_attn.k_proj.bias"));
  EXPECT_FALSE(names.Has("model.layers.0.self_attn.key_layernorm.weight"));
}

TEST(Hunyuan, ListsPerLayer) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"num_experts": [4, 1, 6],
      "moe_topk": [2, 1, 3], "moe_intermediate_size": [8, 8, 16], "num_shared_expert": [1, 1, 2]})"));
  EXPECT_EQ(spec.layers[0].moe()->n_experts, 4);
  EXPECT_EQ(spec.layers[0].moe()->expert.d_ff, 8);
  EXPECT_EQ(spec.layers[1].moe(), nullptr);
  EXPECT_EQ(spec.layers[1].glu().d_ff, 20);
  EXPECT_EQ(spec.layers[2].moe()->top_k, 3);
  EXPECT_EQ(spec.layers[2].moe()->shared->d_ff, 40);
  EXPECT_EQ(MaxTopK(spec), 3);
  ExpectParseFails(Changed(kTiny, R"({"moe_topk": [2, 2]})"), StatusCode::kCorrupt,
                   {"'moe_topk': expected one number or 3, found 2"});
  ExpectParseFails(Changed(kTiny, R"({"num_experts": [4, 0, 4]})"), StatusCode::kCorrupt,
                   {"'num_experts'", "found 0"});
}

// What makers and transformers take for granted.
TEST(Hunyuan, DefaultsAreTheClass) {
  const std::string bare = Changed(kTiny, R"({"use_qk_norm": null, "use_mixed_mlp_moe": null,
      "use_cla": null, "rope_scaling": null, "moe_topk": 1})");
  const ModelSpec large = SpecOf(bare);
  EXPECT_EQ(large.layers[0].gqa().qk_norm, QkNorm::kNone);
  EXPECT_FALSE(large.layers[0].moe()->shared.has_value());
  EXPECT_EQ(large.layers[1].gqa().kv_layer, -1);
  const ModelSpec moe = SpecOf(Changed(bare, R"({"model_type": "hunyuan_v1_moe"})"));
  EXPECT_EQ(moe.layers[0].gqa().qk_norm, QkNorm::kHeadPostRope);
  EXPECT_TRUE(moe.layers[0].moe()->shared.has_value());
  EXPECT_TRUE(moe.layers[0].moe()->router.renormalize) << "transformers makes the weight 1";
}

TEST(Hunyuan, Dense) {
  const std::string dense = Changed(kTiny, R"({"model_type": "hunyuan_v1_dense", "head_dim": 8,
      "architectures": ["HunYuanDenseV1ForCausalLM"], "num_experts": null, "moe_topk": null,
      "use_cla": false})");
  const ModelSpec spec = SpecOf(dense);
  EXPECT_EQ(spec.layers[0].moe(), nullptr);
  EXPECT_EQ(spec.layers[0].gqa().head_dim, 8);
  const ModelSpec saved = SpecOf(Changed(dense, R"({"rope_theta": null, "rope_scaling": null,
      "rope_parameters": {"rope_theta": 10000.0, "rope_type": "dynamic", "alpha": 50.0}})"));
  EXPECT_EQ(saved.ropes[0].scaling, RopeScaling::kNtkAlpha);
  EXPECT_EQ(saved.ropes[0].alpha, 50.0);
}

TEST(Hunyuan, Gguf) {
  const ModelSpec dense =
      SpecOf(GgufConfig(TinyGguf("hunyuan-dense"), {"blk.0.attn_q_norm.weight"}));
  EXPECT_EQ(dense.layers[0].gqa().qk_norm, QkNorm::kHeadPostRope);
  EXPECT_FALSE(dense.ropes[0].interleaved);
  EXPECT_EQ(TensorNames(dense, Container::kGguf).ShapeOf("blk.0.attn_k_norm.weight"), (Shape{4}));
  GgufKeys keys = TinyGguf("hunyuan-moe");
  keys = With(keys, "hunyuan-moe.expert_count", int64_t{5});
  keys = With(keys, "hunyuan-moe.expert_used_count", int64_t{2});
  keys = With(keys, "hunyuan-moe.expert_shared_count", int64_t{1});
  keys = With(keys, "hunyuan-moe.expert_feed_forward_length", int64_t{24});
  keys = With(keys, "hunyuan-moe.expert_shared_feed_forward_length", int64_t{24});
  keys = With(keys, "hunyuan-moe.rope.scaling.type", std::string("none"));
  keys = With(keys, "hunyuan-moe.rope.scaling.factor", 1.0);
  const ModelSpec moe = SpecOf(GgufConfig(keys));
  EXPECT_EQ(moe.layers[0].moe()->shared->d_ff, 24);
  EXPECT_TRUE(moe.layers[0].moe()->router.renormalize);
  EXPECT_TRUE(TensorNames(moe, Container::kGguf).Has("blk.0.ffn_up_shexp.weight"));
}

TEST(Hunyuan, RefusesByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"use_mla": true})", "'use_mla'"},
      {R"({"moe_drop_tokens": true})", "'moe_drop_tokens'"},
      {R"({"mlp_bias": true})", "'mlp_bias'"},
      {R"({"position_embedding_xdrope": true})", "'position_embedding_xdrope'"},
      {R"({"norm_type": "layer"})", "'norm_type'"},
      {R"({"routed_scaling_factor": 2.0})", "'routed_scaling_factor'"},
      {R"({"moe_layer_num_skipped": 1})", "'moe_layer_num_skipped'"}};
  for (const auto& [change, part] : cases) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {part});
  }
  ExpectParseFails(Changed(kTiny, R"({"rope_scaling": {"type": "dynamic", "alpha": -1.0}})"),
                   StatusCode::kCorrupt, {"'alpha'"});
}

}  // namespace
}  // namespace frugal
