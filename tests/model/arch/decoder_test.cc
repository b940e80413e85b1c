#include "model/arch/decoder.h"

#include <cmath>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

ModelSpec Read(const Checkpoint& checkpoint, const std::string& arch, Status* status) {
  ConfigReader reader(checkpoint, arch);
  ModelSpec spec = ReadDecoder(reader, "family");
  *status = reader.status();
  return spec;
}

ModelSpec ReadOk(const Checkpoint& checkpoint) {
  Status status;
  ModelSpec spec = Read(checkpoint, "llama", &status);
  EXPECT_TRUE(status.ok()) << status.message();
  return spec;
}

void ExpectReadFails(const Checkpoint& checkpoint, StatusCode code,
                     const std::vector<std::string>& parts) {
  Status status;
  Read(checkpoint, "llama", &status);
  ExpectRefused(status, code, kModelPath, parts);
}

RopeSpec Rope(const Checkpoint& checkpoint, Status* status, int head_dim = 32) {
  ConfigReader reader(checkpoint, "llama");
  const RopeSpec rope =
      ReadRope(reader, {.max_position = 4096}, head_dim, {.gguf_interleaved = true});
  *status = reader.status();
  return rope;
}

RopeSpec RopeOk(const Checkpoint& checkpoint) {
  Status status;
  const RopeSpec rope = Rope(checkpoint, &status);
  EXPECT_TRUE(status.ok()) << status.message();
  return rope;
}

RopeSpec HfRope(const std::string& json) { return RopeOk(HfConfig(json)); }

// ---- Sizes ------------------------------------------------------------------------------------

TEST(ReadDecoder, ReadsBothContainers) {
  const std::string json = Changed(kTinyLlama, R"({"rms_norm_eps": 1e-5})");
  for (const ModelSpec& spec : {ReadOk(HfConfig(json)), ReadOk(GgufConfig(TinyGguf("llama")))}) {
    EXPECT_EQ(spec.family, "family");
    EXPECT_EQ(spec.hidden, 16);
    EXPECT_EQ(spec.vocab, 40);
    EXPECT_EQ(spec.max_position, 128);
    EXPECT_EQ(spec.norm_eps, 1e-5f);
    ASSERT_EQ(spec.n_layers(), 2);
    for (const LayerSpec& layer : spec.layers) {
      EXPECT_EQ(layer.gqa().n_heads, 4);
      EXPECT_EQ(layer.gqa().n_kv_heads, 2);
      EXPECT_EQ(layer.gqa().head_dim, 4);
      EXPECT_EQ(layer.gqa().scale, 0.5f);
      EXPECT_EQ(layer.gqa().window, 0);
      EXPECT_EQ(layer.glu().d_ff, 24);
      EXPECT_EQ(layer.glu().activation, Activation::kSilu);
      EXPECT_FALSE(layer.glu().bias);
    }
  }
}

TEST(ReadDecoder, DefaultsAreTransformers) {
  const ModelSpec spec = ReadOk(HfConfig(R"({"hidden_size": 16, "intermediate_size": 24,
      "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 40})"));
  EXPECT_EQ(spec.layers[0].gqa().n_kv_heads, 4);
  EXPECT_EQ(spec.layers[0].gqa().head_dim, 4);
  EXPECT_EQ(spec.norm_eps, 1e-6f);
  EXPECT_EQ(spec.max_position, 2048);
  EXPECT_FALSE(spec.tied_embedding);
}

TEST(ReadDecoder, HeadDimOfItsOwn) {
  const ModelSpec hf = ReadOk(HfConfig(Changed(kTinyLlama, R"({"head_dim": 10})")));
  GgufKeys keys = With(TinyGguf("llama"), "llama.attention.key_length", int64_t{10});
  keys = With(keys, "llama.attention.value_length", int64_t{10});
  for (const ModelSpec& spec : {hf, ReadOk(GgufConfig(keys))}) {
    EXPECT_EQ(spec.layers[0].gqa().head_dim, 10);
    EXPECT_EQ(spec.layers[0].gqa().scale, 1.0f / std::sqrt(10.0f));
  }
  keys = With(keys, "llama.attention.value_length", int64_t{12});
  ExpectReadFails(GgufConfig(keys), StatusCode::kUnsupported,
                  {"'attention.value_length': expected 10 like key_length, found 12"});
}

