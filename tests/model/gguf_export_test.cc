#include "model/gguf_export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "formats/gguf.h"
#include "kernels/codec/codec.h"
#include "model/tensor_reader.h"
#include "tests/formats/file_size_limit.h"
#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

Result<GgufExportSummary> Export(const std::string& from, const std::string& to,
                                 std::optional<DType> type, int threads = 2) {
  Result<Checkpoint> source = OpenCheckpoint(from);
  EXPECT_TRUE(source.ok()) << source.status().message();
  ThreadTeam team(threads);
  GgufExportOptions options{.type = type, .metadata = {}, .progress = {}};
  options.metadata.values["tokenizer.ggml.model"] = std::string("no_vocab");
  return ExportGguf(*source, to, options, team);
}

std::vector<float> LogitsOf(const std::string& path, const Golden& golden) {
  ThreadTeam team(2);
  const std::unique_ptr<Model> model = OpenModel(path, team);
  Forward forward(*model, team, {.exact = true});
  return RunInChunks(forward, golden.input_ids, 64, golden.vocab);
}

// Golden checkpoints that GGUF cannot hold, and why: all others must convert.
const std::map<std::string, std::string>& NotInGguf() {
  static const std::map<std::string, std::string> names = {
      {"llama-dynamic", "rope frequency"},
      {"qwen2-window", "window"},
      {"ernie4-5-moe-paddle", "bias of the FFN"},
      {"gpt-oss-wide", "window"},  // GGUF has the window in every other layer from the first on
  };
  return names;
}

// Every golden, from its makers' form to F32 and on to itself: the same logits, bit for bit where
// no factor is folded into another.
TEST(GgufExport, EveryGoldenKeepsItsLogits) {
  TempDir dir;
  std::set<std::string> archs;
  int refused = 0;
  for (const GoldenCase& c : GoldenCases()) {
    SCOPED_TRACE(c.path);
    const std::string out = dir.Path("model.gguf");
    const auto summary = Export(c.path, out, DType::kF32);
    if (const auto it = NotInGguf().find(c.name); it != NotInGguf().end()) {
      ASSERT_FALSE(summary.ok());
      EXPECT_EQ(summary.status().code(), StatusCode::kUnsupported);
      EXPECT_NE(summary.status().message().find(it->second), std::string::npos)
          << summary.status().message();
      continue;
    }
    // A golden may have a setting that its architecture's keys cannot say: that is refused by name.
    if (!summary.ok()) {
      EXPECT_EQ(summary.status().code(), StatusCode::kUnsupported);
      const std::string& message = summary.status().message();
      EXPECT_TRUE(message.find("no name for") != std::string::npos ||
                  message.find("cannot express this model: ") != std::string::npos)
          << message;
      ++refused;
      continue;
    }
    archs.insert(summary->arch);
    EXPECT_TRUE(summary->fallbacks.empty());
    EXPECT_EQ(summary->types.size(), 1u);
    const Golden golden = LoadGolden(c.name);
    const std::vector<float> own = LogitsOf(c.path, golden);
    const std::vector<float> exported = LogitsOf(out, golden);
    ASSERT_EQ(own.size(), exported.size());
    EXPECT_LE(RelativeError(exported.data(), own.data(), static_cast<int64_t>(own.size())), 1e-6);
    // Once more: nothing is left to change.
    const std::string again = dir.Path("again.gguf");
    ASSERT_TRUE(Export(out, again, std::nullopt).ok());
    EXPECT_EQ(dir.Read("model.gguf"), dir.Read("again.gguf"));
  }
  EXPECT_GE(archs.size(), 8u);
  EXPECT_LE(refused, 30);  // of more than 80: what GGUF has no architecture for, most of them
}

// Largest |value| of a row, which a format's step is a part of.
float Largest(const std::vector<float>& row) {
  float largest = 0.0f;
  for (const float x : row) largest = std::max(largest, std::abs(x));
  return largest;
}

