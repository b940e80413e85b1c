#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(Qwen2, BiasesOnQkvAlone) {
  for (const ModelSpec& spec :
       {SpecOf(TinyConfig("qwen2")), SpecOf(GgufConfig(TinyGguf("qwen2")))}) {
    EXPECT_EQ(spec.family, "qwen2");
    for (const LayerSpec& layer : spec.layers) {
      EXPECT_TRUE(layer.gqa().q_bias && layer.gqa().k_bias && layer.gqa().v_bias);
      EXPECT_FALSE(layer.gqa().o_bias);
      EXPECT_FALSE(layer.glu().bias);
      EXPECT_EQ(layer.gqa().qk_norm, QkNorm::kNone);
      EXPECT_EQ(layer.gqa().window, 0);
    }
    EXPECT_FALSE(spec.ropes[0].interleaved) << "in both containers";
    EXPECT_EQ(ModelTensors(spec).size(), (spec.tied_embedding ? 3u : 4u) + 2 * 12u);
  }
}

TEST(Qwen2, WindowLayers) {
  const ModelSpec spec = SpecOf(TinyConfig(
      "qwen2", R"({"use_sliding_window": true, "sliding_window": 20, "max_window_layers": 1})"));
  EXPECT_EQ(spec.layers[0].gqa().window, 0);
  EXPECT_EQ(spec.layers[1].gqa().window, 20);
  const ModelSpec typed = SpecOf(TinyConfig(
      "qwen2", R"({"use_sliding_window": true, "sliding_window": 20, "max_window_layers": 1,
                   "layer_types": ["sliding_attention", "full_attention"]})"));
  EXPECT_EQ(typed.layers[0].gqa().window, 20);
  EXPECT_EQ(typed.layers[1].gqa().window, 0);
  // As published: the window is written and switched off.
  const ModelSpec off = SpecOf(TinyConfig(
      "qwen2", R"({"use_sliding_window": false, "sliding_window": 20, "max_window_layers": 1})"));
  EXPECT_EQ(off.layers[1].gqa().window, 0);
}

TEST(Qwen2, GgufWindowIsRefused) {
  ExpectParseFails(
      GgufConfig(With(TinyGguf("qwen2"), "qwen2.attention.sliding_window", int64_t{20})),
      StatusCode::kUnsupported, {"'qwen2.attention.sliding_window'"});
}

TEST(Qwen2, MropeIsRefusedUnlessOff) {
  SpecOf(TinyConfig("qwen2", R"({"use_mrope": false})"));
  ExpectParseFails(TinyConfig("qwen2", R"({"use_mrope": true})"), StatusCode::kUnsupported,
                   {"'use_mrope' is a setting that Frugal does not know for qwen2"});
}

}  // namespace
}  // namespace frugal
