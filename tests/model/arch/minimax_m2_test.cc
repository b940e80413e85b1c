#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

const std::string kTiny = TinyConfig("minimax_m2", R"({"head_dim": 8, "rotary_dim": 4,
    "use_qk_norm": true, "qk_norm_type": "per_layer", "num_local_experts": 4,
    "num_experts_per_tok": 2, "scoring_func": "sigmoid", "use_routing_bias": true,
    "shared_intermediate_size": 0, "attn_type_list": [1, 1], "num_mtp_modules": 3})");

TEST(MiniMaxM2, NormsWholeProjectionsAndTurnsHalfAHead) {
  const ModelSpec spec = SpecOf(kTiny);
  EXPECT_EQ(spec.layers[0].gqa().qk_norm, QkNorm::kFullPreRope);
  EXPECT_EQ(spec.ropes[0].rotary_dim, 4);
  const RouterSpec& router = spec.layers[0].moe()->router;
  EXPECT_EQ(router.score, RouterSpec::Score::kSigmoid);
  EXPECT_TRUE(router.select_bias && router.renormalize);
  EXPECT_EQ(router.scale, 1.0f);
  const TensorNames names(spec);
  EXPECT_EQ(names.ShapeOf("model.layers.0.self_attn.q_norm.weight"), (Shape{32}));
  EXPECT_EQ(names.ShapeOf("model.layers.0.self_attn.k_norm.weight"), (Shape{16}));
  EXPECT_EQ(names.RoleOf("model.layers.0.block_sparse_moe.experts.{e}.w3.weight"), Role::kExpertUp);
  EXPECT_EQ(names.ShapeOf("model.layers.0.block_sparse_moe.e_score_correction_bias"), (Shape{4}));
}

TEST(MiniMaxM2, RefusesByName) {
  for (const auto& [change, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"qk_norm_type": "per_head"})", "'qk_norm_type'"},
           {R"({"scoring_func": "softmax"})", "'scoring_func'"},
           {R"({"shared_intermediate_size": 8})", "'shared_intermediate_size'"},
           {R"({"attn_type_list": [1, 0]})", "'attn_type_list'"}}) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {name});
  }
}

}  // namespace
}  // namespace frugal
