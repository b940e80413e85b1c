#include "model/config_reader.h"

#include <cmath>
#include <limits>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// One set of values under both containers' names.
const std::string kJson = R"({"count": 3, "big": 1e6, "half": 0.5, "on": true, "name": "silu",
    "nothing": null, "list": [7, 8], "words": ["a", "b"], "empty": [], "inner": {"leaf": 5},
    "fractions": [0.5], "huge": 18446744073709551615, "negative": -4})";
const GgufKeys kKeys = {{"arch.count", int64_t{3}},
                        {"arch.big", 1e6},
                        {"arch.half", 0.5},
                        {"arch.on", true},
                        {"arch.name", std::string("silu")},
                        {"arch.nothing", MetaNull()},
                        {"arch.list", std::vector<int64_t>{7, 8}},
                        {"arch.words", std::vector<std::string>{"a", "b"}},
                        {"arch.empty", std::vector<int64_t>()},
                        {"arch.inner.leaf", int64_t{5}},
                        {"arch.fractions", std::vector<double>{0.5}},
                        {"arch.huge", std::numeric_limits<uint64_t>::max()},
                        {"arch.negative", int64_t{-4}}};

class BothContainers : public testing::TestWithParam<Container> {
 protected:
  bool gguf() const { return GetParam() == Container::kGguf; }
  // The key as messages name it.
  std::string Name(const std::string& key) const {
    return fmt::format("{}{}", gguf() ? "arch." : "", key);
  }

  const Checkpoint checkpoint_ = gguf() ? GgufConfig(kKeys) : HfConfig(kJson);
  ConfigReader reader_{checkpoint_, "arch"};
};

ConfigKey Both(const char* name) { return {name, name}; }

TEST_P(BothContainers, ReadsEveryType) {
  EXPECT_EQ(reader_.gguf(), gguf());
  EXPECT_EQ(reader_.Int(Both("count"), 1, 10), 3);
  EXPECT_EQ(reader_.Int(Both("big"), 1, 10'000'000), 1'000'000);  // JSON writes 1e6
  EXPECT_EQ(reader_.Int(Both("inner.leaf"), 5, 5), 5);
  EXPECT_EQ(reader_.IntOr(Both("negative"), -4, 0, 9), -4);
  EXPECT_EQ(reader_.Double(Both("half")), 0.5);
  EXPECT_EQ(reader_.DoubleOr(Both("count"), 0.25), 3.0);
  EXPECT_TRUE(reader_.BoolOr(Both("on"), false));
  EXPECT_EQ(reader_.StringOr(Both("name"), "gelu"), "silu");
  EXPECT_EQ(reader_.StringsOr(Both("words")), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader_.IntsOr(Both("list")), (std::vector<int64_t>{7, 8}));
  EXPECT_EQ(reader_.IntsOr(Both("count")), (std::vector<int64_t>{3}));
  EXPECT_TRUE(reader_.IntsOr(Both("empty")).empty());
  EXPECT_TRUE(reader_.StringsOr(Both("empty")).empty());
  EXPECT_TRUE(reader_.status().ok()) << reader_.status().message();
}

TEST_P(BothContainers, NullAndAbsentAreTheFallback) {
  for (const char* key : {"nothing", "absent"}) {
    EXPECT_FALSE(reader_.Has(Both(key)));
    EXPECT_EQ(reader_.IntOr(Both(key), 1, 10, 99), 99);  // the fallback knows no range
    EXPECT_EQ(reader_.DoubleOr(Both(key), 0.25), 0.25);
    EXPECT_TRUE(reader_.BoolOr(Both(key), true));
    EXPECT_EQ(reader_.StringOr(Both(key), "x"), "x");
    EXPECT_TRUE(reader_.StringsOr(Both(key)).empty());
    EXPECT_TRUE(reader_.IntsOr(Both(key)).empty());
  }
  EXPECT_TRUE(reader_.Has(Both("count")));
  EXPECT_TRUE(reader_.status().ok()) << reader_.status().message();
}

TEST_P(BothContainers, RequiredKeysMustBeThere) {
  for (const char* key : {"nothing", "absent"}) {
    ConfigReader reader(checkpoint_, "arch");
    EXPECT_EQ(reader.Int(Both(key), 2, 10), 2);  // harmless: inside the range
    ExpectRefused(reader.status(), StatusCode::kCorrupt, kModelPath,
                  {fmt::format("'{}' is missing", Name(key))});
    ConfigReader again(checkpoint_, "arch");
    again.Double(Both(key));
    ExpectRefused(again.status(), StatusCode::kCorrupt, kModelPath,
                  {fmt::format("'{}' is missing", Name(key))});
  }
}

