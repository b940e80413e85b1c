#include "model/shapes.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "formats/json.h"

namespace frugal {
namespace {

constexpr std::string_view kAll = R"("hidden_act": "silu", "rms_norm_eps": 1e-06,
    "max_position_embeddings": 131072, "rope_theta": 10000.0, "rope_scaling": null,
    "attention_bias": false, "tie_word_embeddings": false)";

constexpr std::string_view kLlama = R"("model_type": "llama", "num_key_value_heads": 8,
    "vocab_size": 128256, "rope_theta": 500000.0, "rms_norm_eps": 1e-05)";
constexpr std::string_view kMistral = R"("model_type": "mistral", "num_key_value_heads": 8,
    "head_dim": 128, "sliding_window": null, "rms_norm_eps": 1e-05)";
constexpr std::string_view kMixtral = R"("model_type": "mixtral", "num_key_value_heads": 8,
    "num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": null,
    "rms_norm_eps": 1e-05)";
constexpr std::string_view kQwen25 = R"("model_type": "qwen2", "use_sliding_window": false,
    "rope_theta": 1000000.0)";
constexpr std::string_view kQwen3 = R"("model_type": "qwen3", "num_key_value_heads": 8,
    "head_dim": 128, "vocab_size": 151936, "use_sliding_window": false,
    "rope_theta": 1000000.0)";
constexpr std::string_view kQwen3Moe = R"("model_type": "qwen3_moe", "num_experts": 128,
    "num_experts_per_tok": 8, "norm_topk_prob": true, "decoder_sparse_step": 1,
    "mlp_only_layers": [], "head_dim": 128, "num_key_value_heads": 4, "vocab_size": 151936,
    "rope_theta": 1000000.0)";
constexpr std::string_view kQwen3Next = R"("model_type": "qwen3_next", "num_experts_per_tok": 10,
    "norm_topk_prob": true, "decoder_sparse_step": 1, "mlp_only_layers": [], "head_dim": 256,
    "num_key_value_heads": 2, "partial_rotary_factor": 0.25, "full_attention_interval": 4,
    "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_num_key_heads": 16,
    "linear_num_value_heads": 32, "linear_value_head_dim": 128, "rope_theta": 10000000.0)";
constexpr std::string_view kDeepSeekV2 = R"("model_type": "deepseek_v2", "kv_lora_rank": 512,
    "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "moe_layer_freq": 1,
    "num_experts_per_tok": 6, "n_shared_experts": 2, "first_k_dense_replace": 1,
    "norm_topk_prob": false, "scoring_func": "softmax", "vocab_size": 102400)";
constexpr std::string_view kDeepSeekV3 = R"("model_type": "deepseek_v3", "kv_lora_rank": 512,
    "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "moe_layer_freq": 1,
    "hidden_size": 7168, "num_hidden_layers": 61, "q_lora_rank": 1536,
    "moe_intermediate_size": 2048, "intermediate_size": 18432, "n_shared_experts": 1,
    "num_experts_per_tok": 8, "scoring_func": "sigmoid", "topk_method": "noaux_tc",
    "norm_topk_prob": true)";
constexpr std::string_view kGlm45 = R"("model_type": "glm4_moe", "num_attention_heads": 96,
    "num_key_value_heads": 8, "head_dim": 128, "partial_rotary_factor": 0.5,
    "num_experts_per_tok": 8, "n_shared_experts": 1, "n_group": 1, "topk_group": 1,
    "norm_topk_prob": true, "attention_bias": true, "vocab_size": 151552,
    "num_nextn_predict_layers": 1)";
constexpr std::string_view kErnie = R"("model_type": "ernie4_5_moe", "use_bias": false,
    "moe_layer_interval": 1, "moe_use_aux_free": true, "vocab_size": 103424)";
constexpr std::string_view kGptOss = R"("model_type": "gpt_oss", "attention_bias": true,
    "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "hidden_size": 2880,
    "intermediate_size": 2880, "num_experts_per_tok": 4, "sliding_window": 128,
    "swiglu_limit": 7.0, "vocab_size": 201088, "rope_theta": 150000.0)";
