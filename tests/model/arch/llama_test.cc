#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(Llama, PlainHasNoBiasWindowOrNorm) {
  for (const ModelSpec& spec : {SpecOf(kTinyLlama), SpecOf(GgufConfig(TinyGguf("llama")))}) {
    EXPECT_EQ(spec.family, "llama");
    ASSERT_EQ(spec.ropes.size(), 1u);
    EXPECT_EQ(spec.ropes[0].rotary_dim, 4);
    for (const LayerSpec& layer : spec.layers) {
      EXPECT_FALSE(layer.gqa().q_bias || layer.gqa().k_bias || layer.gqa().v_bias ||
                   layer.gqa().o_bias);
      EXPECT_EQ(layer.gqa().qk_norm, QkNorm::kNone);
      EXPECT_EQ(layer.gqa().window, 0);
      EXPECT_EQ(layer.gqa().rope, 0);
      EXPECT_FALSE(layer.glu().bias);
    }
  }
}

// Llama's attention_bias is on all four projections, mlp_bias on all three.
TEST(Llama, BiasesOfConfig) {
  const ModelSpec attention = SpecOf(Changed(kTinyLlama, R"({"attention_bias": true})"));
  const ModelSpec mlp = SpecOf(Changed(kTinyLlama, R"({"mlp_bias": true})"));
  for (int l = 0; l < 2; ++l) {
    const GqaSpec& gqa = attention.layers[l].gqa();
    EXPECT_TRUE(gqa.q_bias && gqa.k_bias && gqa.v_bias && gqa.o_bias);
    EXPECT_FALSE(attention.layers[l].glu().bias);
    EXPECT_TRUE(mlp.layers[l].glu().bias);
    EXPECT_FALSE(mlp.layers[l].gqa().q_bias);
  }
}

TEST(Llama, BiasesOfGgufAreItsTensors) {
  const ModelSpec qkv = SpecOf(GgufConfig(TinyGguf("llama"), {"blk.0.attn_q.bias"}));
  EXPECT_TRUE(qkv.layers[1].gqa().q_bias && qkv.layers[1].gqa().k_bias &&
              qkv.layers[1].gqa().v_bias);
  EXPECT_FALSE(qkv.layers[1].gqa().o_bias);
  const ModelSpec all = SpecOf(GgufConfig(
      TinyGguf("llama"), {"blk.0.attn_q.bias", "blk.0.attn_output.bias", "blk.0.ffn_gate.bias"}));
  EXPECT_TRUE(all.layers[1].gqa().o_bias);
  EXPECT_TRUE(all.layers[1].glu().bias);
}

// Mistral as GGUF is "llama"; its window may come along.
TEST(Llama, WindowOfGguf) {
  const auto keys = [](int64_t window) {
    return GgufConfig(With(TinyGguf("llama"), "llama.attention.sliding_window", window));
  };
  EXPECT_EQ(SpecOf(keys(24)).layers[0].gqa().window, 24);
  EXPECT_EQ(SpecOf(keys(24)).layers[1].gqa().window, 24);
  EXPECT_EQ(SpecOf(keys(0)).layers[1].gqa().window, 0);
  ExpectParseFails(keys(-1), StatusCode::kCorrupt, {"'llama.attention.sliding_window'"});
}

// GGUF rows of Q and K are in pair order, files of Hugging Face in halves.
TEST(Llama, RopeOrderDependsOnTheContainer) {
  EXPECT_FALSE(SpecOf(kTinyLlama).ropes[0].interleaved);
  EXPECT_TRUE(SpecOf(GgufConfig(TinyGguf("llama"))).ropes[0].interleaved);
}

TEST(Llama, TableIsTheDecoders) {
  const ModelSpec spec = SpecOf(Changed(kTinyLlama, R"({"attention_bias": true})"));
  EXPECT_EQ(ModelTensors(spec).size(), 4u + 2 * 13u);
}

}  // namespace
}  // namespace frugal
