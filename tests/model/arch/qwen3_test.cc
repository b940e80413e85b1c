#include <cmath>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(Qwen3, NormsOnHeadsAndNoBiases) {
  for (const ModelSpec& spec :
       {SpecOf(TinyConfig("qwen3", R"({"head_dim": 4})")), SpecOf(GgufConfig(TinyGguf("qwen3")))}) {
    EXPECT_EQ(spec.family, "qwen3");
    for (const LayerSpec& layer : spec.layers) {
      EXPECT_EQ(layer.gqa().qk_norm, QkNorm::kHeadPreRope);
      EXPECT_FALSE(layer.gqa().q_bias || layer.gqa().k_bias || layer.gqa().v_bias ||
                   layer.gqa().o_bias);
    }
    EXPECT_FALSE(spec.ropes[0].interleaved) << "in both containers";
    EXPECT_EQ(ModelTensors(spec).size(), (spec.tied_embedding ? 3u : 4u) + 2 * 11u);
  }
}

// transformers' default is 128 where its kin take hidden / heads; so does ggml.
TEST(Qwen3, HeadDim) {
  struct Case {
    Checkpoint checkpoint;
    int expected;
  };
  const Case cases[] = {
      {HfConfig(TinyConfig("qwen3")), 128},
      {HfConfig(TinyConfig("qwen3", R"({"head_dim": 20})")), 20},
      {GgufConfig(TinyGguf("qwen3")), 4},
      {GgufConfig(With(TinyGguf("qwen3"), "qwen3.attention.key_length", int64_t{20})), 20}};
  for (const Case& c : cases) {
    const ModelSpec spec = SpecOf(c.checkpoint);
    for (const LayerSpec& layer : spec.layers) {
      EXPECT_EQ(layer.gqa().head_dim, c.expected);
      EXPECT_EQ(layer.gqa().scale, 1.0f / std::sqrt(static_cast<float>(c.expected)));
    }
    EXPECT_EQ(spec.ropes[0].rotary_dim, c.expected);
  }
}

TEST(Qwen3, AttentionBiasIsOnAllFour) {
  const ModelSpec spec = SpecOf(TinyConfig("qwen3", R"({"attention_bias": true})"));
  const GqaSpec& gqa = spec.layers[1].gqa();
  EXPECT_TRUE(gqa.q_bias && gqa.k_bias && gqa.v_bias && gqa.o_bias);
}

TEST(Qwen3, WindowLayers) {
  const ModelSpec spec = SpecOf(TinyConfig(
      "qwen3", R"({"use_sliding_window": true, "sliding_window": 20, "max_window_layers": 1})"));
  EXPECT_EQ(spec.layers[0].gqa().window, 0);
  EXPECT_EQ(spec.layers[1].gqa().window, 20);
}

TEST(Qwen3, LayersWithExperts) {
  const std::string config = TinyConfig("qwen3_moe", R"({"num_experts": 6,
      "num_experts_per_tok": 2, "moe_intermediate_size": 5, "decoder_sparse_step": 2,
      "mlp_only_layers": [3], "num_hidden_layers": 6, "norm_topk_prob": true})");
  const ModelSpec spec = SpecOf(config);
  for (int l = 0; l < 6; ++l) {
    EXPECT_EQ(spec.layers[l].moe() != nullptr, l == 1 || l == 5) << l;
  }
  EXPECT_TRUE(spec.layers[1].moe()->router.renormalize);
  EXPECT_EQ(spec.layers[1].moe()->expert.d_ff, 5);
  EXPECT_FALSE(
      SpecOf(Changed(config, R"({"norm_topk_prob": false})")).layers[1].moe()->router.renormalize);
}

TEST(Qwen3, ExpertsBelongToTheirType) {
  ExpectParseFails(TinyConfig("qwen3", R"({"num_experts": 128})"), StatusCode::kUnsupported,
                   {"'num_experts'"});
  ExpectParseFails(TinyConfig("qwen3_moe"), StatusCode::kCorrupt, {"'num_experts' is missing"});
}

}  // namespace
}  // namespace frugal