TEST(ReadDecoder, TiedEmbedding) {
  EXPECT_TRUE(
      ReadOk(HfConfig(Changed(kTinyLlama, R"({"tie_word_embeddings": true})"))).tied_embedding);
  // GGUF: a file without an output head.
  EXPECT_TRUE(ReadOk(GgufConfig(TinyGguf("llama"), {"token_embd.weight"})).tied_embedding);
  EXPECT_FALSE(ReadOk(GgufConfig(TinyGguf("llama"), {"output.weight"})).tied_embedding);
}

TEST(ReadDecoder, GgufVocabularyIsItsKeyOrItsTokens) {
  const MetaValue tokens = std::vector<std::string>(37, "t");
  GgufKeys keys = With(TinyGguf("llama"), "tokenizer.ggml.tokens", tokens);
  EXPECT_EQ(ReadOk(GgufConfig(keys)).vocab, 40);
  keys.erase("llama.vocab_size");
  EXPECT_EQ(ReadOk(GgufConfig(keys)).vocab, 37);
  keys.erase("tokenizer.ggml.tokens");
  ExpectReadFails(GgufConfig(keys), StatusCode::kCorrupt, {"'llama.vocab_size' is missing"});
}

TEST(ReadDecoder, SizesOutOfRangeAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"hidden_size": 1099511627776})", "'hidden_size': expected 1 to 1048576"},
      {R"({"hidden_size": 0})", "'hidden_size': expected 1 to"},
      {R"({"hidden_size": null})", "'hidden_size' is missing"},
      {R"({"num_hidden_layers": 1000000000})", "'num_hidden_layers': expected 1 to 4096"},
      {R"({"num_hidden_layers": 0})", "'num_hidden_layers'"},
      {R"({"intermediate_size": -1})", "'intermediate_size'"},
      {R"({"num_attention_heads": 0})", "'num_attention_heads'"},
      {R"({"num_key_value_heads": 0})", "'num_key_value_heads'"},
      {R"({"vocab_size": 0})", "'vocab_size': expected 1 to 16777216, found 0"},
      {R"({"vocab_size": "40"})", "'vocab_size': expected an integer, found a string"},
      {R"({"max_position_embeddings": 0})", "'max_position_embeddings'"},
      {R"({"rms_norm_eps": -1e-5})", "'rms_norm_eps': expected 0 to 1"},
      {R"({"rms_norm_eps": 1e300})", "'rms_norm_eps'"},
      {R"({"head_dim": 0})", "'head_dim'"},
      {R"({"tie_word_embeddings": 1})", "'tie_word_embeddings': expected a boolean"}};
  for (const auto& [change, part] : cases) {
    ExpectReadFails(HfConfig(Changed(kTinyLlama, change)), StatusCode::kCorrupt, {part});
  }
  ExpectReadFails(GgufConfig(With(TinyGguf("llama"), "llama.attention.head_count_kv",
                                  std::vector<int64_t>{2, 2})),
                  StatusCode::kCorrupt, {"'llama.attention.head_count_kv'", "a list of integers"});
}

TEST(ReadDecoder, OtherActivationsAreRefused) {
  for (const char* name : {"gelu", "relu", "gelu_pytorch_tanh"}) {
    ExpectReadFails(HfConfig(Changed(kTinyLlama, fmt::format(R"({{"hidden_act": "{}"}})", name))),
                    StatusCode::kUnsupported,
                    {fmt::format("'hidden_act': expected silu, found '{}'", name)});
  }
  EXPECT_EQ(ReadOk(HfConfig(Changed(kTinyLlama, R"({"hidden_act": "silu"})"))).n_layers(), 2);
}

// ---- Rope: config.json ------------------------------------------------------------------------

TEST(ReadRope, PlainInEveryNotation) {
  for (const char* json :
       {R"({"rope_theta": 5e5})", R"({"rope_theta": 500000, "rope_scaling": null})",
        R"({"rope_theta": 500000.0, "rope_scaling": {}})",
        R"({"rope_theta": 5e5, "rope_scaling": {"type": "default"}})",
        R"({"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}})",
        R"({"rope_parameters": {"rope_theta": 500000.0}})",
        R"({"rope_theta": 1.0, "rope_parameters": {"rope_theta": 500000.0}})"}) {
    const RopeSpec rope = HfRope(json);
    EXPECT_EQ(rope.theta, 500000.0) << json;
    EXPECT_EQ(rope.scaling, RopeScaling::kNone) << json;
    EXPECT_EQ(rope.rotary_dim, 32) << json;
    EXPECT_EQ(rope.max_position, 4096) << json;
    EXPECT_FALSE(rope.interleaved) << json;
  }
  EXPECT_EQ(HfRope("{}").theta, 10000.0);
}