constexpr std::string_view kHunyuan = R"("use_qk_norm": true, "use_mixed_mlp_moe": true,
    "num_shared_expert": 1, "tie_word_embeddings": true,
    "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0})";
constexpr std::string_view kLing = R"("model_type": "bailing_moe", "num_shared_experts": 2,
    "norm_topk_prob": true, "first_k_dense_replace": 0, "use_bias": false, "use_qkv_bias": false,
    "norm_head": true, "num_experts": 64, "vocab_size": 126464)";
constexpr std::string_view kApertus = R"("model_type": "apertus", "hidden_act": "xielu",
    "num_key_value_heads": 8, "vocab_size": 131072)";

// By maker, small to large.
constexpr ModelShape kShapes[] = {
    {"llama-3.2-1b", kLlama, R"("hidden_size": 2048, "num_hidden_layers": 16,
        "num_attention_heads": 32, "intermediate_size": 8192, "tie_word_embeddings": true)"},
    {"llama-3.2-3b", kLlama, R"("hidden_size": 3072, "num_hidden_layers": 28,
        "num_attention_heads": 24, "intermediate_size": 8192, "tie_word_embeddings": true)"},
    {"llama-3.1-8b", kLlama, R"("hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "intermediate_size": 14336)"},
    {"llama-3.1-70b", kLlama, R"("hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "intermediate_size": 28672)"},
    {"llama-3.1-405b", kLlama, R"("hidden_size": 16384, "num_hidden_layers": 126,
        "num_attention_heads": 128, "intermediate_size": 53248)"},
    {"mistral-7b", kMistral, R"("hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "intermediate_size": 14336, "vocab_size": 32768)"},
    {"mistral-small-24b", kMistral, R"("hidden_size": 5120, "num_hidden_layers": 40,
        "num_attention_heads": 32, "intermediate_size": 32768, "vocab_size": 131072)"},
    {"mixtral-8x7b", kMixtral, R"("hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "intermediate_size": 14336, "vocab_size": 32000)"},
    {"mixtral-8x22b", kMixtral, R"("hidden_size": 6144, "num_hidden_layers": 56,
        "num_attention_heads": 48, "intermediate_size": 16384, "vocab_size": 32768)"},
    {"qwen2.5-7b", kQwen25, R"("hidden_size": 3584, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
        "vocab_size": 152064)"},
    {"qwen2.5-72b", kQwen25, R"("hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 29568,
        "vocab_size": 152064)"},
    {"qwen3-0.6b", kQwen3, R"("hidden_size": 1024, "num_hidden_layers": 28,
        "num_attention_heads": 16, "intermediate_size": 3072, "tie_word_embeddings": true)"},
    {"qwen3-1.7b", kQwen3, R"("hidden_size": 2048, "num_hidden_layers": 28,
        "num_attention_heads": 16, "intermediate_size": 6144, "tie_word_embeddings": true)"},
    {"qwen3-4b", kQwen3, R"("hidden_size": 2560, "num_hidden_layers": 36,
        "num_attention_heads": 32, "intermediate_size": 9728, "tie_word_embeddings": true)"},
    {"qwen3-8b", kQwen3, R"("hidden_size": 4096, "num_hidden_layers": 36,
        "num_attention_heads": 32, "intermediate_size": 12288)"},
    {"qwen3-14b", kQwen3, R"("hidden_size": 5120, "num_hidden_layers": 40,
        "num_attention_heads": 40, "intermediate_size": 17408)"},
    {"qwen3-32b", kQwen3, R"("hidden_size": 5120, "num_hidden_layers": 64,
        "num_attention_heads": 64, "intermediate_size": 25600)"},
    {"qwen3-30b-a3b", kQwen3Moe, R"("hidden_size": 2048, "num_hidden_layers": 48,
        "num_attention_heads": 32, "moe_intermediate_size": 768, "intermediate_size": 6144)"},
    {"qwen3-235b-a22b", kQwen3Moe, R"("hidden_size": 4096, "num_hidden_layers": 94,
        "num_attention_heads": 64, "moe_intermediate_size": 1536, "intermediate_size": 12288)"},
    {"qwen3-next-80b-a3b", kQwen3Next, R"("hidden_size": 2048, "num_hidden_layers": 48,
        "num_attention_heads": 16, "num_experts": 512, "moe_intermediate_size": 512,
        "shared_expert_intermediate_size": 512, "intermediate_size": 5120,
        "vocab_size": 151936)"},
    {"deepseek-67b", R"("model_type": "llama")", R"("hidden_size": 8192, "num_hidden_layers": 95,
        "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 22016,
        "vocab_size": 102400)"},
    {"deepseek-v2-lite", kDeepSeekV2, R"("hidden_size": 2048, "num_hidden_layers": 27,
        "num_attention_heads": 16, "q_lora_rank": null, "n_routed_experts": 64,
        "moe_intermediate_size": 1408, "intermediate_size": 10944, "topk_method": "greedy",
        "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0)"},
    {"deepseek-v2", kDeepSeekV2, R"("hidden_size": 5120, "num_hidden_layers": 60,
        "num_attention_heads": 128, "q_lora_rank": 1536, "n_routed_experts": 160,
        "moe_intermediate_size": 1536, "intermediate_size": 12288,
        "topk_method": "group_limited_greedy", "n_group": 8, "topk_group": 3,
        "routed_scaling_factor": 16.0)"},
    {"deepseek-v3", kDeepSeekV3, R"("num_attention_heads": 128, "n_routed_experts": 256,
        "first_k_dense_replace": 3, "n_group": 8, "topk_group": 4, "routed_scaling_factor": 2.5,
        "num_nextn_predict_layers": 1, "vocab_size": 129280)"},
    {"kimi-k2", kDeepSeekV3, R"("model_type": "kimi_k2", "num_attention_heads": 64,
        "n_routed_experts": 384, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1,
        "routed_scaling_factor": 2.827, "num_nextn_predict_layers": 0, "vocab_size": 163840)"},
    {"glm-4.5-air", kGlm45, R"("hidden_size": 4096, "num_hidden_layers": 46,
        "n_routed_experts": 128, "moe_intermediate_size": 1408, "intermediate_size": 10944,
        "first_k_dense_replace": 1, "routed_scaling_factor": 1.0, "use_qk_norm": false)"},
    {"glm-4.5", kGlm45, R"("hidden_size": 5120, "num_hidden_layers": 92,
        "n_routed_experts": 160, "moe_intermediate_size": 1536, "intermediate_size": 12288,
        "first_k_dense_replace": 3, "routed_scaling_factor": 2.5, "use_qk_norm": true)"},
    {"gpt-oss-20b", kGptOss, R"("num_hidden_layers": 24, "num_local_experts": 32)"},
    {"gpt-oss-120b", kGptOss, R"("num_hidden_layers": 36, "num_local_experts": 128)"},
    {"ernie-4.5-21b-a3b", kErnie, R"("hidden_size": 2560, "num_hidden_layers": 28,
        "num_attention_heads": 20, "num_key_value_heads": 4, "moe_num_experts": 64, "moe_k": 6,
        "moe_num_shared_experts": 2, "moe_intermediate_size": 1536, "intermediate_size": 12288,
        "moe_layer_start_index": 1, "moe_layer_end_index": 27, "tie_word_embeddings": true)"},
    {"ernie-4.5-300b-a47b", kErnie, R"("hidden_size": 8192, "num_hidden_layers": 54,
        "num_attention_heads": 64, "num_key_value_heads": 8, "moe_num_experts": 64, "moe_k": 8,
        "moe_num_shared_experts": 0, "moe_intermediate_size": 3584, "intermediate_size": 28672,
        "moe_layer_start_index": 3, "moe_layer_end_index": 53)"},
    {"hunyuan-a13b", kHunyuan, R"("model_type": "hunyuan_v1_moe", "hidden_size": 4096,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "num_experts": 64, "moe_topk": 8, "moe_intermediate_size": 3072,
        "intermediate_size": 3072, "vocab_size": 128167)"},
    {"hunyuan-large", kHunyuan, R"("model_type": "hunyuan", "hidden_size": 6400,
        "num_hidden_layers": 64, "num_attention_heads": 80, "num_key_value_heads": 8,
        "num_experts": 16, "moe_topk": 1, "intermediate_size": 18304, "use_cla": true,
        "cla_share_factor": 2, "vocab_size": 129024)"},
    {"minimax-m2", R"("model_type": "minimax_m2")", R"("hidden_size": 3072,
        "num_hidden_layers": 62, "num_attention_heads": 48, "num_key_value_heads": 8,
        "head_dim": 128, "rotary_dim": 64, "num_local_experts": 256, "num_experts_per_tok": 8,
        "intermediate_size": 1536, "vocab_size": 200064)"},
    {"minimax-text-01", R"("model_type": "minimax_text_01")", R"("hidden_size": 6144,
        "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 128, "rotary_dim": 64, "num_local_experts": 32, "num_experts_per_tok": 2,
        "intermediate_size": 9216, "vocab_size": 200064, "postnorm": true, "attn_type_list":
        [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,
         0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,
         0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,
         0, 0, 0, 0, 0, 0, 0, 1])"},
    {"ling-lite", kLing, R"("hidden_size": 2048, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 4, "num_experts_per_tok": 6,
        "moe_intermediate_size": 1408, "intermediate_size": 5632)"},
    {"ling-plus", kLing, R"("hidden_size": 5376, "num_hidden_layers": 88,
        "num_attention_heads": 42, "num_key_value_heads": 6, "head_dim": 128,
        "num_experts_per_tok": 4, "num_shared_experts": 1, "moe_intermediate_size": 3072,
        "intermediate_size": 12288)"},
    {"apertus-8b", kApertus, R"("hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "intermediate_size": 21504)"},
    {"apertus-70b", kApertus, R"("hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "intermediate_size": 43008)"},
    {"seed-oss-36b", R"("model_type": "seed_oss")", R"("attention_bias": true,
        "attention_out_bias": false, "hidden_size": 5120, "num_hidden_layers": 64,
        "num_attention_heads": 80, "num_key_value_heads": 8, "head_dim": 128,
        "intermediate_size": 27648, "vocab_size": 155136)"},
};

