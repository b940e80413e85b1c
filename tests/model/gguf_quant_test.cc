#include "model/gguf_quant.h"

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

GgufPlan PlanOf(std::vector<PlanTensor> tensors) {
  return {.arch = "llama", .metadata = {}, .tensors = std::move(tensors)};
}

ModelSpec Dense(bool tied) {
  return {.tied_embedding = tied, .ropes = {{}}, .layers = {LayerSpec{}}};
}

std::vector<std::string> TypesOf(DType asked, const ModelSpec& spec, GgufPlan plan) {
  std::vector<std::string> types;
  for (const GgufTensor& tensor : ChooseTypes(asked, spec, &plan).tensors) {
    types.push_back(GetDType(tensor.dtype).name);
  }
  return types;
}

const std::vector<PlanTensor>& Tensors() {
  static const std::vector<PlanTensor> tensors = {
      {.name = "token_embd.weight", .shape = {8, 256}, .role = Role::kEmbedding},
      {.name = "output_norm.weight", .shape = {256}, .role = Role::kOutputNorm, .vector = true},
      {.name = "output.weight", .shape = {8, 256}, .role = Role::kOutput},
      {.name = "up", .shape = {96, 256}, .role = Role::kFfnUp, .layer = 0},
      {.name = "down", .shape = {256, 96}, .role = Role::kFfnDown, .layer = 0},
      {.name = "odd", .shape = {256, 24}, .role = Role::kFfnDown, .layer = 0},
      {.name = "router", .shape = {4, 256}, .role = Role::kRouter, .layer = 0},
      {.name = "experts", .shape = {4, 96, 256}, .role = Role::kExpertUp, .layer = 0},
  };
  return tensors;
}

using Names = std::vector<std::string>;

TEST(GgufQuant, HeadNormsRoutersAndOddRows) {
  EXPECT_EQ(TypesOf(DType::kQ4_K, Dense(false), PlanOf(Tensors())),
            (Names{"Q4_K", "F32", "Q6_K", "Q4_K", "Q5_0", "F16", "F32", "Q4_K"}));
  // The embedding is the head.
  EXPECT_EQ(TypesOf(DType::kQ5_0, Dense(true), PlanOf(Tensors()))[0], "Q6_K");
  EXPECT_EQ(TypesOf(DType::kQ8_0, Dense(true), PlanOf(Tensors()))[0], "Q8_0");
}

TEST(GgufQuant, Mxfp4IsForExpertsWhereThereAreSome) {
  ModelSpec sparse = Dense(false);
  sparse.layers[0].ffn = MoeSpec{.n_experts = 4, .top_k = 1};
  EXPECT_EQ(TypesOf(DType::kMXFP4, sparse, PlanOf(Tensors())),
            (Names{"Q8_0", "F32", "Q8_0", "Q8_0", "Q8_0", "F16", "F32", "MXFP4"}));
  EXPECT_EQ(TypesOf(DType::kMXFP4, Dense(false), PlanOf(Tensors())),
            (Names{"Q8_0", "F32", "Q8_0", "MXFP4", "MXFP4", "F16", "F32", "MXFP4"}));
}

TEST(GgufQuant, SummaryAndKeys) {
  GgufPlan plan = PlanOf(Tensors());
  const GgufExportSummary summary = ChooseTypes(DType::kQ6_K, Dense(false), &plan).summary;
  EXPECT_EQ(summary.arch, "llama");
  EXPECT_EQ(summary.tensors, 8);
  EXPECT_EQ(summary.types,
            (std::map<std::string, int64_t>{{"F16", 1}, {"F32", 2}, {"Q6_K", 4}, {"Q8_0", 1}}));
  EXPECT_EQ(summary.fallbacks,
            (std::map<std::string, int64_t>{{"Q6_K → F16", 1}, {"Q6_K → Q8_0", 1}}));
  // 210 bytes for 256 numbers of Q6_K, 34 for 32 of Q8_0.
  EXPECT_EQ(summary.bytes,
            (8 + 8 + 96 + 4 * 96) * 210 + 256 * 3 * 34 + 256 * 24 * 2 + (256 + 4 * 256) * 4);
  EXPECT_EQ(*plan.metadata.GetInt("general.file_type"), 18);
  EXPECT_EQ(*plan.metadata.GetInt("general.quantization_version"), 2);
  GgufPlan plain = PlanOf(Tensors());
  ChooseTypes(DType::kBF16, Dense(false), &plain);
  EXPECT_EQ(*plain.metadata.GetInt("general.file_type"), 32);
  EXPECT_EQ(plain.metadata.Find("general.quantization_version"), nullptr);
}

}  // namespace
}  // namespace frugal
