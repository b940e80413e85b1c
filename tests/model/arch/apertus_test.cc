#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kTiny = TinyConfig("apertus", R"({"hidden_act": "xielu", "post_norm": false,
    "qk_norm": true, "mlp_bias": false, "attention_bias": false})");

TEST(Apertus, HasNoGate) {
  const ModelSpec spec = SpecOf(kTiny);
  EXPECT_EQ(spec.layers[0].glu().activation, Activation::kXielu);
  EXPECT_FALSE(spec.layers[0].glu().gated());
  EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kHeadPreRope);
  EXPECT_EQ(spec.ropes[0].theta, 12e6);
  const TensorNames names(spec);
  EXPECT_EQ(names.RoleOf("model.layers.1.attention_layernorm.weight"), Role::kMixerNorm);
  EXPECT_EQ(names.RoleOf("model.layers.1.feedforward_layernorm.weight"), Role::kFfnNorm);
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.up_proj.weight"), (Shape{24, 16}));
  EXPECT_EQ(names.ShapeOf("model.layers.1.mlp.act_fn.alpha_n"), (Shape{1}));
  for (const TensorDesc& desc : ModelTensors(spec)) EXPECT_NE(desc.role, Role::kFfnGate);
}

TEST(Apertus, RefusesByName) {
  for (const auto& [change, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"hidden_act": "silu"})", "'hidden_act'"},
           {R"({"mlp_bias": true})", "'mlp_bias'"},
           {R"({"post_norm": true})", "'post_norm'"},
           {R"({"qk_norm": false})", "'qk_norm'"}}) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {name});
  }
}

}  // namespace
}  // namespace frugal