TEST(ReadRope, LinearAndDynamicInEveryNotation) {
  const std::pair<const char*, RopeScaling> kinds[] = {{"linear", RopeScaling::kLinear},
                                                       {"dynamic", RopeScaling::kDynamic}};
  for (const auto& [name, scaling] : kinds) {
    for (const char* format :
         {R"({{"rope_theta": 100.0, "rope_scaling": {{"type": "{}", "factor": 4}}}})",
          R"({{"rope_theta": 100.0, "rope_scaling": {{"rope_type": "{}", "factor": 4.0}}}})",
          R"({{"rope_parameters": {{"rope_theta": 100.0, "rope_type": "{}", "factor": 4.0}}}})",
          R"({{"rope_theta": 100, "rope_parameters": {{"type": "{}", "factor": 4.0}}}})"}) {
      const RopeSpec rope = HfRope(fmt::format(fmt::runtime(format), name));
      EXPECT_EQ(rope.scaling, scaling) << format;
      EXPECT_EQ(rope.factor, 4.0) << format;
      EXPECT_EQ(rope.theta, 100.0) << format;
    }
  }
}

// As transformers: rope_type over type, rope_scaling over rope_parameters.
TEST(ReadRope, WhichNotationWins) {
  EXPECT_EQ(
      HfRope(R"({"rope_scaling": {"type": "su", "rope_type": "linear", "factor": 2}})").scaling,
      RopeScaling::kLinear);
  EXPECT_EQ(HfRope(R"({"rope_scaling": {"type": "linear", "factor": 2.0},
                       "rope_parameters": {"rope_type": "default"}})")
                .scaling,
            RopeScaling::kLinear);
}

TEST(ReadRope, Llama3) {
  const RopeSpec rope = HfRope(R"({"rope_theta": 500000.0, "rope_scaling": {"factor": 32.0,
      "high_freq_factor": 5.0, "low_freq_factor": 2.0, "original_max_position_embeddings": 8192,
      "rope_type": "llama3"}})");
  EXPECT_EQ(rope.scaling, RopeScaling::kLlama3);
  EXPECT_EQ(rope.factor, 32.0);
  EXPECT_EQ(rope.low_freq_factor, 2.0);
  EXPECT_EQ(rope.high_freq_factor, 5.0);
  EXPECT_EQ(rope.original_max_position, 8192);
  // transformers takes the published length for the original one where that is not said.
  EXPECT_EQ(HfRope(R"({"rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0,
      "low_freq_factor": 1.0, "rope_type": "llama3"}})")
                .original_max_position,
            4096);
}

TEST(ReadRope, Yarn) {
  RopeSpec rope = HfRope(R"({"rope_scaling": {"type": "yarn", "factor": 4.0,
      "original_max_position_embeddings": 1024}})");
  EXPECT_EQ(rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(rope.factor, 4.0);
  EXPECT_EQ(rope.original_max_position, 1024);
  EXPECT_EQ(rope.beta_fast, 32.0);
  EXPECT_EQ(rope.beta_slow, 1.0);
  EXPECT_FALSE(rope.attention_factor.has_value());
  EXPECT_TRUE(rope.truncate);

  rope = HfRope(R"({"rope_parameters": {"rope_type": "yarn", "factor": 16.0,
      "original_max_position_embeddings": 512, "beta_fast": 64, "beta_slow": 2.5,
      "attention_factor": 1.25, "mscale": 0.5, "mscale_all_dim": 0.75, "truncate": false,
      "rope_theta": 150000.0, "finetuned": true}})");
  EXPECT_EQ(rope.factor, 16.0);
  EXPECT_EQ(rope.beta_fast, 64.0);
  EXPECT_EQ(rope.beta_slow, 2.5);
  EXPECT_EQ(rope.attention_factor, 1.25);
  EXPECT_EQ(rope.mscale, 0.5);
  EXPECT_EQ(rope.mscale_all_dim, 0.75);
  EXPECT_FALSE(rope.truncate);
  EXPECT_EQ(rope.theta, 150000.0);

  // Without a factor: the ratio of the lengths.
  EXPECT_EQ(HfRope(R"({"rope_scaling": {"type": "yarn", "factor": null,
      "original_max_position_embeddings": 512}})")
                .factor,
            8.0);
}