void Put(std::string_view members, const std::string& name, Metadata* config) {
  const Result<nlohmann::ordered_json> json = ParseJson("{" + std::string(members) + "}", name);
  CHECK(json.ok());
  Result<Metadata> flat = FlattenJson(*json, name);
  CHECK(flat.ok());
  for (auto& [key, value] : flat->values) {
    // An object's members replace a null.
    if (const size_t dot = key.find('.'); dot != key.npos) config->values.erase(key.substr(0, dot));
    config->values[key] = std::move(value);
  }
}

}  // namespace

std::span<const ModelShape> AllShapes() { return kShapes; }

Checkpoint ShapeCheckpoint(const ModelShape& shape) {
  Checkpoint checkpoint{.container = Container::kHuggingFace, .path = std::string(shape.name)};
  for (const std::string_view members : {kAll, shape.relatives, shape.own}) {
    Put(members, checkpoint.path, &checkpoint.metadata);
  }
  return checkpoint;
}

Result<Checkpoint> OpenShape(const std::string& shape) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const ModelShape& known : kShapes) {
    if (std::ranges::equal(known.name, shape, {}, {}, lower)) return ShapeCheckpoint(known);
  }
  const std::filesystem::path path(shape);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return OpenCheckpoint(shape, {.metadata_only = true});
  }
  if (path.filename() == "config.json" && std::filesystem::exists(path, error)) {
    const std::string folder = path.parent_path().string();
    return OpenCheckpoint(folder.empty() ? "." : folder, {.metadata_only = true});
  }
  std::string names;
  for (const ModelShape& known : kShapes) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return Error(StatusCode::kNotFound,
               "shape '{}': expected a config.json, a directory that has one, or one of {}", shape,
               names);
}

}  // namespace frugal
