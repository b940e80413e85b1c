// Published configurations: every key that the files hold is accepted, and the spec is the model
// that was published, to the last parameter. The values are facts from the models' own
// config.json files; the counts are those the hub shows.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

struct Published {
  const char* name;
  std::string config;
  int64_t parameters;
  int layers;
  int64_t hidden;
  int heads;
  int kv_heads;
  int head_dim;
  int64_t vocab;
  double theta;
  bool tied;
  int64_t window = 0;  // of every layer
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
};

// What the files of one publisher have in common.
const std::string kLlama2 = R"({"_name_or_path": "meta-llama/Llama-2-7b-hf",
    "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
    "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 11008, "max_position_embeddings": 4096, "model_type": "llama",
    "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
    "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null,
    "tie_word_embeddings": false, "torch_dtype": "float16",
    "transformers_version": "4.31.0.dev0", "use_cache": true, "vocab_size": 32000})";

const std::string kLlama3 = R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": 128001,
    "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 8192, "model_type": "llama",
    "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
    "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 500000.0,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16",
    "transformers_version": "4.40.0.dev0", "use_cache": true, "vocab_size": 128256})";

const std::string kLlama31 = Changed(kLlama3, R"({"eos_token_id": [128001, 128008, 128009],
    "max_position_embeddings": 131072, "mlp_bias": false, "rope_scaling": {"factor": 8.0,
    "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    "rope_type": "llama3"}, "transformers_version": "4.42.3"})");

const std::string kLlama32 = Changed(kLlama31, R"({"head_dim": 64, "tie_word_embeddings": true,
    "rope_scaling": {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192, "rope_type": "llama3"},
    "transformers_version": "4.45.0.dev0"})");

const std::string kMistral = R"({"architectures": ["MistralForCausalLM"], "bos_token_id": 1,
    "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
    "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16",
    "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000})";

const std::string kMistral2 = Changed(kMistral, R"({"attention_dropout": 0.0,
    "rope_theta": 1000000.0, "sliding_window": "null", "transformers_version": "4.36.0"})");

const std::string kQwen2 = R"({"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
    "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 3584,
    "initializer_range": 0.02, "intermediate_size": 18944, "max_position_embeddings": 32768,
    "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
    "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "transformers_version": "4.41.2", "use_cache": true,
    "use_sliding_window": false, "vocab_size": 152064})";

const std::string kQwen3 = R"({"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
    "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128,
    "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 12288, "max_position_embeddings": 40960, "max_window_layers": 36,
    "model_type": "qwen3", "num_attention_heads": 32, "num_hidden_layers": 36,
    "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null,
    "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": true,
    "use_sliding_window": false, "vocab_size": 151936})";

const std::string kQwen2Half = Changed(kQwen2, R"({"eos_token_id": 151643, "hidden_size": 896,
    "intermediate_size": 4864, "max_window_layers": 24, "num_attention_heads": 14,
    "num_hidden_layers": 24, "num_key_value_heads": 2, "sliding_window": 32768,
    "tie_word_embeddings": true, "use_mrope": false, "vocab_size": 151936})");