TEST(ReadRope, BadValuesAreNamed) {
  struct Case {
    const char* json;
    StatusCode code;
    const char* part;
  };
  const Case cases[] = {
      {R"({"rope_theta": 0})", StatusCode::kCorrupt,
       "'rope_theta': expected a positive number up to 1e30, found 0"},
      {R"({"rope_theta": -10000.0})", StatusCode::kCorrupt, "'rope_theta'"},
      {R"({"rope_theta": 1e300})", StatusCode::kCorrupt, "'rope_theta'"},
      {R"({"rope_theta": "1e4"})", StatusCode::kCorrupt, "'rope_theta': expected a number"},
      {R"({"rope_scaling": {"type": "linear", "factor": -1}})", StatusCode::kCorrupt,
       "'factor': expected a positive number up to 1e30, found -1"},
      {R"({"rope_scaling": {"type": "linear", "factor": 0.0}})", StatusCode::kCorrupt, "'factor'"},
      {R"({"rope_scaling": {"type": "linear"}})", StatusCode::kCorrupt,
       "'rope_scaling.factor' is missing"},
      {R"({"rope_parameters": {"rope_type": "linear"}})", StatusCode::kCorrupt,
       "'rope_parameters.factor' is missing"},
      {R"({"rope_scaling": {"type": "dynamic", "factor": 0.5}})", StatusCode::kCorrupt,
       "at least 1 with dynamic scaling"},
      {R"({"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0}})",
       StatusCode::kCorrupt, "'rope_scaling.high_freq_factor' is missing"},
      {R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4,
           "high_freq_factor": 4}})",
       StatusCode::kCorrupt, "'high_freq_factor': expected a number above 'low_freq_factor'"},
      {R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 0,
           "high_freq_factor": 4}})",
       StatusCode::kCorrupt, "'low_freq_factor'"},
      {R"({"rope_scaling": {"type": "yarn", "factor": 4.0, "beta_fast": 0}})", StatusCode::kCorrupt,
       "'beta_fast'"},
      {R"({"rope_scaling": {"type": "yarn", "factor": 4.0, "beta_slow": -1}})",
       StatusCode::kCorrupt, "'beta_slow'"},
      {R"({"rope_scaling": {"type": "yarn", "factor": 4.0, "attention_factor": -1.0}})",
       StatusCode::kCorrupt, "'attention_factor'"},
      {R"({"rope_scaling": {"type": "yarn", "factor": 4.0,
           "original_max_position_embeddings": 0}})",
       StatusCode::kCorrupt, "'rope_scaling.original_max_position_embeddings'"},
      {R"({"rope_theta": 1.0, "rope_scaling": {"type": "yarn", "factor": 4.0}})",
       StatusCode::kCorrupt, "another number with yarn scaling"},
      {R"({"rope_scaling": {"rope_type": "longrope", "factor": 4.0}})", StatusCode::kUnsupported,
       "'rope_scaling.rope_type': expected default, linear, dynamic, llama3 or yarn, found "
       "'longrope'"},
      {R"({"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}})",
       StatusCode::kUnsupported, "found 'mrope'"},
      {R"({"rope_parameters": {"rope_type": "proportional"}})", StatusCode::kUnsupported,
       "'rope_parameters.rope_type'"},
      {R"({"rope_scaling": {"type": 3}})", StatusCode::kCorrupt, "'rope_scaling.type'"}};
  for (const Case& c : cases) {
    Status status;
    Rope(HfConfig(c.json), &status);
    ExpectRefused(status, c.code, kModelPath, {c.part});
  }
  Status status;  // theta's exponent is d / (d − 2)
  Rope(HfConfig(R"({"rope_scaling": {"type": "dynamic", "factor": 2.0}})"), &status, 2);
  ExpectRefused(status, StatusCode::kCorrupt, kModelPath, {"'head_dim'", "more than 2"});
}

// ---- Rope: GGUF -------------------------------------------------------------------------------

RopeSpec GgufRope(const GgufKeys& keys) { return RopeOk(GgufConfig(keys)); }

