#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

int64_t WindowOf(const std::string& changes) {
  const ModelSpec spec = SpecOf(TinyConfig("mistral", changes));
  EXPECT_EQ(spec.layers[0].gqa().window, spec.layers[1].gqa().window) << "all layers alike";
  return spec.layers[0].gqa().window;
}

// Absent is the published default, null none.
TEST(Mistral, Window) {
  EXPECT_EQ(WindowOf("{}"), 4096);
  EXPECT_EQ(WindowOf(R"({"sliding_window": "null"})"), 0);
  EXPECT_EQ(WindowOf(R"({"sliding_window": 24})"), 24);
  for (const char* bad : {R"({"sliding_window": 0})", R"({"sliding_window": -1})",
                          R"({"sliding_window": 1.5})", R"({"sliding_window": "all"})"}) {
    ExpectParseFails(TinyConfig("mistral", bad), StatusCode::kCorrupt, {"'sliding_window'"});
  }
}

TEST(Mistral, IsLlamaWithoutBiases) {
  const ModelSpec spec = SpecOf(TinyConfig("mistral", R"({"head_dim": 10})"));
  EXPECT_EQ(spec.family, "mistral");
  EXPECT_FALSE(spec.ropes[0].interleaved);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 10);
  EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kNone);
  EXPECT_EQ(ModelTensors(spec).size(), 4u + 2 * 9u);
  ExpectParseFails(TinyConfig("mistral", R"({"attention_bias": true})"), StatusCode::kUnsupported,
                   {"'attention_bias'"});
}

TEST(Mistral, RefusesWhatTheFamilyDoesNotRead) {
  for (const char* change : {R"({"layer_types": ["full_attention", "sliding_attention"]})",
                             R"({"max_window_layers": 1})", R"({"num_local_experts": 8})"}) {
    ExpectParseFails(TinyConfig("mistral", change), StatusCode::kUnsupported,
                     {"is a setting that Frugal does not know for mistral"});
  }
}

}  // namespace
}  // namespace frugal