std::vector<Published> LlamaModels() {
  return {
      {"Llama-2-7b", Changed(kLlama2, R"({"max_length": 4096})"), 6'738'415'616, 32, 4096, 32, 32,
       128, 32000, 1e4, false},
      {"Llama-2-70b", Changed(kLlama2, R"({"hidden_size": 8192, "intermediate_size": 28672,
           "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8})"),
       68'976'648'192, 80, 8192, 64, 8, 128, 32000, 1e4, false},
      {"TinyLlama-1.1B", Changed(kLlama2, R"({"hidden_size": 2048, "intermediate_size": 5632,
           "num_hidden_layers": 22, "num_key_value_heads": 4, "max_position_embeddings": 2048,
           "torch_dtype": "float32"})"),
       1'100'048'384, 22, 2048, 32, 4, 64, 32000, 1e4, false},
      {"deepseek-coder-6.7b", Changed(kLlama2, R"({"rope_scaling": {"factor": 4.0,
           "type": "linear"}, "rope_theta": 100000, "vocab_size": 32256, "bos_token_id": 32013,
           "eos_token_id": 32014, "max_position_embeddings": 16384})"),
       6'740'512'768, 32, 4096, 32, 32, 128, 32256, 1e5, false, 0, RopeScaling::kLinear, 4.0},
      {"Llama-3-8B", kLlama3, 8'030'261'248, 32, 4096, 32, 8, 128, 128256, 5e5, false},
      {"Llama-3.1-8B-Instruct", kLlama31, 8'030'261'248, 32, 4096, 32, 8, 128, 128256, 5e5, false,
       0, RopeScaling::kLlama3, 8.0},
      {"Llama-3.1-405B", Changed(kLlama31, R"({"hidden_size": 16384, "intermediate_size": 53248,
           "num_attention_heads": 128, "num_hidden_layers": 126})"),
       405'853'388'800, 126, 16384, 128, 8, 128, 128256, 5e5, false, 0, RopeScaling::kLlama3, 8.0},
      {"Llama-3.2-1B", Changed(kLlama32, R"({"hidden_size": 2048, "intermediate_size": 8192,
           "num_hidden_layers": 16})"),
       1'235'814'400, 16, 2048, 32, 8, 64, 128256, 5e5, true, 0, RopeScaling::kLlama3, 32.0},
      {"Llama-3.2-3B", Changed(kLlama32, R"({"hidden_size": 3072, "intermediate_size": 8192,
           "num_hidden_layers": 28, "num_attention_heads": 24, "head_dim": 128})"),
       3'212'749'824, 28, 3072, 24, 8, 128, 128256, 5e5, true, 0, RopeScaling::kLlama3, 32.0},
      {"DeepSeek-R1-Distill-Llama-8B", Changed(kLlama31, R"({"eos_token_id": 128001,
           "transformers_version": "4.43.0.dev0"})"),
       8'030'261'248, 32, 4096, 32, 8, 128, 128256, 5e5, false, 0, RopeScaling::kLlama3, 8.0},
      {"DeepSeek-R1-Distill-Llama-70B", Changed(kLlama31, R"({"head_dim": 128,
           "hidden_size": 8192, "intermediate_size": 28672, "num_attention_heads": 64,
           "num_hidden_layers": 80, "eos_token_id": 128001})"),
       70'553'706'496, 80, 8192, 64, 8, 128, 128256, 5e5, false, 0, RopeScaling::kLlama3, 8.0},
      {"SmolLM2-135M-Instruct", Changed(kLlama3, R"({"bos_token_id": 1, "eos_token_id": 2,
           "hidden_size": 576, "initializer_range": 0.041666666666666664,
           "intermediate_size": 1536, "is_llama_config": true, "num_attention_heads": 9,
           "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 2,
           "rope_interleaved": false, "rope_theta": 100000, "tie_word_embeddings": true,
           "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16", "fp16": "float16"}},
           "vocab_size": 49152})"),
       134'515'008, 30, 576, 9, 3, 64, 49152, 1e5, true},
  };
}