TEST(ReadRope, GgufPlain) {
  RopeSpec rope = GgufRope({{"llama.rope.freq_base", 500000.0}});
  EXPECT_EQ(rope.theta, 500000.0);
  EXPECT_EQ(rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(rope.rotary_dim, 32);
  EXPECT_TRUE(rope.interleaved);
  rope = GgufRope({{"llama.rope.dimension_count", int64_t{16}}});
  EXPECT_EQ(rope.theta, 10000.0);
  EXPECT_EQ(rope.rotary_dim, 16);
  EXPECT_EQ(GgufRope({{"llama.rope.scaling.type", std::string("none")},
                      {"llama.rope.scaling.factor", 4.0}})
                .scaling,
            RopeScaling::kNone);

  const Checkpoint other = GgufConfig({});
  ConfigReader reader(other, "qwen2");
  EXPECT_FALSE(ReadRope(reader, {.max_position = 64}, 32).interleaved);
}

TEST(ReadRope, GgufLinear) {
  const GgufKeys cases[] = {
      {{"llama.rope.scaling.type", std::string("linear")}, {"llama.rope.scaling.factor", 4.0}},
      {{"llama.rope.scaling.factor", 4.0}},  // llama.cpp's default type
      {{"llama.rope.scale_linear", 4.0}}};   // the key of 2023
  for (const GgufKeys& keys : cases) {
    const RopeSpec rope = GgufRope(keys);
    EXPECT_EQ(rope.scaling, RopeScaling::kLinear) << keys.begin()->first;
    EXPECT_EQ(rope.factor, 4.0) << keys.begin()->first;
  }
  EXPECT_EQ(GgufRope({{"llama.rope.scale_linear", 1.0}}).scaling, RopeScaling::kNone);
}

TEST(ReadRope, GgufYarn) {
  GgufKeys keys = {{"llama.rope.scaling.type", std::string("yarn")},
                   {"llama.rope.scaling.factor", 4.0},
                   {"llama.rope.scaling.original_context_length", int64_t{1024}}};
  RopeSpec rope = GgufRope(keys);
  const double own = 0.1 * std::log(4.0) + 1.0;
  EXPECT_EQ(rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(rope.factor, 4.0);
  EXPECT_EQ(rope.original_max_position, 1024);
  EXPECT_NEAR(*rope.attention_factor, own, 1e-12);
  EXPECT_EQ(rope.beta_fast, 32.0);
  keys = With(keys, "llama.rope.scaling.attn_factor", 0.5);
  keys = With(keys, "llama.rope.scaling.yarn_beta_fast", 16.0);
  keys = With(keys, "llama.rope.scaling.yarn_beta_slow", 2.0);
  keys.erase("llama.rope.scaling.original_context_length");
  rope = GgufRope(keys);
  EXPECT_NEAR(*rope.attention_factor, 0.5 * own, 1e-12);
  EXPECT_EQ(rope.beta_fast, 16.0);
  EXPECT_EQ(rope.beta_slow, 2.0);
  EXPECT_EQ(rope.original_max_position, 4096);
}

TEST(ReadRope, GgufBadValuesAreNamed) {
  const std::pair<GgufKeys, const char*> cases[] = {
      {{{"llama.rope.freq_base", 0.0}}, "'rope.freq_base'"},
      {{{"llama.rope.freq_base", std::nan("")}}, "'llama.rope.freq_base'"},
      {{{"llama.rope.scaling.factor", -2.0}}, "'factor'"},
      {{{"llama.rope.dimension_count", int64_t{33}}}, "'llama.rope.dimension_count'"},
      {{{"llama.rope.dimension_count", int64_t{0}}}, "'llama.rope.dimension_count'"}};
  for (const auto& [keys, part] : cases) {
    Status status;
    Rope(GgufConfig(keys), &status);
    ExpectRefused(status, StatusCode::kCorrupt, kModelPath, {part});
  }
  for (const char* type : {"longrope", "dynamic", "llama3", ""}) {
    Status status;
    Rope(GgufConfig({{"llama.rope.scaling.type", std::string(type)}}), &status);
    ExpectRefused(status, StatusCode::kUnsupported, kModelPath,
                  {"'rope.scaling.type': expected none, linear or yarn", type});
  }
}

// ---- Windows and biases -----------------------------------------------------------------------

std::vector<int64_t> Windows(const std::string& json, int layers, Status* status) {
  const Checkpoint checkpoint = HfConfig(json);
  ConfigReader reader(checkpoint, "qwen2");
  ModelSpec spec{.layers = std::vector<LayerSpec>(layers)};
  ReadWindowLayers(reader, &spec);
  *status = reader.status();
  std::vector<int64_t> windows;
  for (const LayerSpec& layer : spec.layers) windows.push_back(layer.gqa().window);
  return windows;
}

TEST(ReadWindowLayers, Conventions) {
  const std::vector<int64_t> none(4, 0);
  const std::pair<const char*, std::vector<int64_t>> cases[] = {
      {"{}", none},
      {R"({"use_sliding_window": false, "sliding_window": 8, "max_window_layers": 1})", none},
      {R"({"use_sliding_window": true, "sliding_window": null, "max_window_layers": 1})", none},
      {R"({"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 1})",
       {0, 8, 8, 8}},
      {R"({"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 0})",
       {8, 8, 8, 8}},
      {R"({"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 28})", none},
      // The published defaults: 4096 positions, from layer 28 on.
      {R"({"use_sliding_window": true, "max_window_layers": 2})", {0, 0, 4096, 4096}},
      {R"({"use_sliding_window": true, "sliding_window": 8})", none},
      // layer_types speaks last.
      {R"({"use_sliding_window": true, "sliding_window": 8, "max_window_layers": 1,
           "layer_types": ["sliding_attention", "full_attention", "full_attention",
                           "sliding_attention"]})",
       {8, 0, 0, 8}},
      {R"({"use_sliding_window": false, "sliding_window": 8, "layer_types": ["full_attention",
           "full_attention", "full_attention", "full_attention"]})",
       none}};
  for (const auto& [json, expected] : cases) {
    Status status;
    EXPECT_EQ(Windows(json, 4, &status), expected) << json;
    EXPECT_TRUE(status.ok()) << status.message();
  }
  Status status;
  const auto deep = Windows(R"({"use_sliding_window": true, "sliding_window": 8})", 30, &status);
  EXPECT_EQ(deep[27], 0);
  EXPECT_EQ(deep[28], 8);
}