TEST(GgufExport, EveryTypeDecodesWithinItsStep) {
  // Half a step of the coarsest code, relative to the largest value of a block.
  const std::map<DType, double> bounds = {
      {DType::kF32, 0.0},        {DType::kF16, 1e-3},       {DType::kBF16, 4e-3},
      {DType::kQ8_0, 0.5 / 127}, {DType::kQ6_K, 1.2 / 32},  {DType::kQ5_K, 1.5 / 31},
      {DType::kQ5_1, 1.1 / 31},  {DType::kQ5_0, 1.05 / 16}, {DType::kQ4_K, 1.5 / 15},
      {DType::kQ4_1, 1.1 / 15},  {DType::kQ4_0, 1.05 / 8},  {DType::kMXFP4, 0.35}};
  TempDir dir;
  const std::string from = TestData("models/llama2-plain");
  Result<Checkpoint> source = OpenCheckpoint(from);
  ASSERT_TRUE(source.ok());
  const ModelSpec spec = SpecOf(*source);
  const auto own = OpenTensors(*source, spec);
  ASSERT_TRUE(own.ok()) << own.status().message();
  for (const DType type : GgufExportTypes()) {
    SCOPED_TRACE(GetDType(type).name);
    const std::string out = dir.Path("model.gguf");
    const auto summary = Export(from, out, type);
    ASSERT_TRUE(summary.ok()) << summary.status().message();
    Result<Checkpoint> made = OpenCheckpoint(out);
    ASSERT_TRUE(made.ok()) << made.status().message();
    const auto theirs = OpenTensors(*made, SpecOf(*made));
    ASSERT_TRUE(theirs.ok()) << theirs.status().message();
    for (const auto& [key, tensor] : own->tensors) {
      if (key.first == Role::kAttnQ || key.first == Role::kAttnK) continue;  // other row order
      const SourceTensor* exported = theirs->Find(key.first, key.second);
      ASSERT_NE(exported, nullptr);
      const DType actual = exported->matrices.empty() ? DType::kF32 : exported->matrices[0].dtype;
      const double bound = bounds.at(actual);
      std::vector<float> a(tensor.k), b(tensor.k);
      for (int64_t row = 0; row < tensor.n; ++row) {
        ReadRows(tensor, 0, row, 1, a.data());
        ReadRows(*exported, 0, row, 1, b.data());
        for (int64_t i = 0; i < tensor.k; ++i) {
          ASSERT_LE(std::abs(a[i] - b[i]), bound * Largest(a) + 1e-30)
              << exported->stored->name << " row " << row << " column " << i;
        }
      }
    }
  }
}

TEST(GgufExport, TypesOfHeadAndNorms) {
  TempDir dir;
  const std::string out = dir.Path("model.gguf");
  // Rows of 256 and more elements: nothing falls back.
  const auto summary = Export(TestData("models/llama-q4_k.gguf"), out, DType::kQ5_K);
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  Result<Checkpoint> made = OpenCheckpoint(out);
  ASSERT_TRUE(made.ok());
  const auto type = [&](const char* name) {
    const NamedTensor* tensor = made->tensors.Find(name);
    return tensor == nullptr ? DType::kBool : tensor->view.dtype;
  };
  EXPECT_EQ(type("blk.0.attn_norm.weight"), DType::kF32);
  EXPECT_EQ(type("blk.0.attn_v.weight"), DType::kQ5_K);
  const bool tied = made->tensors.Find("output.weight") == nullptr;
  EXPECT_EQ(type(tied ? "token_embd.weight" : "output.weight"), DType::kQ6_K);
  EXPECT_EQ(*made->metadata.GetInt("general.file_type"), 16);
  EXPECT_EQ(*made->metadata.GetInt("general.quantization_version"), 2);
}

TEST(GgufExport, ExpertsAloneBecomeMxfp4) {
  TempDir dir;
  const std::string out = dir.Path("model.gguf");
  ASSERT_TRUE(Export(TestData("models/gpt-oss"), out, DType::kMXFP4).ok());
  Result<Checkpoint> made = OpenCheckpoint(out);
  ASSERT_TRUE(made.ok());
  for (const NamedTensor& tensor : made->tensors.tensors) {
    const bool expert = tensor.name.find("_exps.weight") != std::string::npos;
    const bool fits = tensor.view.cols() % 32 == 0;
    if (expert && fits) {
      EXPECT_EQ(tensor.view.dtype, DType::kMXFP4) << tensor.name;
    } else {
      EXPECT_NE(tensor.view.dtype, DType::kMXFP4) << tensor.name;
    }
  }
}