std::vector<Published> MistralModels() {
  return {
      {"Mistral-7B-v0.1", kMistral, 7'241'732'096, 32, 4096, 32, 8, 128, 32000, 1e4, false, 4096},
      {"Mistral-7B-Instruct-v0.2", kMistral2, 7'241'732'096, 32, 4096, 32, 8, 128, 32000, 1e6,
       false},
      {"Mistral-7B-v0.3", Changed(kMistral2, R"({"vocab_size": 32768})"), 7'248'023'552, 32, 4096,
       32, 8, 128, 32768, 1e6, false},
      {"Mistral-Nemo-2407", Changed(kMistral2, R"({"head_dim": 128, "hidden_size": 5120,
           "max_position_embeddings": 131072, "num_hidden_layers": 40, "vocab_size": 131072})"),
       12'247'782'400, 40, 5120, 32, 8, 128, 131072, 1e6, false},
      {"Mistral-Small-24B-2501", Changed(kMistral2, R"({"head_dim": 128, "hidden_size": 5120,
           "intermediate_size": 32768, "num_hidden_layers": 40, "rope_theta": 100000000.0,
           "vocab_size": 131072})"),
       23'572'403'200, 40, 5120, 32, 8, 128, 131072, 1e8, false},
  };
}

std::vector<Published> Qwen2Models() {
  const std::string distill = Changed(kQwen2, R"({"eos_token_id": 151643,
      "max_position_embeddings": 131072, "rope_theta": 10000, "sliding_window": 4096,
      "use_mrope": false})");
  // As transformers 5 saves it again.
  std::string saved = Changed(kQwen2Half, R"({"dtype": "bfloat16", "torch_dtype": null,
      "rope_theta": null, "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
      "pad_token_id": "null", "sliding_window": "null", "transformers_version": "5.17.0"})");
  nlohmann::ordered_json types = nlohmann::ordered_json::object(
      {{"layer_types", std::vector<std::string>(24, "full_attention")}});
  saved = Changed(saved, types.dump());
  const std::string deep = Changed(kQwen2, R"({"hidden_size": 5120, "num_attention_heads": 40,
      "num_key_value_heads": 8})");
  return {
      {"Qwen2-7B-Instruct", kQwen2, 7'615'616'512, 28, 3584, 28, 4, 128, 152064, 1e6, false},
      {"Qwen2.5-0.5B", kQwen2Half, 494'032'768, 24, 896, 14, 2, 64, 151936, 1e6, true},
      {"Qwen2.5-0.5B saved by transformers 5", saved, 494'032'768, 24, 896, 14, 2, 64, 151936, 1e6,
       true},
      {"Qwen2.5-1.5B", Changed(kQwen2Half, R"({"hidden_size": 1536, "intermediate_size": 8960,
           "num_hidden_layers": 28, "num_attention_heads": 12, "max_window_layers": 28,
           "max_position_embeddings": 131072, "sliding_window": 131072})"),
       1'543'714'304, 28, 1536, 12, 2, 128, 151936, 1e6, true},
      {"Qwen2.5-3B", Changed(kQwen2Half, R"({"hidden_size": 2048, "intermediate_size": 11008,
           "num_hidden_layers": 36, "num_attention_heads": 16, "max_window_layers": 36})"),
       3'085'938'688, 36, 2048, 16, 2, 128, 151936, 1e6, true},
      {"Qwen2.5-14B-Instruct", Changed(deep, R"({"intermediate_size": 13824,
           "num_hidden_layers": 48, "max_window_layers": 70})"),
       14'770'033'664, 48, 5120, 40, 8, 128, 152064, 1e6, false},
      {"Qwen2.5-72B-Instruct", Changed(kQwen2, R"({"hidden_size": 8192,
           "intermediate_size": 29568, "num_hidden_layers": 80, "num_attention_heads": 64,
           "num_key_value_heads": 8, "max_window_layers": 70})"),
       72'706'203'648, 80, 8192, 64, 8, 128, 152064, 1e6, false},
      // The lines that its card adds for long contexts.
      {"Qwen2.5-7B-Instruct with yarn", Changed(kQwen2, R"({"rope_scaling": {"factor": 4.0,
           "original_max_position_embeddings": 32768, "type": "yarn"}})"),
       7'615'616'512, 28, 3584, 28, 4, 128, 152064, 1e6, false, 0, RopeScaling::kYarn, 4.0},
      {"QwQ-32B", Changed(deep, R"({"intermediate_size": 27648, "num_hidden_layers": 64,
           "max_position_embeddings": 40960, "max_window_layers": 64, "pad_token_id": 151643,
           "rms_norm_eps": 1e-05, "sliding_window": 32768})"),
       32'763'876'352, 64, 5120, 40, 8, 128, 152064, 1e6, false},
      {"DeepSeek-R1-Distill-Qwen-1.5B", Changed(distill, R"({"hidden_size": 1536,
           "intermediate_size": 8960, "num_attention_heads": 12, "num_key_value_heads": 2,
           "max_window_layers": 21, "vocab_size": 151936})"),
       1'777'088'000, 28, 1536, 12, 2, 128, 151936, 1e4, false},
      {"DeepSeek-R1-Distill-Qwen-7B", distill, 7'615'616'512, 28, 3584, 28, 4, 128, 152064, 1e4,
       false},
      {"DeepSeek-R1-Distill-Qwen-32B", Changed(deep, R"({"eos_token_id": 151643,
           "intermediate_size": 27648, "num_hidden_layers": 64, "max_window_layers": 64,
           "max_position_embeddings": 131072, "rms_norm_eps": 1e-05})"),
       32'763'876'352, 64, 5120, 40, 8, 128, 152064, 1e6, false},
  };
}

