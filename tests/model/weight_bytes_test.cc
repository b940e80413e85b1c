#include "model/weight_bytes.h"

#include <gtest/gtest.h>

#include "model/arch/family.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

std::map<std::string, int64_t> Estimate(const std::string& json) {
  const Checkpoint checkpoint = HfConfig(json);
  ConfigReader config(checkpoint, "llama");
  return EstimateWeightBytes(checkpoint.metadata, ModelTensors(SpecOf(checkpoint)),
                             ReadQuantScheme(config));
}

// kTinyLlama: vocabulary 40, hidden 16, 2 layers of 4 and 2 heads of 4, d_ff 24; the head is a
// matrix of its own.
constexpr int64_t kEnds = 2 * 40 * 16 + 16;
constexpr int64_t kNorms = 2 * 2 * 16;
constexpr int64_t kMatrices = 2 * (2 * 16 * 16 + 2 * 8 * 16 + 3 * 24 * 16);

TEST(EstimateWeightBytes, PlainTypes) {
  const int64_t elements = kEnds + kNorms + kMatrices;
  using Bytes = std::map<std::string, int64_t>;
  EXPECT_EQ(Estimate(kTinyLlama), (Bytes{{"BF16", 2 * elements}}));
  EXPECT_EQ(Estimate(Changed(kTinyLlama, R"({"torch_dtype": "float32"})")),
            (Bytes{{"F32", 4 * elements}}));
  EXPECT_EQ(Estimate(Changed(kTinyLlama, R"({"dtype": "float16"})")),
            (Bytes{{"F16", 2 * elements}}));
}

TEST(EstimateWeightBytes, BlocksOfFp8) {
  const auto bytes = Estimate(Changed(kTinyLlama, R"({"quantization_config": {
      "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
      "weight_block_size": [16, 8]}})"));
  // Scales: q and o 1 × 2, k and v 1 × 2, gate and up 2 × 2, down 1 × 3.
  EXPECT_EQ(bytes.at("FP8"), kMatrices + 4 * 2 * (2 + 2 + 2 + 2 + 4 + 4 + 3));
  EXPECT_EQ(bytes.at("BF16"), 2 * (kEnds + kNorms));
}

TEST(EstimateWeightBytes, WhatTheListsLeaveAlone) {
  const auto bytes = Estimate(Changed(kTinyLlama, R"({"quantization_config": {
      "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
      "weight_block_size": [16, 8], "modules_to_not_convert": ["model.layers.1"]}})"));
  EXPECT_EQ(bytes.at("FP8"), kMatrices / 2 + 4 * (2 + 2 + 2 + 2 + 4 + 4 + 3));
  EXPECT_EQ(bytes.at("BF16"), 2 * (kEnds + kNorms) + kMatrices);
}

TEST(EstimateWeightBytes, GroupsOfFourBits) {
  const auto bytes = Estimate(Changed(kTinyLlama, R"({"quantization_config": {
      "quant_method": "gptq", "bits": 4, "group_size": 8, "sym": true, "desc_act": false}})"));
  int64_t expected = 0;
  const int64_t shapes[][2] = {{16, 16}, {8, 16}, {8, 16}, {16, 16}, {24, 16}, {24, 16}, {16, 24}};
  for (const auto& [n, k] : shapes) expected += n * k / 2 + n * (k / 8) * 2 + 4 * k;
  const int64_t zeros = kMatrices / 8 / 2;
  EXPECT_EQ(bytes.at("int4"), 2 * expected + zeros);
}

}  // namespace
}  // namespace frugal