TEST_P(BothContainers, RangesAreInclusiveAndNamed) {
  EXPECT_EQ(reader_.Int(Both("count"), 3, 3), 3);
  EXPECT_TRUE(reader_.status().ok());
  ConfigReader low(checkpoint_, "arch");
  EXPECT_EQ(low.Int(Both("count"), 4, 9), 4);
  ExpectRefused(low.status(), StatusCode::kCorrupt, kModelPath,
                {fmt::format("'{}': expected 4 to 9, found 3", Name("count"))});
  ConfigReader high(checkpoint_, "arch");
  EXPECT_EQ(high.IntOr(Both("count"), 0, 2, 1), 1);
  ExpectRefused(high.status(), StatusCode::kCorrupt, kModelPath, {"expected 0 to 2, found 3"});
}

TEST_P(BothContainers, WrongTypesAreNamed) {
  struct Case {
    const char* key;
    void (*read)(ConfigReader&, ConfigKey);
    const char* part;
  };
  const auto read_int = [](ConfigReader& r, ConfigKey k) { r.IntOr(k, 0, 9, 1); };
  const auto read_double = [](ConfigReader& r, ConfigKey k) { r.DoubleOr(k, 1.0); };
  const auto read_bool = [](ConfigReader& r, ConfigKey k) { r.BoolOr(k, true); };
  const auto read_string = [](ConfigReader& r, ConfigKey k) { r.StringOr(k, ""); };
  const auto read_strings = [](ConfigReader& r, ConfigKey k) { r.StringsOr(k); };
  const auto read_ints = [](ConfigReader& r, ConfigKey k) { r.IntsOr(k); };
  const Case cases[] = {{"half", read_int, "expected an integer"},
                        {"name", read_int, "expected an integer"},
                        {"on", read_int, "expected an integer"},
                        {"list", read_int, "expected an integer"},
                        {"huge", read_int, "18446744073709551615"},
                        {"name", read_double, "expected a number"},
                        {"on", read_double, "expected a number"},
                        {"count", read_bool, "expected a boolean"},
                        {"count", read_string, "expected a string"},
                        {"name", read_strings, "expected a list of strings"},
                        {"list", read_strings, "expected a list of strings"},
                        {"words", read_ints, "expected an integer"},
                        {"fractions", read_ints, "expected an integer"},
                        {"on", read_ints, "expected an integer"}};
  for (const Case& c : cases) {
    ConfigReader reader(checkpoint_, "arch");
    c.read(reader, Both(c.key));
    ExpectRefused(reader.status(), StatusCode::kCorrupt, kModelPath,
                  {fmt::format("'{}'", Name(c.key)), c.part});
  }
}

TEST_P(BothContainers, KeepsTheFirstProblem) {
  reader_.Int(Both("absent"), 1, 2);
  const std::string first = reader_.status().message();
  reader_.Int(Both("name"), 1, 2);
  reader_.Fail(Error(StatusCode::kUnsupported, "another"));
  EXPECT_EQ(reader_.Int(Both("count"), 1, 10), 3) << "reads on after a problem";
  EXPECT_EQ(reader_.status().message(), first);
  EXPECT_EQ(reader_.status().code(), StatusCode::kCorrupt);
}

TEST_P(BothContainers, UnreadKeysAreAnError) {
  reader_.Int(Both("count"), 1, 10);
  const Status status = reader_.CheckAllRead();
  ExpectRefused(status, StatusCode::kUnsupported, kModelPath,
                {fmt::format("'{}' is a setting that Frugal does not know for arch", Name("big"))});
}

TEST_P(BothContainers, ReadAndIgnoredKeysAreNot) {
  for (const auto& [key, value] : checkpoint_.metadata.values) {
    const std::string leaf = key.substr(gguf() ? 5 : 0);
    if (leaf == "half" || leaf == "nothing") continue;
    reader_.Ignore(Both(leaf.c_str()));
  }
  reader_.Double(Both("half"));
  const Status status = reader_.CheckAllRead();  // the null needs neither
  EXPECT_TRUE(status.ok()) << status.message();
}

