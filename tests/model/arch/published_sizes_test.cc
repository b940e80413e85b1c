// Published configurations of the open-weight wave: total and active parameters, and the bytes of
// keys and values per token, are those of the models' papers. Configurations hold the values of the
// models' own config.json files that matter to these sums.
#include <cmath>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// What a figure of active parameters counts.
enum class Counting {
  kHead,     // the output head, not the input embedding
  kBoth,     // both
  kNoVocab,  // neither
};

struct Row {
  const char* name;
  std::string config;
  double total;   // billions
  double active;  // billions
  int64_t kv_bytes;
  Counting counting = Counting::kHead;
};

std::string Config(const std::string& members) {
  return R"({"hidden_act": "silu", "rms_norm_eps": 1e-06, "max_position_embeddings": 131072,
    "rope_theta": 10000.0, "rope_scaling": null, "attention_bias": false,
    "tie_word_embeddings": false, )" +
         members + "}";
}

const std::string kDeepSeek = R"("kv_lora_rank": 512, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "moe_layer_freq": 1, )";
const std::string kV3 = kDeepSeek + R"("model_type": "deepseek_v3", "hidden_size": 7168,
    "num_hidden_layers": 61, "q_lora_rank": 1536, "moe_intermediate_size": 2048,
    "intermediate_size": 18432, "n_shared_experts": 1, "num_experts_per_tok": 8,
    "scoring_func": "sigmoid", "topk_method": "noaux_tc", "norm_topk_prob": true,
    "num_nextn_predict_layers": 1, )";
const std::string kQwen3Moe = R"("model_type": "qwen3_moe", "num_experts": 128,
    "num_experts_per_tok": 8, "norm_topk_prob": true, "decoder_sparse_step": 1,
    "mlp_only_layers": [], "head_dim": 128, "num_key_value_heads": 4, "vocab_size": 151936, )";
const std::string kGlm45 = R"("model_type": "glm4_moe", "num_attention_heads": 96,
    "num_key_value_heads": 8, "head_dim": 128, "partial_rotary_factor": 0.5,
    "num_experts_per_tok": 8, "n_shared_experts": 1, "n_group": 1, "topk_group": 1,
    "norm_topk_prob": true, "vocab_size": 151552, "num_nextn_predict_layers": 1, )";
const std::string kErnie = R"("model_type": "ernie4_5_moe", "use_bias": false,
    "moe_layer_interval": 1, "moe_use_aux_free": true, "vocab_size": 103424, )";
const std::string kGptOss = R"("model_type": "gpt_oss", "attention_bias": true,
    "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "hidden_size": 2880,
    "intermediate_size": 2880, "num_experts_per_tok": 4, "sliding_window": 128,
    "swiglu_limit": 7.0, "vocab_size": 201088, )";
const std::string kLing = R"("model_type": "bailing_moe", "num_shared_experts": 2,
    "norm_topk_prob": true, "first_k_dense_replace": 0, "use_bias": false, "use_qkv_bias": false,
    "norm_head": true, "num_experts": 64, "vocab_size": 126464, )";
const std::string kHunyuan = R"("attention_bias": false, "use_qk_norm": true,
    "use_mixed_mlp_moe": true, "num_shared_expert": 1, "tie_word_embeddings": true,
    "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0}, )";

// The last of equal keys holds: what a model says replaces Config's.
std::string Replaced(const std::string& base, const std::string& changes) {
  return Changed(Config(base.substr(0, base.rfind(','))), "{" + changes + "}");
}