// V2-Lite's 1408 in small: what does not fit takes the named format, and the summary says so.
TEST(GgufExport, RowsThatAreNoMultipleOfTheBlockFallBack) {
  TempDir dir;
  const std::string out = dir.Path("model.gguf");
  const auto summary = Export(TestData("models/deepseek-v2-lite"), out, DType::kQ4_K);
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  int64_t fallen = 0;
  for (const auto& [what, count] : summary->fallbacks) {
    EXPECT_TRUE(what == "Q4_K → Q5_0" || what == "Q4_K → F16" || what == "Q6_K → F16") << what;
    fallen += count;
  }
  EXPECT_GT(fallen, 0);
  EXPECT_FALSE(summary->types.contains("Q4_K"));  // no row has 256 elements
  EXPECT_TRUE(OpenCheckpoint(out).ok());
}

TEST(GgufExport, OneThreadOrSeveralWriteTheSameFile) {
  TempDir dir;
  ASSERT_TRUE(Export(TestData("models/mixtral"), dir.Path("a.gguf"), DType::kQ8_0, 1).ok());
  ASSERT_TRUE(Export(TestData("models/mixtral"), dir.Path("b.gguf"), DType::kQ8_0, 3).ok());
  EXPECT_EQ(dir.Read("a.gguf"), dir.Read("b.gguf"));
}

TEST(GgufExport, AFullDiskLeavesNothingUnderTheName) {
  TempDir dir;
  dir.Write("model.gguf", "what was there");
  {
    const FileSizeLimit limit(100'000);
    const auto summary =
        Export(TestData("models/llama2-plain"), dir.Path("model.gguf"), DType::kF32);
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.status().code(), StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(dir.Read("model.gguf"), "what was there");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"model.gguf"});
}

TEST(GgufExport, RefusesValuesTheTypeCannotHold) {
  TempDir dir;
  const std::string from = dir.Path("wild.gguf");
  ASSERT_TRUE(Export(TestData("models/llama2-plain"), from, DType::kF32).ok());
  std::string bytes = dir.Read("wild.gguf");
  Result<Checkpoint> source = OpenCheckpoint(from);
  ASSERT_TRUE(source.ok());
  const TensorView& view = source->tensors.Find("blk.0.ffn_up.weight")->view;
  const size_t at = view.data - source->tensors.files[0].bytes().data();
  for (const float value : {1e6f, NAN}) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
    dir.Write("wild.gguf", bytes);
    for (const DType type : {DType::kF16, DType::kQ8_0}) {
      if (value == 1e6f && type == DType::kQ8_0) continue;  // has its own scale
      const auto summary = Export(from, dir.Path("out.gguf"), type);
      ASSERT_FALSE(summary.ok());
      EXPECT_NE(summary.status().message().find("'blk.0.ffn_up.weight'"), std::string::npos)
          << summary.status().message();
    }
    EXPECT_TRUE(Export(from, dir.Path("out.gguf"), DType::kBF16).ok());
  }
}

TEST(GgufExport, ProgressAndSummary) {
  TempDir dir;
  Result<Checkpoint> source = OpenCheckpoint(TestData("models/qwen3-plain"));
  ASSERT_TRUE(source.ok());
  ThreadTeam team(1);
  int64_t calls = 0;
  GgufExportOptions options{.type = DType::kF16, .metadata = {}, .progress = {}};
  options.progress = [&](int64_t tensor, int64_t tensors) {
    EXPECT_EQ(tensor, calls++);
    EXPECT_LT(tensor, tensors);
  };
  const auto summary = ExportGguf(*source, dir.Path("model.gguf"), options, team);
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(calls, summary->tensors);
  EXPECT_EQ(summary->types.at("F16") + summary->types.at("F32"), summary->tensors);
}

}  // namespace
}  // namespace frugal