INSTANTIATE_TEST_SUITE_P(Containers, BothContainers,
                         testing::Values(Container::kHuggingFace, Container::kGguf),
                         [](const testing::TestParamInfo<Container>& c) {
                           return c.param == Container::kGguf ? "Gguf" : "HuggingFace";
                         });

TEST(ConfigReader, KeyOfTheOtherContainerReadsAsAbsent) {
  const Checkpoint gguf = GgufConfig(kKeys);
  ConfigReader reader(gguf, "arch");
  EXPECT_FALSE(reader.Has({"count", ""}));
  EXPECT_EQ(reader.IntOr({"count", ""}, 0, 10, 7), 7);
  reader.Ignore({"count", ""});
  EXPECT_FALSE(reader.CheckAllRead().ok()) << "ignoring no key ignores no key";
  const Checkpoint hf = HfConfig(kJson);
  ConfigReader other(hf, "arch");
  EXPECT_EQ(other.IntOr({"", "count"}, 0, 10, 7), 7);
}

TEST(ConfigReader, NumbersMustBeFinite) {
  for (double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    const Checkpoint checkpoint = GgufConfig({{"arch.half", value}});
    ConfigReader reader(checkpoint, "arch");
    EXPECT_EQ(reader.DoubleOr({"", "half"}, 0.25), 0.25);
    ExpectRefused(reader.status(), StatusCode::kCorrupt, kModelPath,
                  {"'arch.half': expected a finite number"});
  }
}

// Whole files: made-up and foreign keys are refused by name, whatever else is there.
TEST(UnknownKeys, AreRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"attn_logit_softcapping": 50.0})", "attn_logit_softcapping"},
      {R"({"final_logit_softcapping": 30.0})", "final_logit_softcapping"},
      {R"({"rope_parameters": {"rope_type": "default", "foo": 1}})", "rope_parameters.foo"},
      {R"({"rope_parameters": {"full_attention": {"rope_type": "default"}}})",
       "rope_parameters.full_attention.rope_type"},
      {R"({"rope_scaling": {"type": "linear", "factor": 2.0, "alpha": 1000.0}})",
       "rope_scaling.alpha"},
      {R"({"rope_scaling": {"type": "linear", "factor": 2.0},
           "rope_parameters": {"rope_type": "linear", "factor": 4.0}})",
       "rope_parameters.factor"},
      {R"({"rope_scaling": "linear"})", "rope_scaling"},
      {R"({"quantization": {"bits": 4, "group_size": 64}})", "quantization.bits"},
      {R"({"num_local_experts": 8})", "num_local_experts"},
      {R"({"sliding_window": 4096})", "sliding_window"},  // transformers' Llama has none
      {R"({"layer_types": ["full_attention", "full_attention"]})", "layer_types"},
      {R"({"use_mrope": true})", "use_mrope"},
      {R"({"rope_interleaved": true})", "rope_interleaved"},
      {R"({"partial_rotary_factor": 0.5})", "partial_rotary_factor"},
      {R"({"use_qk_norm": true})", "use_qk_norm"},
      {R"({"is_causal": false})", "is_causal"},
      {R"({"embedding_multiplier": 12.0})", "embedding_multiplier"},
      {R"({"attention_multiplier": 0.015625})", "attention_multiplier"},
      {R"({"residual_multiplier": 0.22})", "residual_multiplier"},
      {R"({"logits_scaling": 8.0})", "logits_scaling"},
      {R"({"no_rope_layers": [1, 1, 1, 0]})", "no_rope_layers"},
      {R"({"vision_config": {"hidden_size": 64}})", "vision_config.hidden_size"},
      {R"({"dual_chunk_attention_config": {"chunk_size": 262144}})",
       "dual_chunk_attention_config.chunk_size"},
      {R"({"new\nline": 1})", "new\\x0Aline"},
  };
  for (const auto& [change, name] : cases) {
    ExpectParseFails(Changed(kTinyLlama, change), StatusCode::kUnsupported,
                     {fmt::format("'{}' is a setting that Frugal does not know", name)});
  }
  const std::string biased = TinyConfig("qwen2", R"({"attention_bias": true})");
  ExpectParseFails(biased, StatusCode::kUnsupported, {"'attention_bias'"});
}

