#include <set>

#include "model/arch/families.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(Registry, NamesAreUnique) {
  std::set<std::string_view> names, types, archs;
  for (const Family* family : AllFamilies()) {
    EXPECT_TRUE(names.insert(family->name).second) << family->name;
    for (std::string_view type : family->model_types) EXPECT_TRUE(types.insert(type).second);
    for (std::string_view arch : family->gguf_archs) EXPECT_TRUE(archs.insert(arch).second);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{
                       "apertus", "bailing", "bailing2", "deepseek", "ernie", "glm4", "glm4_moe",
                       "gpt_oss", "grok1", "grok2", "hunyuan", "llama", "minimax", "minimax_m2",
                       "mistral", "qwen2", "qwen3", "qwen3_next", "seed_oss"}));
}

TEST(Registry, EveryTypeFindsItsFamily) {
  for (const Family* family : AllFamilies()) {
    for (std::string_view type : family->model_types) {
      const Checkpoint checkpoint = HfConfig(TinyConfig(std::string(type)));
      ASSERT_TRUE(FindFamily(checkpoint).ok()) << type;
      EXPECT_EQ(*FindFamily(checkpoint), family) << type;
    }
    for (std::string_view arch : family->gguf_archs) {
      const Checkpoint checkpoint = GgufConfig(TinyGguf(std::string(arch)));
      ASSERT_TRUE(FindFamily(checkpoint).ok()) << arch;
      EXPECT_EQ(*FindFamily(checkpoint), family) << arch;
    }
  }
  const ModelSpec spec = SpecOf(kTinyLlama);
  EXPECT_EQ(spec.family, "llama");
  EXPECT_EQ(ModelTensors(spec).size(), kLlama.tensors(spec).size());
}

TEST(Registry, UnknownFamilyListsTheKnown) {
  ExpectParseFails(TinyConfig("gemma3"), StatusCode::kUnsupported,
                   {"'model_type' is 'gemma3'", "known: ", "llama, ", "qwen3_next"});
  ExpectParseFails(GgufConfig(TinyGguf("gemma3")), StatusCode::kUnsupported,
                   {"'general.architecture' is 'gemma3'", "known: ", "deepseek2", "qwen3moe"});
  // A GGUF's name for a family is not config.json's, nor the other way round.
  ExpectParseFails(GgufConfig(TinyGguf("mistral")), StatusCode::kUnsupported, {"'mistral'"});
  ExpectParseFails(TinyConfig("a\\nb"), StatusCode::kUnsupported, {"'a\\x0Ab'"});
}

TEST(Registry, FamilyMustBeNamed) {
  const Result<ModelSpec> hf = ParseModelSpec(HfConfig(R"({"hidden_size": 16})"));
  ASSERT_FALSE(hf.ok());
  ExpectRefused(hf.status(), StatusCode::kNotFound, kModelPath, {"'model_type'"});
  const Result<ModelSpec> number = ParseModelSpec(HfConfig(R"({"model_type": 3})"));
  ASSERT_FALSE(number.ok());
  ExpectRefused(number.status(), StatusCode::kCorrupt, kModelPath, {"'model_type'", "a string"});
  const Result<ModelSpec> gguf = ParseModelSpec(GgufConfig({}));
  ASSERT_FALSE(gguf.ok());
  ExpectRefused(gguf.status(), StatusCode::kNotFound, kModelPath, {"'general.architecture'"});
}

TEST(Registry, UnsoundSpecsAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"num_key_value_heads": 3})",
       "4 attention heads are not a multiple of 3 key-value heads"},
      {R"({"num_key_value_heads": 8})", "not a multiple of 8"},
      {R"({"head_dim": 1})", "head_dim: expected 2 to 4096, found 1"},
      {R"({"head_dim": 4098})", "head_dim: expected 2 to 4096, found 4098"},
      {R"({"head_dim": 5})", "rotary dimension 5: expected an even number"},
      {R"({"hidden_size": 2})", "head_dim: expected 2 to 4096, found 0"}};
  for (const auto& [change, part] : cases) {
    ExpectParseFails(Changed(kTinyLlama, change), StatusCode::kCorrupt, {part});
  }
}

