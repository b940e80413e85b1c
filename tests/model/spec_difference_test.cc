#include "model/spec_difference.h"

#include <gtest/gtest.h>

#include <functional>

namespace frugal {
namespace {

ModelSpec Base() {
  ModelSpec spec{.family = "a", .hidden = 16, .vocab = 40, .max_position = 128, .norm_eps = 1e-5f};
  spec.ropes = {{.rotary_dim = 4, .max_position = 128}};
  LayerSpec gqa;
  gqa.gqa() = {.n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .scale = 0.5f};
  gqa.glu() = {.d_ff = 24};
  LayerSpec mla;
  mla.mixer = MlaSpec{.n_heads = 2,
                      .kv_lora_rank = 8,
                      .qk_nope_head_dim = 4,
                      .qk_rope_head_dim = 4,
                      .v_head_dim = 4,
                      .scale = 0.3f};
  MoeSpec moe{.n_experts = 8, .top_k = 2, .expert = {.d_ff = 12}};
  moe.router.n_group = 2;
  moe.router.renormalize = true;
  mla.ffn = moe;
  LayerSpec delta = gqa;
  delta.mixer = GatedDeltaSpec{2, 4, 4, 4, 3};
  LayerSpec lightning = gqa;
  lightning.mixer = LightningSpec{.n_heads = 2, .head_dim = 4, .decay = {0.5f, 0.25f}};
  spec.layers = {gqa, mla, delta, lightning};
  return spec;
}

TEST(SpecDifference, NothingBetweenNamesAndStorage) {
  ModelSpec other = Base();
  other.family = "b";
  other.naming = 1;
  other.norm_plus_one = other.norm_head = true;
  other.max_position = 4096;
  other.bos_id = 3;
  other.stop_ids = {4};
  std::get<MlaSpec>(other.layers[1].mixer).split_kv_b = true;
  other.ropes[0].interleaved = true;
  other.layers[0].gqa().scale *= 1.0000001f;
  EXPECT_EQ(SpecDifference(Base(), other), "");
}

TEST(SpecDifference, NamesWhatDiffersAndWhere) {
  struct Case {
    std::function<void(ModelSpec&)> change;
    const char* part;
  };
  const Case cases[] = {
      {[](ModelSpec& s) { s.hidden = 17; }, "hidden size: 16, not 17"},
      {[](ModelSpec& s) { s.layers.pop_back(); }, "layers: 4, not 3"},
      {[](ModelSpec& s) { s.mtp_layers.resize(1); }, "multi-token prediction layers: 0, not 1"},
      {[](ModelSpec& s) { s.norm_eps = 1e-6f; }, "epsilon"},
      {[](ModelSpec& s) { s.tied_embedding = true; }, "tied embedding: no, not yes"},
      {[](ModelSpec& s) { s.logit_cap = 30.0f; }, "cap of the logits"},
      {[](ModelSpec& s) { s.layers[0].gqa().window = 7; }, "layer 0: window: 0, not 7"},
      {[](ModelSpec& s) { s.layers[0].gqa().k_bias = true; }, "layer 0: bias of K"},
      {[](ModelSpec& s) { s.layers[0].gqa().scale = 0.4f; }, "layer 0: attention scale"},
      {[](ModelSpec& s) { s.layers[0].gqa().sinks = true; }, "layer 0: attention sinks"},
      {[](ModelSpec& s) { s.layers[0].gqa().rope = -1; }, "layer 0: rope"},
      {[](ModelSpec& s) { s.layers[0].gqa().q_scale.kind = PositionScale::Kind::kGrok; },
       "layer 0: factor of queries"},
      {[](ModelSpec& s) { s.layers[0].glu().d_ff = 25; }, "layer 0: width of the FFN"},
      {[](ModelSpec& s) { s.layers[0].post_ffn_norm = true; }, "layer 0: norm after the FFN"},
      {[](ModelSpec& s) { s.layers[0].ffn_residual.skip = 2.0f; },
       "layer 0: factor of the residual"},
      {[](ModelSpec& s) { s.layers[0].mixer = GatedDeltaSpec{}; }, "layer 0: kind of attention"},
      {[](ModelSpec& s) { std::get<MlaSpec>(s.layers[1].mixer).v_head_dim = 5; },
       "layer 1: v_head_dim: 4, not 5"},
      {[](ModelSpec& s) { std::get<MoeSpec>(s.layers[1].ffn).top_k = 3; },
       "layer 1: experts per token: 2, not 3"},
      {[](ModelSpec& s) { std::get<MoeSpec>(s.layers[1].ffn).router.topk_group = 2; },
       "layer 1: groups of experts kept"},
      {[](ModelSpec& s) { std::get<MoeSpec>(s.layers[1].ffn).router.renormalize = false; },
       "layer 1: renormalised"},
      {[](ModelSpec& s) { std::get<MoeSpec>(s.layers[1].ffn).shared = FfnSpec{.d_ff = 2}; },
       "layer 1: shared expert"},
      {[](ModelSpec& s) { std::get<GatedDeltaSpec>(s.layers[2].mixer).n_v_heads = 6; },
       "layer 2: linear attention's value heads"},
      {[](ModelSpec& s) { std::get<LightningSpec>(s.layers[3].mixer).decay[1] = 0.2f; },
       "layer 3: linear attention's decay"},
  };
  for (const Case& c : cases) {
    ModelSpec other = Base();
    c.change(other);
    const std::string difference = SpecDifference(Base(), other);
    EXPECT_EQ(difference.find(c.part), 0u) << difference << "\nlacks: " << c.part;
  }
}

TEST(SpecDifference, RopesByTheirAngles) {
  // A stretched theta is one whether it is named or folded into the base.
  ModelSpec alpha = Base();
  alpha.ropes[0].scaling = RopeScaling::kNtkAlpha;
  alpha.ropes[0].alpha = 16.0;
  ModelSpec folded = Base();
  folded.ropes[0].theta = 10000.0 * 16.0 * 16.0;
  EXPECT_EQ(SpecDifference(alpha, folded), "");
  EXPECT_NE(SpecDifference(alpha, Base()).find("rope frequency"), std::string::npos);
  // Dynamic scaling shows only in long sequences.
  ModelSpec dynamic = Base();
  dynamic.ropes[0].scaling = RopeScaling::kDynamic;
  dynamic.ropes[0].factor = 2.0;
  EXPECT_NE(SpecDifference(dynamic, Base()).find("sequences of 512"), std::string::npos);
}

}  // namespace
}  // namespace frugal
