#include "model/gguf_synth.h"

#include <cmath>
#include <filesystem>
#include <set>

#include "model/shapes.h"
#include "model/tensor_reader.h"
#include "tests/formats/file_size_limit.h"
#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

Result<SynthModel> Plan(const std::string& shape, DType type, int layers = 0) {
  Result<Checkpoint> checkpoint = OpenShape(shape);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  Metadata metadata;
  metadata.values["tokenizer.ggml.model"] = std::string("no_vocab");
  return PlanSynth(*checkpoint, type, layers, metadata);
}

Status Write(const SynthModel& model, const std::string& path, uint64_t seed = 0, int threads = 2) {
  ThreadTeam team(threads);
  return WriteSynth(model, path, seed, {}, team);
}

// Logits of some tokens on the exact path: all finite, and of ordinary size.
void ExpectSaneLogits(const std::string& path) {
  ThreadTeam team(2);
  const std::unique_ptr<Model> model = OpenModel(path, team);
  ASSERT_NE(model, nullptr);
  Forward forward(*model, team, {.exact = true});
  const std::vector<int32_t> ids = {1, 2, 3, 5, 8, 13, 21, 34};
  float largest = 0.0f;
  for (const float logit : RunInChunks(forward, ids, 64, model->spec.vocab)) {
    ASSERT_TRUE(std::isfinite(logit));
    largest = std::max(largest, std::abs(logit));
  }
  EXPECT_GT(largest, 0.01f);
  EXPECT_LT(largest, 100.0f);
}

// The configurations of all goldens, which are of every family.
TEST(GgufSynth, EveryFamilyLoadsWithFiniteLogits) {
  const TempDir dir;
  std::set<std::string> archs;
  for (const GoldenCase& c : GoldenCases()) {
    if (!std::filesystem::is_directory(c.path)) continue;
    SCOPED_TRACE(c.path);
    const Result<SynthModel> model = Plan(c.path, DType::kQ8_0);
    if (!model.ok()) {
      EXPECT_EQ(model.status().code(), StatusCode::kUnsupported) << model.status().message();
      continue;
    }
    if (!archs.insert(model->plan.arch).second) continue;
    const std::string path = dir.Path("model.gguf");
    const Status written = Write(*model, path);
    ASSERT_TRUE(written.ok()) << written.message();
    EXPECT_EQ(std::filesystem::file_size(path), static_cast<uintmax_t>(model->file_bytes));
    ExpectSaneLogits(path);
  }
  for (const char* arch :
       {"llama", "qwen3", "qwen3moe", "qwen3next", "deepseek2", "gpt-oss", "glm4moe",
        "ernie4_5-moe", "apertus", "bailingmoe", "minimax-m2", "hunyuan-moe", "grok"}) {
    EXPECT_TRUE(archs.contains(arch)) << arch;
  }
}

// A residual stream of many layers keeps its size.
TEST(GgufSynth, SixtyLayersDoNotBlowUp) {
  const TempDir dir;
  const std::string config =
      Changed(kTinyLlama, R"({"num_hidden_layers": 60, "hidden_size": 64, "intermediate_size": 96,
                      "head_dim": 16, "num_key_value_heads": 2})");
  dir.Write("config.json", config);
  const Result<SynthModel> model = Plan(dir.path(), DType::kQ4_0);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Write(*model, dir.Path("deep.gguf")).ok());
  ExpectSaneLogits(dir.Path("deep.gguf"));
}

TEST(GgufSynth, EveryTypeHasItsVariance) {
  const TempDir dir;
  dir.Write("config.json", Changed(kTinyLlama, R"({"hidden_size": 512, "head_dim": 128,
      "intermediate_size": 768, "num_hidden_layers": 1, "vocab_size": 300})"));
  for (const DType type : GgufExportTypes()) {
    SCOPED_TRACE(GetDType(type).name);
    const Result<SynthModel> model = Plan(dir.path(), type);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(model->types.summary.fallbacks.empty());
    const std::string path = dir.Path("model.gguf");
    ASSERT_TRUE(Write(*model, path).ok());
    Result<Checkpoint> made = OpenCheckpoint(path);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->tensors.Find("blk.0.ffn_up.weight")->view.dtype, type);
    const auto reader = OpenTensors(*made, SpecOf(*made));
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    for (const auto& [role, mean, deviation] :
         {std::tuple(Role::kFfnUp, 0.0, 1.0 / std::sqrt(512.0)),
          std::tuple(Role::kFfnDown, 0.0, 1.0 / std::sqrt(768.0)),
          std::tuple(Role::kFfnNorm, 1.0, 0.05)}) {
      const SourceTensor* tensor = reader->Find(role, 0);
      ASSERT_NE(tensor, nullptr);
      std::vector<float> row(tensor->k);
      double sum = 0.0, squares = 0.0;
      for (int64_t r = 0; r < tensor->n; ++r) {
        ReadRows(*tensor, 0, r, 1, row.data());
        for (const float x : row) {
          sum += x - mean;
          squares += (x - mean) * (x - mean);
        }
      }
      const auto n = static_cast<double>(tensor->n * tensor->k);
      EXPECT_NEAR(sum / n / deviation, 0.0, 0.15);
      EXPECT_NEAR(std::sqrt(squares / n) / deviation, 1.0, 0.15);
    }
  }
}