TEST(UnknownKeys, OfGgufAreThoseUnderTheArchitecture) {
  const std::pair<const char*, MetaValue> cases[] = {
      {"llama.attention.causal", false},
      {"llama.attention.scale", 0.5},
      {"llama.attention.clamp_kqv", 8.0},
      {"llama.logit_scale", 0.0625},
      {"llama.final_logit_softcapping", 30.0},
      {"llama.rope.scaling.yarn_ext_factor", 1.0},
      {"llama.rope.scaling.yarn_attn_factor", 0.878},
      {"llama.rope.scaling.yarn_log_multiplier", 0.1},
      {"llama.rope.dimension_sections", std::vector<int64_t>{16, 24, 24, 0}},
      {"llama.attention.sliding_window_pattern", int64_t{6}},
      {"llama.pooling_type", int64_t{3}},
      {"llama.use_parallel_residual", true},
  };
  for (const auto& [key, value] : cases) {
    ExpectParseFails(GgufConfig(With(TinyGguf("llama"), key, value)), StatusCode::kUnsupported,
                     {fmt::format("'{}' is a setting that Frugal does not know", key)});
  }
}

TEST(HarmlessKeys, AreAccepted) {
  const ModelSpec plain = SpecOf(kTinyLlama);
  const std::string changes = R"({"_name_or_path": "meta/x", "_attn_implementation": "sdpa",
      "architectures": ["LlamaForCausalLM"], "torch_dtype": "bfloat16", "dtype": "float16",
      "transformers_version": "4.40.1", "transformers.js_config": {"kv_cache_dtype": {"q4": "x"}},
      "is_llama_config": true, "use_cache": true, "auto_map": {"AutoModel": "a.B"},
      "unsloth_fixed": true, "pad_token_id": 3, "id2label": {"0": "L"}, "label2id": {"L": 0},
      "num_labels": 2, "task_specific_params": {"summarize": {"max_length": 9}},
      "initializer_range": 0.02, "attention_dropout": 0.0, "gradient_checkpointing": false,
      "pretraining_tp": 2, "max_sequence_length": 2048, "max_length": 4096, "do_sample": true,
      "temperature": 0.9, "top_p": 0.6, "repetition_penalty": 1.1, "pruned_heads": {},
      "return_dict": true, "is_decoder": true, "keys_to_ignore_at_inference": ["past"],
      "rope_interleaved": false, "use_mrope": false, "use_sliding_window": false,
      "attention_bias": false, "mlp_bias": false, "partial_rotary_factor": 1.0,
      "is_encoder_decoder": false, "rope_scaling": "null", "sliding_window": "null",
      "head_dim": "null", "quantization_config": "null", "layer_types": "null"})";
  const ModelSpec spec = SpecOf(Changed(kTinyLlama, changes));
  EXPECT_EQ(spec.layers.size(), plain.layers.size());
  EXPECT_EQ(spec.layers[0].gqa().head_dim, plain.layers[0].gqa().head_dim);
  EXPECT_EQ(spec.layers[0].gqa().window, 0);
  EXPECT_EQ(spec.ropes[0].scaling, RopeScaling::kNone);
  for (const char* family : {"mistral", "qwen2", "qwen3"}) {
    SpecOf(TinyConfig(family, R"({"attention_bias": false, "mlp_bias": false})"));
  }
}

TEST(HarmlessKeys, OfGgufAreAccepted) {
  GgufKeys keys = TinyGguf("llama");
  keys.insert({{"general.name", std::string("x")},
               {"general.file_type", int64_t{15}},
               {"general.tags", std::vector<std::string>{"a"}},
               {"general.base_model.0.repo_url", std::string("x")},
               {"general.quantization_version", int64_t{2}},
               {"quantize.imatrix.file", std::string("imatrix.dat")},
               {"quantize.imatrix.entries_count", int64_t{224}},
               {"split.count", int64_t{1}},
               {"tokenizer.ggml.model", std::string("gpt2")},
               {"tokenizer.ggml.add_bos_token", true},
               {"tokenizer.chat_template", std::string("{{ x }}")},
               {"mradermacher.quantize_version", std::string("2")},
               {"llama.tensor_data_layout", std::string("Meta AI original pth")},
               {"llama.expert_count", int64_t{0}},
               {"llama.expert_used_count", int64_t{0}},
               {"llama.attention.causal", true},
               {"llama.rope.scaling.finetuned", false}});
  EXPECT_EQ(SpecOf(GgufConfig(keys)).n_layers(), 2);
}

}  // namespace
}  // namespace frugal
