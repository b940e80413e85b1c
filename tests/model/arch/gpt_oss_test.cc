#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kTiny = TinyConfig("gpt_oss", R"({"head_dim": 8, "num_local_experts": 4,
    "num_experts_per_tok": 2, "experts_per_token": 2, "sliding_window": 5, "swiglu_limit": 7.0,
    "attention_bias": true, "layer_types": ["sliding_attention", "full_attention"]})");

TEST(GptOss, SinksWindowsAndClampedExperts) {
  const ModelSpec spec = SpecOf(kTiny);
  EXPECT_EQ(spec.layers[0].gqa().window, 5);
  EXPECT_EQ(spec.layers[1].gqa().window, 0);
  EXPECT_TRUE(spec.layers[0].gqa().sinks && spec.layers[0].gqa().o_bias);
  EXPECT_EQ(spec.ropes[0].theta, 150000.0);
  const MoeSpec& moe = *spec.layers[0].moe();
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSoftmaxOverTopK);
  EXPECT_TRUE(moe.router.logit_bias && moe.expert.bias);
  EXPECT_EQ(moe.expert.activation, Activation::kSwigluClamped);
  // Without the list, the first of every two.
  const ModelSpec unlisted = SpecOf(Changed(kTiny, R"({"layer_types": null})"));
  EXPECT_EQ(unlisted.layers[0].gqa().window, 5);
  EXPECT_EQ(unlisted.layers[1].gqa().window, 0);
}

TEST(GptOss, GateAndUpAreRowsInTurn) {
  const TensorNames names(SpecOf(kTiny));
  const std::string fused = "model.layers.0.mlp.experts.gate_up_proj";
  EXPECT_EQ(names.RoleOf(fused + "[0]"), Role::kExpertGate);
  EXPECT_EQ(names.RoleOf(fused + "[1]"), Role::kExpertUp);
  EXPECT_EQ(names.At(fused + "[1]").stored->rows.stride, 2);
  EXPECT_FALSE(names.At(fused + "[1]").stored->transposed);
  EXPECT_EQ(names.ShapeOf("model.layers.0.self_attn.sinks"), (Shape{4}));
  // In a plain float type the experts are stored (in, out).
  Checkpoint plain = HfConfig(kTiny);
  plain.tensors.tensors.push_back({.name = "model.layers.0.mlp.experts.down_proj"});
  ASSERT_TRUE(IndexTensors(&plain.tensors).ok());
  EXPECT_TRUE(TensorNames(SpecOf(plain)).At(fused + "[1]").stored->transposed);
}

TEST(GptOss, RefusesByName) {
  for (const auto& [change, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"swiglu_limit": 8.0})", "'swiglu_limit'"},
           {R"({"attention_bias": false})", "'attention_bias'"},
           {R"({"layer_types": ["sliding_attention", "other"]})", "'layer_types[1]'"}}) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {name});
  }
  ExpectParseFails(Changed(kTiny, R"({"layer_types": ["full_attention"]})"), StatusCode::kCorrupt,
                   {"'layer_types': expected 2 entries, found 1"});
}

}  // namespace
}  // namespace frugal