TEST(ReadWindowLayers, BadValuesAreNamed) {
  struct Case {
    const char* json;
    StatusCode code;
    const char* part;
  };
  const Case cases[] = {
      {R"({"layer_types": ["full_attention"]})", StatusCode::kCorrupt,
       "'layer_types': expected 2 entries, found 1"},
      {R"({"layer_types": []})", StatusCode::kCorrupt, "'layer_types': expected 2 entries"},
      {R"({"layer_types": 2})", StatusCode::kCorrupt, "'layer_types': expected a list of strings"},
      {R"({"layer_types": ["full_attention", "linear_attention"]})", StatusCode::kUnsupported,
       "'layer_types[1]': expected full_attention or sliding_attention, found 'linear_attention'"},
      {R"({"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 8})",
       StatusCode::kCorrupt, "'layer_types[1]' is sliding_attention, but 'sliding_window' is off"},
      {R"({"layer_types": ["full_attention", "sliding_attention"], "use_sliding_window": true,
           "sliding_window": null})",
       StatusCode::kCorrupt, "'sliding_window' is off"},
      {R"({"use_sliding_window": true, "sliding_window": 0})", StatusCode::kCorrupt,
       "'sliding_window': expected 1 to"},
      {R"({"use_sliding_window": true, "sliding_window": -1})", StatusCode::kCorrupt,
       "'sliding_window'"},
      {R"({"use_sliding_window": 1})", StatusCode::kCorrupt, "'use_sliding_window'"},
      {R"({"max_window_layers": -1})", StatusCode::kCorrupt, "'max_window_layers'"}};
  for (const Case& c : cases) {
    Status status;
    Windows(c.json, 2, &status);
    ExpectRefused(status, c.code, kModelPath, {c.part});
  }
}

TEST(SetAttentionBias, SetsEveryLayer) {
  ModelSpec spec{.layers = std::vector<LayerSpec>(3)};
  SetAttentionBias(&spec, /*qkv=*/true, /*o=*/false);
  for (const LayerSpec& layer : spec.layers) {
    EXPECT_TRUE(layer.gqa().q_bias && layer.gqa().k_bias && layer.gqa().v_bias);
    EXPECT_FALSE(layer.gqa().o_bias);
  }
  SetAttentionBias(&spec, /*qkv=*/false, /*o=*/true);
  EXPECT_FALSE(spec.layers[2].gqa().q_bias || spec.layers[2].gqa().k_bias ||
               spec.layers[2].gqa().v_bias);
  EXPECT_TRUE(spec.layers[2].gqa().o_bias);
}

}  // namespace
}  // namespace frugal
