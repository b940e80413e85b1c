#include "model/gguf_keys.h"

#include <gtest/gtest.h>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(GgufKeys, ArchitectureOfAFamily) {
  const auto arch = [](const std::string& json) { return *GgufArch(SpecOf(json)); };
  EXPECT_EQ(arch(kTinyLlama), "llama");
  EXPECT_EQ(arch(TinyConfig("mistral")), "llama");
  EXPECT_EQ(arch(TinyConfig("qwen3")), "qwen3");
  EXPECT_EQ(arch(TinyConfig("qwen3_moe", R"({"num_experts": 4, "num_experts_per_tok": 2,
      "moe_intermediate_size": 8})")),
            "qwen3moe");
  const ModelSpec lightning{.family = "minimax", .layers = {LayerSpec{}}};
  const auto none = GgufArch(lightning);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(none.status().message().find("minimax"), std::string::npos);
}

// What the keys say is what the family reads: the whole way back is tested with gguf_export.
TEST(GgufKeys, OfAPlainDecoder) {
  const ModelSpec spec = SpecOf(Changed(kTinyLlama,
                                        R"({"rope_theta": 5000.0, "rms_norm_eps": 1e-5,
          "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 16.0,
                           "original_max_position_embeddings": 32, "attention_factor": 1.5}})"));
  const Metadata keys = MakeGgufKeys(spec, "llama");
  EXPECT_EQ(*keys.GetString("general.architecture"), "llama");
  EXPECT_EQ(*keys.GetInt("llama.block_count"), 2);
  EXPECT_EQ(*keys.GetInt("llama.feed_forward_length"), 24);
  EXPECT_EQ(*keys.GetInt("llama.attention.head_count_kv"), 2);
  EXPECT_EQ(*keys.GetDouble("llama.rope.freq_base"), 5000.0);
  EXPECT_EQ(*keys.GetString("llama.rope.scaling.type"), "yarn");
  EXPECT_EQ(*keys.GetDouble("llama.rope.scaling.yarn_beta_fast"), 16.0);
  EXPECT_FALSE(keys.Has("llama.rope.scaling.yarn_beta_slow"));
  // Readers expect float32, and ggml has YaRN's own factor already.
  EXPECT_EQ(*keys.GetDouble("llama.attention.layer_norm_rms_epsilon"), double{1e-5f});
  EXPECT_NEAR(*keys.GetDouble("llama.rope.scaling.attn_factor"), 1.5 / (0.1 * std::log(4.0) + 1.0),
              1e-6);
}

TEST(GgufKeys, RopeFactorsGiveTheStretchedFrequencies) {
  RopeSpec rope{.rotary_dim = 64,
                .theta = 500000.0,
                .scaling = RopeScaling::kLlama3,
                .factor = 8.0,
                .max_position = 131072,
                .original_max_position = 8192};
  const std::vector<float> factors = GgufRopeFactors(rope);
  ASSERT_EQ(factors.size(), 32u);
  EXPECT_EQ(factors.front(), 1.0f);
  EXPECT_EQ(factors.back(), 8.0f);
  std::vector<float> stretched(32), divided(32);
  float scale = 0.0f;
  RopeInvFreq(rope, 1, stretched.data(), &scale);
  rope.scaling = RopeScaling::kNone;
  rope.freq_factors = factors;
  RopeInvFreq(rope, 1, divided.data(), &scale);
  EXPECT_EQ(divided, stretched);
  rope.freq_factors.clear();
  EXPECT_TRUE(GgufRopeFactors(rope).empty());
}

}  // namespace
}  // namespace frugal