std::vector<Published> Qwen3Models() {
  const std::string tied = Changed(kQwen3, R"({"tie_word_embeddings": true})");
  return {
      {"Qwen3-0.6B", Changed(tied, R"({"hidden_size": 1024, "intermediate_size": 3072,
           "max_window_layers": 28, "num_attention_heads": 16, "num_hidden_layers": 28})"),
       596'049'920, 28, 1024, 16, 8, 128, 151936, 1e6, true},
      {"Qwen3-1.7B", Changed(tied, R"({"hidden_size": 2048, "intermediate_size": 6144,
           "max_window_layers": 28, "num_attention_heads": 16, "num_hidden_layers": 28})"),
       1'720'574'976, 28, 2048, 16, 8, 128, 151936, 1e6, true},
      {"Qwen3-4B", Changed(tied, R"({"hidden_size": 2560, "intermediate_size": 9728})"),
       4'022'468'096, 36, 2560, 32, 8, 128, 151936, 1e6, true},
      {"Qwen3-4B-Instruct-2507", Changed(tied, R"({"hidden_size": 2560,
           "intermediate_size": 9728, "max_position_embeddings": 262144,
           "rope_theta": 5000000})"),
       4'022'468'096, 36, 2560, 32, 8, 128, 151936, 5e6, true},
      {"Qwen3-8B", kQwen3, 8'190'735'360, 36, 4096, 32, 8, 128, 151936, 1e6, false},
      {"Qwen3-14B", Changed(kQwen3, R"({"hidden_size": 5120, "intermediate_size": 17408,
           "max_window_layers": 40, "num_attention_heads": 40, "num_hidden_layers": 40})"),
       14'768'307'200, 40, 5120, 40, 8, 128, 151936, 1e6, false},
      {"Qwen3-32B", Changed(kQwen3, R"({"hidden_size": 5120, "intermediate_size": 25600,
           "max_window_layers": 64, "num_attention_heads": 64, "num_hidden_layers": 64})"),
       32'762'123'264, 64, 5120, 64, 8, 128, 151936, 1e6, false},
      {"DeepSeek-R1-0528-Qwen3-8B", Changed(kQwen3, R"({"max_position_embeddings": 131072,
           "rope_scaling": {"attn_factor": 0.8782488562869419, "factor": 4.0,
           "original_max_position_embeddings": 32768, "rope_type": "yarn"}})"),
       8'190'735'360, 36, 4096, 32, 8, 128, 151936, 1e6, false, 0, RopeScaling::kYarn, 4.0},
  };
}

void ExpectIs(const ModelSpec& spec, const Published& model) {
  SCOPED_TRACE(model.name);
  EXPECT_EQ(CountParameters(spec, ModelTensors(spec)), model.parameters);
  EXPECT_EQ(spec.n_layers(), model.layers);
  EXPECT_EQ(spec.hidden, model.hidden);
  EXPECT_EQ(spec.vocab, model.vocab);
  EXPECT_EQ(spec.tied_embedding, model.tied);
  for (const LayerSpec& layer : spec.layers) {
    ASSERT_EQ(layer.gqa().n_heads, model.heads);
    ASSERT_EQ(layer.gqa().n_kv_heads, model.kv_heads);
    ASSERT_EQ(layer.gqa().head_dim, model.head_dim);
    ASSERT_EQ(layer.gqa().window, model.window);
  }
  ASSERT_EQ(spec.ropes.size(), 1u);
  EXPECT_EQ(spec.ropes[0].theta, model.theta);
  EXPECT_EQ(spec.ropes[0].rotary_dim, model.head_dim);
  EXPECT_EQ(spec.ropes[0].scaling, model.scaling);
  EXPECT_EQ(spec.ropes[0].factor, model.factor);
}

TEST(PublishedConfigs, Llama) {
  for (const Published& model : LlamaModels()) ExpectIs(SpecOf(model.config), model);
}

TEST(PublishedConfigs, Mistral) {
  for (const Published& model : MistralModels()) ExpectIs(SpecOf(model.config), model);
}

TEST(PublishedConfigs, Qwen2) {
  for (const Published& model : Qwen2Models()) {
    const ModelSpec spec = SpecOf(model.config);
    ExpectIs(spec, model);
    EXPECT_TRUE(spec.layers[0].gqa().q_bias && !spec.layers[0].gqa().o_bias) << model.name;
  }
}

TEST(PublishedConfigs, Qwen3) {
  for (const Published& model : Qwen3Models()) {
    const ModelSpec spec = SpecOf(model.config);
    ExpectIs(spec, model);
    EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kHeadPreRope) << model.name;
  }
}