TEST(Registry, FirstProblemIsTheOneReported) {
  // A bad value hides the unknown key, for what follows from it may be nonsense.
  ExpectParseFails(Changed(kTinyLlama, R"({"hidden_size": 0, "unknown": 1})"), StatusCode::kCorrupt,
                   {"'hidden_size'"});
}

// ---- Token ids --------------------------------------------------------------------------------

struct Ids {
  int32_t bos;
  std::vector<int32_t> stop;
  bool operator==(const Ids&) const = default;
};

Ids HfIds(const std::string& changes, const std::string& generation = "{}") {
  const ModelSpec spec = SpecOf(HfConfig(Changed(kTinyLlama, changes), generation));
  return {spec.bos_id, spec.stop_ids};
}

TEST(TokenIds, OfConfigAndGenerationConfig) {
  EXPECT_EQ(HfIds("{}"), (Ids{-1, {}}));
  EXPECT_EQ(HfIds(R"({"bos_token_id": 1, "eos_token_id": 2})"), (Ids{1, {2}}));
  EXPECT_EQ(HfIds(R"({"bos_token_id": 0, "eos_token_id": [7, 8, 9]})"), (Ids{0, {7, 8, 9}}));
  EXPECT_EQ(HfIds(R"({"bos_token_id": "null", "eos_token_id": "null"})"), (Ids{-1, {}}));
  EXPECT_EQ(HfIds(R"({"eos_token_id": 2})", R"({"bos_token_id": 3, "eos_token_id": [4, 2, 5]})"),
            (Ids{3, {2, 4, 5}}))
      << "all of them, each once";
  EXPECT_EQ(HfIds(R"({"bos_token_id": 1})", R"({"bos_token_id": 3, "temperature": 0.6})"),
            (Ids{1, {}}));
}

// Published configurations name ids beyond the vocabulary; no sampler can meet them.
TEST(TokenIds, BeyondTheVocabularyAreLeftAside) {
  EXPECT_EQ(HfIds(R"({"bos_token_id": 40, "eos_token_id": [39, 40, 151643, -1]})"),
            (Ids{-1, {39}}));
  EXPECT_EQ(HfIds("{}", R"({"eos_token_id": 4294967298})"), (Ids{-1, {}}));
}

TEST(TokenIds, WrongTypesAreNamed) {
  ExpectParseFails(Changed(kTinyLlama, R"({"eos_token_id": "</s>"})"), StatusCode::kCorrupt,
                   {"'eos_token_id'", "expected an integer"});
  ExpectParseFails(Changed(kTinyLlama, R"({"bos_token_id": [0.5]})"), StatusCode::kCorrupt,
                   {"'bos_token_id'"});
  const Result<ModelSpec> spec = ParseModelSpec(HfConfig(kTinyLlama, R"({"eos_token_id": true})"));
  ASSERT_FALSE(spec.ok());
  ExpectRefused(spec.status(), StatusCode::kCorrupt,
                "some/model/generation_config.json: ", {"'eos_token_id'"});
}

TEST(TokenIds, OfGguf) {
  GgufKeys keys = TinyGguf("llama");
  keys = With(keys, "tokenizer.ggml.bos_token_id", int64_t{1});
  keys = With(keys, "tokenizer.ggml.eos_token_id", int64_t{2});
  keys = With(keys, "tokenizer.ggml.eot_token_id", int64_t{5});
  keys = With(keys, "tokenizer.ggml.eom_token_id", int64_t{2});
  const ModelSpec spec = SpecOf(GgufConfig(keys));
  EXPECT_EQ(spec.bos_id, 1);
  EXPECT_EQ(spec.stop_ids, (std::vector<int32_t>{2, 5}));
}

}  // namespace
}  // namespace frugal