TEST(GgufSynth, SameSeedSameBytesOnAnyThreads) {
  const TempDir dir;
  const Result<SynthModel> model = Plan(TestData("models/mixtral"), DType::kQ8_0);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Write(*model, dir.Path("a"), 1, 1).ok());
  ASSERT_TRUE(Write(*model, dir.Path("b"), 1, 3).ok());
  ASSERT_TRUE(Write(*model, dir.Path("c"), 2, 1).ok());
  EXPECT_EQ(dir.Read("a"), dir.Read("b"));
  EXPECT_NE(dir.Read("a"), dir.Read("c"));
}

// Two tensors of one kind are different numbers.
TEST(GgufSynth, TensorsDiffer) {
  const TempDir dir;
  const Result<SynthModel> model = Plan(TestData("models/llama2-plain"), DType::kF32);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Write(*model, dir.Path("m.gguf")).ok());
  const Result<Checkpoint> made = OpenCheckpoint(dir.Path("m.gguf"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  std::set<std::string> contents;
  size_t matrices = 0;
  for (const NamedTensor& tensor : made->tensors.tensors) {
    if (tensor.view.shape.size() < 2) continue;
    ++matrices;
    contents.insert(std::string(reinterpret_cast<const char*>(tensor.view.data),
                                static_cast<size_t>(tensor.view.bytes)));
  }
  EXPECT_EQ(contents.size(), matrices);
}

TEST(GgufSynth, KeepsTheFirstLayers) {
  const auto whole = Plan("deepseek-v3", DType::kQ4_K);
  const auto cut = Plan("deepseek-v3", DType::kQ4_K, 5);
  ASSERT_TRUE(whole.ok() && cut.ok());
  EXPECT_EQ(whole->spec.n_layers(), 61);
  EXPECT_TRUE(whole->spec.mtp_layers.empty());
  EXPECT_EQ(cut->spec.n_layers(), 5);
  EXPECT_EQ(MoeLayers(cut->spec), 2);
  EXPECT_EQ(*cut->plan.metadata.GetInt("deepseek2.block_count"), 5);
  EXPECT_EQ(*cut->plan.metadata.GetInt("deepseek2.leading_dense_block_count"), 3);
  EXPECT_LT(cut->file_bytes, whole->file_bytes / 5);
  for (const int layers : {-1, 3, 62}) {
    const auto refused = Plan("deepseek-v3", DType::kQ4_K, layers);
    ASSERT_FALSE(refused.ok());
    ExpectRefused(refused.status(), StatusCode::kInvalidArgument,
                  "deepseek-v3: layers: ", {fmt::format("found {}", layers)});
  }
}

// As their makers' own conversions are, within what a few tensors' types make.
TEST(GgufSynth, FilesHaveThePublishedSizes) {
  const std::pair<const char*, double> sizes[] = {
      {"llama-3.1-8b", 4.6}, {"qwen3-30b-a3b", 17.2}, {"deepseek-v3", 378.0}};
  for (const auto& [shape, gigabytes] : sizes) {
    const auto model = Plan(shape, DType::kQ4_K);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_NEAR(static_cast<double>(model->file_bytes) / 1e9, gigabytes, 0.03 * gigabytes) << shape;
  }
}

TEST(GgufSynth, RefusesWhatGgufCannotSay) {
  const auto model = Plan("minimax-text-01", DType::kQ4_K);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(model.status().message().find("minimax-text-01"), std::string::npos);
}

TEST(GgufSynth, AFullDiskLeavesNothingUnderTheName) {
  const TempDir dir;
  dir.Write("model.gguf", "what was there");
  const auto model = Plan(TestData("models/llama2-plain"), DType::kF32);
  ASSERT_TRUE(model.ok()) << model.status().message();
  {
    const FileSizeLimit limit(100'000);
    EXPECT_EQ(Write(*model, dir.Path("model.gguf")).code(), StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(dir.Read("model.gguf"), "what was there");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"model.gguf"});
}

// A shape too big for any disk is refused before anything is written.
TEST(GgufSynth, DiskSpaceIsCheckedFirst) {
  const TempDir dir;
  dir.Write("config.json", Changed(kTinyLlama, R"({"hidden_size": 131072, "head_dim": 128,
      "intermediate_size": 1048576, "num_hidden_layers": 1000, "vocab_size": 300})"));
  const auto model = Plan(dir.path(), DType::kF32);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Status written = Write(*model, dir.Path("model.gguf"));
  ExpectRefused(written, StatusCode::kResourceExhausted, dir.Path("model.gguf") + ": ",
                {"GB will be written", "GB left"});
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"config.json"});
}

}  // namespace
}  // namespace frugal