std::vector<Row> Rows() {
  std::string text01 = "[";
  for (int l = 0; l < 80; ++l) text01 += std::string(l > 0 ? ", " : "") + (l % 8 == 7 ? "1" : "0");
  text01 += "]";
  return {
      {"DeepSeek-V2", Replaced(kDeepSeek, R"("model_type": "deepseek_v2", "hidden_size": 5120,
        "num_hidden_layers": 60, "num_attention_heads": 128, "q_lora_rank": 1536,
        "n_routed_experts": 160, "num_experts_per_tok": 6, "n_shared_experts": 2,
        "moe_intermediate_size": 1536, "intermediate_size": 12288, "first_k_dense_replace": 1,
        "topk_method": "group_limited_greedy", "n_group": 8, "topk_group": 3,
        "norm_topk_prob": false, "routed_scaling_factor": 16.0, "scoring_func": "softmax",
        "vocab_size": 102400)"),
       235.7, 20.9, 69120},
      {"DeepSeek-V2-Lite", Replaced(kDeepSeek, R"("model_type": "deepseek_v2", "hidden_size": 2048,
        "num_hidden_layers": 27, "num_attention_heads": 16, "q_lora_rank": null,
        "n_routed_experts": 64, "num_experts_per_tok": 6, "n_shared_experts": 2,
        "moe_intermediate_size": 1408, "intermediate_size": 10944, "first_k_dense_replace": 1,
        "topk_method": "greedy", "n_group": 1, "topk_group": 1, "norm_topk_prob": false,
        "routed_scaling_factor": 1.0, "scoring_func": "softmax", "vocab_size": 102400)"),
       15.7, 2.45, 31104},
      {"DeepSeek-V3", Replaced(kV3, R"("num_attention_heads": 128, "n_routed_experts": 256,
        "first_k_dense_replace": 3, "n_group": 8, "topk_group": 4, "routed_scaling_factor": 2.5,
        "vocab_size": 129280)"),
       671.0, 36.6, 70272},
      {"Kimi K2", Replaced(kV3, R"("model_type": "kimi_k2", "num_attention_heads": 64,
        "n_routed_experts": 384, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1,
        "routed_scaling_factor": 2.827, "num_nextn_predict_layers": 0, "vocab_size": 163840)"),
       1026, 31.7, 70272},
      {"Qwen3-235B-A22B", Replaced(kQwen3Moe, R"("hidden_size": 4096, "num_hidden_layers": 94,
        "num_attention_heads": 64, "moe_intermediate_size": 1536, "intermediate_size": 12288)"),
       235.1, 21.6, 192512},
      {"Qwen3-30B-A3B", Replaced(kQwen3Moe, R"("hidden_size": 2048, "num_hidden_layers": 48,
        "num_attention_heads": 32, "moe_intermediate_size": 768, "intermediate_size": 6144)"),
       30.5, 3.04, 98304},
      {"GLM-4.5", Replaced(kGlm45, R"("hidden_size": 5120, "num_hidden_layers": 92,
        "n_routed_experts": 160, "moe_intermediate_size": 1536, "intermediate_size": 12288,
        "first_k_dense_replace": 3, "routed_scaling_factor": 2.5, "use_qk_norm": true,
        "attention_bias": true)"),
       352.8, 32.9, 376832},
      {"GLM-4.5-Air", Replaced(kGlm45, R"("hidden_size": 4096, "num_hidden_layers": 46,
        "n_routed_experts": 128, "moe_intermediate_size": 1408, "intermediate_size": 10944,
        "first_k_dense_replace": 1, "routed_scaling_factor": 1.0, "use_qk_norm": false,
        "attention_bias": true)"),
       106.9, 12.8, 188416},
      {"ERNIE-4.5-300B-A47B", Replaced(kErnie, R"("hidden_size": 8192, "num_hidden_layers": 54,
        "num_attention_heads": 64, "num_key_value_heads": 8, "moe_num_experts": 64, "moe_k": 8,
        "moe_num_shared_experts": 0, "moe_intermediate_size": 3584, "intermediate_size": 28672,
        "moe_layer_start_index": 3, "moe_layer_end_index": 53)"),
       299.5, 47.1, 221184},
      {"ERNIE-4.5-21B-A3B", Replaced(kErnie, R"("hidden_size": 2560, "num_hidden_layers": 28,
        "num_attention_heads": 20, "num_key_value_heads": 4, "moe_num_experts": 64, "moe_k": 6,
        "moe_num_shared_experts": 2, "moe_intermediate_size": 1536, "intermediate_size": 12288,
        "moe_layer_start_index": 1, "moe_layer_end_index": 27, "tie_word_embeddings": true)"),
       21.8, 3.35, 57344},
      {"Hunyuan-A13B", Replaced(kHunyuan, R"("model_type": "hunyuan_v1_moe", "hidden_size": 4096,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "num_experts": 64, "moe_topk": 8, "moe_intermediate_size": 3072, "intermediate_size": 3072,
        "vocab_size": 128167)"),
       80.4, 12.75, 131072},
      {"Hunyuan-Large", Replaced(kHunyuan, R"("model_type": "hunyuan", "hidden_size": 6400,
        "num_hidden_layers": 64, "num_attention_heads": 80, "num_key_value_heads": 8,
        "num_experts": 16, "moe_topk": 1, "intermediate_size": 18304, "use_cla": true,
        "cla_share_factor": 2, "vocab_size": 129024)"),
       388.7, 51.3, 81920},
      {"MiniMax-M2", Config(R"("model_type": "minimax_m2", "hidden_size": 3072,
        "num_hidden_layers": 62, "num_attention_heads": 48, "num_key_value_heads": 8,
        "head_dim": 128, "rotary_dim": 64, "num_local_experts": 256, "num_experts_per_tok": 8,
        "intermediate_size": 1536, "vocab_size": 200064)"),
       228.7, 10.4, 253952},
      {"MiniMax-Text-01",
       Config(R"("model_type": "minimax_text_01", "hidden_size": 6144,
        "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 128, "rotary_dim": 64, "num_local_experts": 32, "num_experts_per_tok": 2,
        "intermediate_size": 9216, "vocab_size": 200064, "postnorm": true, "attn_type_list": )" +
              text01),
       456.1, 45.9, 40960, Counting::kNoVocab},
      {"gpt-oss-20b", Replaced(kGptOss, R"("num_hidden_layers": 24, "num_local_experts": 32)"),
       20.9, 3.61, 24576},
      {"gpt-oss-120b", Replaced(kGptOss, R"("num_hidden_layers": 36, "num_local_experts": 128)"),
       116.8, 5.13, 36864},
      {"Ling-lite", Replaced(kLing, R"("hidden_size": 2048, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 4, "num_experts_per_tok": 6,
        "moe_intermediate_size": 1408, "intermediate_size": 5632)"),
       16.8, 2.75, 57344, Counting::kBoth},
      {"Ling-plus", Replaced(kLing, R"("hidden_size": 5376, "num_hidden_layers": 88,
        "num_attention_heads": 42, "num_key_value_heads": 6, "head_dim": 128,
        "num_experts_per_tok": 4, "num_shared_experts": 1, "moe_intermediate_size": 3072,
        "intermediate_size": 12288)"),
       290.6, 28.3, 270336},
      {"Mixtral-8x7B", Config(R"("model_type": "mixtral", "hidden_size": 4096,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "num_local_experts": 8, "num_experts_per_tok": 2, "intermediate_size": 14336,
        "sliding_window": null, "vocab_size": 32000)"),
       46.7, 12.75, 131072},
      {"Llama-3.1-405B", Config(R"("model_type": "llama", "hidden_size": 16384,
        "num_hidden_layers": 126, "num_attention_heads": 128, "num_key_value_heads": 8,
        "intermediate_size": 53248, "vocab_size": 128256)"),
       405.85, 403.75, 516096},
      {"Mistral-Small-24B", Config(R"("model_type": "mistral", "hidden_size": 5120,
        "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
        "head_dim": 128, "intermediate_size": 32768, "sliding_window": null,
        "vocab_size": 131072)"),
       23.57, 22.90, 163840},
      {"Apertus-8B", Replaced(R"("model_type": "apertus", )", R"("hidden_act": "xielu",
        "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 21504, "vocab_size": 131072)"),
       8.05, 7.52, 131072},
      {"Apertus-70B", Replaced(R"("model_type": "apertus", )", R"("hidden_act": "xielu",
        "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64,
        "num_key_value_heads": 8, "intermediate_size": 43008, "vocab_size": 131072)"),
       70.60, 69.53, 327680},
      {"Seed-OSS-36B", Replaced(R"("model_type": "seed_oss", )", R"("attention_bias": true,
        "attention_out_bias": false, "hidden_size": 5120, "num_hidden_layers": 64,
        "num_attention_heads": 80, "num_key_value_heads": 8, "head_dim": 128,
        "intermediate_size": 27648, "vocab_size": 155136)"),
       36.15, 35.36, 262144},
      {"DeepSeek-67B", Config(R"("model_type": "llama", "hidden_size": 8192,
        "num_hidden_layers": 95, "num_attention_heads": 64, "num_key_value_heads": 8,
        "intermediate_size": 22016, "vocab_size": 102400)"),
       67.4, 66.56, 389120},
      {"Qwen2.5-72B", Config(R"("model_type": "qwen2", "hidden_size": 8192,
        "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "intermediate_size": 29568, "use_sliding_window": false, "vocab_size": 152064)"),
       72.7, 71.46, 327680},
  };
}

class PublishedSizes : public testing::TestWithParam<Row> {};

TEST_P(PublishedSizes, AreThoseOfThePapers) {
  const Row& row = GetParam();
  const Result<ModelSpec> parsed = ParseModelSpec(HfConfig(row.config));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const ModelSpec& spec = *parsed;
  const std::vector<TensorDesc> table = ModelTensors(spec);
  const double vocab = static_cast<double>(spec.vocab) * spec.hidden;
  const double total = CountParameters(spec, table);
  double active = CountActiveParameters(spec, table);
  if (row.counting == Counting::kNoVocab) {
    active -= 2 * vocab;
  } else if (row.counting == Counting::kHead && !spec.tied_embedding) {
    active -= vocab;
  }
  EXPECT_NEAR(total / 1e9, row.total, 0.005 * row.total);
  EXPECT_NEAR(active / 1e9, row.active, 0.01 * row.active);
  EXPECT_EQ(KvGrowthPerToken(spec, KvType::kBf16), row.kv_bytes);
}

std::string RowName(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Papers, PublishedSizes, testing::ValuesIn(Rows()), RowName);

}  // namespace
}  // namespace frugal
