// frugal inspect.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

Json Inspect(const std::string& model, std::vector<std::string> more = {}) {
  std::vector<std::string> args = {"inspect", model, "--json"};
  args.insert(args.end(), more.begin(), more.end());
  return Json::parse(MustRun(args), nullptr, /*allow_exceptions=*/false);
}

std::vector<std::string> Keys(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

const std::vector<std::string> kFactKeys = {"family",
                                            "parameters",
                                            "active_parameters",
                                            "layers",
                                            "hidden",
                                            "vocab",
                                            "max_position",
                                            "weight_bytes",
                                            "weight_bytes_by_type",
                                            "weight_bytes_estimated",
                                            "kv_bytes_per_token",
                                            "kv_window_bytes_per_token",
                                            "state_bytes",
                                            "context",
                                            "memory_bytes",
                                            "threads"};

// qwen3-plain: 2 layers, hidden 44, 6 heads on 6 of 24, ffn 92, vocabulary 263, untied.
constexpr int64_t kHidden = 44, kHeads = 6, kHeadDim = 24, kFfn = 92, kVocab = 263;
constexpr int64_t kLayer =
    4 * kHidden * kHeads * kHeadDim + 3 * kHidden * kFfn + 2 * kHidden + 2 * kHeadDim;

int64_t Layers(const Json& json) { return json["layers"]; }

TEST(Inspect, JsonCountsWhatIsInTheModel) {
  const Json json = Inspect(TestData("models/qwen3-plain"), {"--threads", "2"});
  std::vector<std::string> keys = kFactKeys;
  keys.insert(keys.end(),
              {"weight_bytes_per_token", "read_bytes_per_s", "decode_tokens_per_s_bound"});
  EXPECT_EQ(Keys(json), keys);
  EXPECT_EQ(json["family"], "qwen3");
  EXPECT_EQ(json["hidden"], kHidden);
  EXPECT_EQ(json["vocab"], kVocab);
  EXPECT_EQ(json["max_position"], 512);
  EXPECT_EQ(json["context"], 512);
  EXPECT_EQ(json["threads"], 2);
  const int64_t parameters = Layers(json) * kLayer + kHidden + 2 * kVocab * kHidden;
  EXPECT_EQ(json["parameters"], parameters);
  EXPECT_EQ(json["active_parameters"], parameters - (kVocab - 1) * kHidden);
  EXPECT_EQ(json["weight_bytes"], 2 * parameters);
  EXPECT_EQ(json["weight_bytes_by_type"], Json({{"BF16", 2 * parameters}}));
  EXPECT_EQ(json["weight_bytes_per_token"], 2 * (parameters - (kVocab - 1) * kHidden));
  const int64_t kv = Layers(json) * 2 * kHeads * kHeadDim * 2;  // bfloat16
  EXPECT_EQ(json["kv_bytes_per_token"], kv);
  EXPECT_EQ(json["memory_bytes"], 2 * parameters + 512 * kv);
  EXPECT_GT(json["read_bytes_per_s"], 0.0);
  EXPECT_DOUBLE_EQ(
      json["decode_tokens_per_s_bound"].get<double>(),
      json["read_bytes_per_s"].get<double>() / json["weight_bytes_per_token"].get<double>());
}

TEST(Inspect, TheOptionsChangeWhatIsNeeded) {
  const std::string model = TestData("models/qwen3-plain");
  const Json usual = Inspect(model);
  const Json wide = Inspect(model, {"--kv-type", "f32", "--ctx", "100"});
  EXPECT_EQ(wide["kv_bytes_per_token"], 2 * usual["kv_bytes_per_token"].get<int64_t>());
  EXPECT_EQ(wide["context"], 100);
  EXPECT_EQ(wide["memory_bytes"].get<int64_t>(),
            wide["weight_bytes"].get<int64_t>() + 100 * wide["kv_bytes_per_token"].get<int64_t>());
  EXPECT_EQ(Inspect(model, {"--compute", "f32"})["kv_bytes_per_token"], wide["kv_bytes_per_token"]);
}

TEST(Inspect, ATiedEmbeddingIsReadWhole) {
  const Json json = Inspect(TestData("models/qwen3-yarn"));
  EXPECT_EQ(json["parameters"], json["active_parameters"]);
  EXPECT_EQ(json["weight_bytes"], json["weight_bytes_per_token"]);
}

TEST(Inspect, BothContainersAreTheSameModel) {
  const Json directory = Inspect(TestData("models/llama3-scaled"));
  const Json gguf = Inspect(TestData("models/llama3-scaled.gguf"));
  for (const char* key : {"family", "parameters", "active_parameters", "layers", "hidden", "vocab",
                          "max_position", "kv_bytes_per_token"}) {
    EXPECT_EQ(directory[key], gguf[key]) << key;
  }
}

TEST(Inspect, QuantisedTypesAreNamed) {
  const Json json = Inspect(TestData("models/llama-q4_k.gguf"));
  int64_t sum = 0;
  for (const auto& [name, bytes] : json["weight_bytes_by_type"].items()) {
    sum += bytes.get<int64_t>();
  }
  for (const char* type : {"Q4_K", "Q6_K", "Q8_0", "F32"}) {
    EXPECT_TRUE(json["weight_bytes_by_type"].contains(type)) << type;
  }
  EXPECT_EQ(json["weight_bytes"], sum);
}

TEST(Inspect, TextSaysTheSame) {
  const std::string text = MustRun({"inspect", TestData("models/qwen3-plain"), "--ctx", "100"});
  for (const char* part : {"family            qwen3\n", "parameters        0.", "BF16", "hidden 44",
                           "vocabulary 263", "with 100 tokens of context", "tokens/s"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(Inspect, AConfigurationAloneIsEnough) {
  const TempDir dir;
  std::filesystem::copy_file(TestData("models/qwen3-plain/config.json"), dir.Path("config.json"));
  const Json json = Inspect(dir.path());
  EXPECT_EQ(Keys(json), kFactKeys);  // no speed without weights
  const Json whole = Inspect(TestData("models/qwen3-plain"));
  for (const char* key : {"parameters", "weight_bytes", "weight_bytes_by_type"}) {
    EXPECT_EQ(json[key], whole[key]) << key;
  }
  EXPECT_EQ(json["weight_bytes_estimated"], true);
  EXPECT_EQ(whole["weight_bytes_estimated"], false);
  EXPECT_NE(MustRun({"inspect", dir.path()}).find("by the configuration"), std::string::npos);
}

TEST(Inspect, AVocabularyAloneIsNoModel) {
  SKIP_WITHOUT_SHARED("data/tokenizers/gpt-2");
  const std::string path = Shared("data/tokenizers/gpt-2/ggml-vocab-gpt-2.gguf");
  ExpectFailure(RunProgram({"inspect", path}), {path});
}

TEST(Inspect, FailuresAreNamed) {
  const TempDir dir;
  ExpectFailure(RunProgram({"inspect", dir.path()}), {dir.path(), "config.json"});
  const std::string text = dir.Write("notes.txt", "hello");
  ExpectFailure(RunProgram({"inspect", text}), {text, "GGUF"});
  Call call{.args = {"inspect", TestData("models/qwen3-plain")}, .out_path = "/dev/full"};
  ExpectFailure(RunProgram(call), {"stdout"});
}

}  // namespace
}  // namespace frugal