TEST(PublishedConfigs, StopTokensOfBothFiles) {
  const ModelSpec llama = SpecOf(HfConfig(kLlama31, R"({"bos_token_id": 128000,
      "do_sample": true, "eos_token_id": [128001, 128008, 128009], "temperature": 0.6,
      "top_p": 0.9, "transformers_version": "4.42.3"})"));
  EXPECT_EQ(llama.bos_id, 128000);
  EXPECT_EQ(llama.stop_ids, (std::vector<int32_t>{128001, 128008, 128009}));
  const ModelSpec qwen = SpecOf(HfConfig(kQwen2, R"({"bos_token_id": 151643,
      "pad_token_id": 151643, "do_sample": true, "eos_token_id": [151645, 151643],
      "repetition_penalty": 1.05, "temperature": 0.7, "top_p": 0.8, "top_k": 20})"));
  EXPECT_EQ(qwen.stop_ids, (std::vector<int32_t>{151645, 151643}));
}

// ---- GGUF: the keys that llama.cpp's converters of several years write ------------------------

GgufKeys Keys(const std::string& arch, int64_t layers, int64_t context, int64_t hidden,
              int64_t d_ff, int64_t heads, int64_t kv_heads, double eps) {
  GgufKeys keys = {{"general.architecture", arch},
                   {"general.name", std::string("Model")},
                   {"general.file_type", int64_t{15}},
                   {"general.quantization_version", int64_t{2}},
                   {"tokenizer.ggml.model", std::string("gpt2")},
                   {"tokenizer.ggml.bos_token_id", int64_t{1}},
                   {"tokenizer.ggml.eos_token_id", int64_t{2}}};
  const auto add = [&](const char* key, MetaValue value) {
    keys[fmt::format("{}.{}", arch, key)] = std::move(value);
  };
  add("block_count", layers);
  add("context_length", context);
  add("embedding_length", hidden);
  add("feed_forward_length", d_ff);
  add("attention.head_count", heads);
  add("attention.head_count_kv", kv_heads);
  add("attention.layer_norm_rms_epsilon", static_cast<double>(static_cast<float>(eps)));
  return keys;
}

MetaValue Tokens(int n) { return std::vector<std::string>(n, "t"); }

TEST(PublishedGguf, Llama2Of2023) {  // no vocab_size, no freq_base
  GgufKeys keys = Keys("llama", 32, 4096, 4096, 11008, 32, 32, 1e-5);
  keys.insert({{"llama.rope.dimension_count", int64_t{128}},
               {"llama.tensor_data_layout", std::string("Meta AI original pth")},
               {"tokenizer.ggml.tokens", Tokens(32000)},
               {"tokenizer.ggml.scores", std::vector<double>{0.0}},
               {"tokenizer.ggml.token_type", std::vector<int64_t>{3}},
               {"tokenizer.ggml.unknown_token_id", int64_t{0}}});
  ExpectIs(SpecOf(GgufConfig(keys, {"output.weight"})),
           {"Llama-2-7b", "", 6'738'415'616, 32, 4096, 32, 32, 128, 32000, 1e4, false});
}

TEST(PublishedGguf, Llama31) {  // its scaling is the tensor rope_freqs.weight
  GgufKeys keys = Keys("llama", 32, 131072, 4096, 14336, 32, 8, 1e-5);
  keys.insert({{"general.type", std::string("model")},
               {"general.finetune", std::string("Instruct")},
               {"general.basename", std::string("Meta-Llama-3.1")},
               {"general.size_label", std::string("8B")},
               {"general.license", std::string("llama3.1")},
               {"general.tags", std::vector<std::string>{"facebook"}},
               {"general.languages", std::vector<std::string>{"en"}},
               {"llama.vocab_size", int64_t{128256}},
               {"llama.rope.freq_base", 500000.0},
               {"llama.rope.dimension_count", int64_t{128}},
               {"tokenizer.ggml.pre", std::string("llama-bpe")},
               {"tokenizer.ggml.tokens", Tokens(128256)},
               {"tokenizer.ggml.merges", std::vector<std::string>{"a b"}},
               {"tokenizer.chat_template", std::string("{{ bos_token }}")},
               {"quantize.imatrix.file", std::string("/models/imatrix.dat")},
               {"quantize.imatrix.dataset", std::string("calibration.txt")},
               {"quantize.imatrix.entries_count", int64_t{224}},
               {"quantize.imatrix.chunks_count", int64_t{125}},
               {"mradermacher.quantize_version", std::string("2")},
               {"mradermacher.quantized_by", std::string("mradermacher")}});
  ExpectIs(SpecOf(GgufConfig(keys, {"output.weight", "rope_freqs.weight"})),
           {"Llama-3.1-8B", "", 8'030'261'248, 32, 4096, 32, 8, 128, 128256, 5e5, false});
}

TEST(PublishedGguf, Llama32) {
  GgufKeys keys = Keys("llama", 16, 131072, 2048, 8192, 32, 8, 1e-5);
  keys.insert({{"llama.vocab_size", int64_t{128256}},
               {"llama.rope.freq_base", 500000.0},
               {"llama.rope.dimension_count", int64_t{64}},
               {"llama.attention.key_length", int64_t{64}},
               {"llama.attention.value_length", int64_t{64}}});
  ExpectIs(SpecOf(GgufConfig(keys, {"token_embd.weight"})),
           {"Llama-3.2-1B", "", 1'235'814'400, 16, 2048, 32, 8, 64, 128256, 5e5, true});
}

TEST(PublishedGguf, MistralNemo) {
  GgufKeys keys = Keys("llama", 40, 1024000, 5120, 14336, 32, 8, 1e-5);
  keys.insert({{"llama.vocab_size", int64_t{131072}},
               {"llama.rope.freq_base", 1000000.0},
               {"llama.rope.dimension_count", int64_t{128}},
               {"llama.attention.key_length", int64_t{128}},
               {"llama.attention.value_length", int64_t{128}},
               {"tokenizer.ggml.add_space_prefix", false}});
  ExpectIs(SpecOf(GgufConfig(keys, {"output.weight"})),
           {"Mistral-Nemo", "", 12'247'782'400, 40, 5120, 32, 8, 128, 131072, 1e6, false});
}

TEST(PublishedGguf, Qwen2) {
  GgufKeys keys = Keys("qwen2", 24, 32768, 896, 4864, 14, 2, 1e-6);
  keys.insert({{"qwen2.rope.freq_base", 1000000.0},
               {"tokenizer.ggml.pre", std::string("qwen2")},
               {"tokenizer.ggml.tokens", Tokens(151936)},
               {"tokenizer.ggml.padding_token_id", int64_t{151643}},
               {"tokenizer.ggml.add_bos_token", false}});
  ExpectIs(SpecOf(GgufConfig(keys, {"token_embd.weight"})),
           {"Qwen2.5-0.5B", "", 494'032'768, 24, 896, 14, 2, 64, 151936, 1e6, true});
}

TEST(PublishedGguf, Qwen3) {
  GgufKeys keys = Keys("qwen3", 36, 40960, 4096, 12288, 32, 8, 1e-6);
  keys.insert({{"qwen3.rope.freq_base", 1000000.0},
               {"qwen3.attention.key_length", int64_t{128}},
               {"qwen3.attention.value_length", int64_t{128}},
               {"tokenizer.ggml.tokens", Tokens(151936)}});
  Published model = {"Qwen3-8B", "", 8'190'735'360, 36, 4096, 32, 8, 128, 151936, 1e6, false, 0};
  ExpectIs(SpecOf(GgufConfig(keys, {"output.weight"})), model);

  keys.insert({{"qwen3.rope.scaling.type", std::string("yarn")},
               {"qwen3.rope.scaling.factor", 4.0},
               {"qwen3.rope.scaling.original_context_length", int64_t{32768}}});
  model.scaling = RopeScaling::kYarn;
  model.factor = 4.0;
  ExpectIs(SpecOf(GgufConfig(keys, {"output.weight"})), model);
}

}  // namespace
}  // namespace frugal
