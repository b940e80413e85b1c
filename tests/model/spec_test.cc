#include "model/spec.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal {
namespace {

GqaSpec Gqa(int heads, int kv_heads, int head_dim, int64_t window) {
  return {.n_heads = heads, .n_kv_heads = kv_heads, .head_dim = head_dim, .window = window};
}

MlaSpec Mla() {
  return {.n_heads = 16,
          .kv_lora_rank = 512,
          .qk_nope_head_dim = 128,
          .qk_rope_head_dim = 64,
          .v_head_dim = 96};
}

GatedDeltaSpec Delta() {
  return {.n_k_heads = 2, .n_v_heads = 6, .k_head_dim = 8, .v_head_dim = 12, .conv_kernel = 4};
}

LightningSpec Lightning() { return {.n_heads = 3, .head_dim = 10, .decay = {0.5f, 0.7f, 0.9f}}; }

TEST(GqaSpec, DerivedSizes) {
  const GqaSpec gqa = Gqa(14, 2, 24, 0);
  EXPECT_EQ(gqa.group(), 7);
  EXPECT_EQ(gqa.q_dim(), 336);
  EXPECT_EQ(gqa.kv_dim(), 48);
}

TEST(GqaSpec, SizesDoNotOverflowInt) {
  const GqaSpec gqa = Gqa(1 << 20, 1 << 20, 1 << 12, 0);
  EXPECT_EQ(gqa.q_dim(), int64_t{1} << 32);
  EXPECT_EQ(gqa.kv_dim(), int64_t{1} << 32);
}

TEST(MlaSpec, DerivedSizes) {
  EXPECT_EQ(Mla().qk_head_dim(), 192);
  EXPECT_EQ(Mla().latent_dim(), 576);
}

TEST(LinearSpecs, DerivedSizes) {
  EXPECT_EQ(Delta().k_dim(), 16);
  EXPECT_EQ(Delta().v_dim(), 72);
  EXPECT_EQ(Delta().conv_dim(), 104);
  EXPECT_EQ(Lightning().dim(), 30);
}

TEST(FfnSpec, OnlyXieluHasNoGate) {
  EXPECT_TRUE(FfnSpec{.activation = Activation::kSilu}.gated());
  EXPECT_TRUE(FfnSpec{.activation = Activation::kSwigluClamped}.gated());
  EXPECT_FALSE(FfnSpec{.activation = Activation::kXielu}.gated());
}

TEST(CacheSpec, GqaKeepsHeadsWidthAndWindow) {
  const CacheSpec cache = LayerCache({.mixer = Gqa(14, 2, 24, 4096)});
  EXPECT_EQ(cache.kv_heads, 2);
  EXPECT_EQ(cache.k_dim, 24);
  EXPECT_EQ(cache.v_dim, 24);
  EXPECT_EQ(cache.window, 4096);
  EXPECT_EQ(cache.state_floats, 0);
}

TEST(CacheSpec, LayerThatSharesAnothersKeepsNothing) {
  GqaSpec gqa = Gqa(14, 2, 24, 0);
  gqa.kv_layer = 0;  // the first layer's, too
  const CacheSpec cache = LayerCache({.mixer = gqa});
  EXPECT_EQ(cache.kv_heads * (cache.k_dim + cache.v_dim), 0);
  EXPECT_EQ(cache.state_floats, 0);
}

TEST(CacheSpec, MlaKeepsOneLatentAndOneRopedKey) {
  const CacheSpec cache = LayerCache({.mixer = Mla()});
  EXPECT_EQ(cache.kv_heads, 1);
  EXPECT_EQ(cache.k_dim, 576);
  EXPECT_EQ(cache.v_dim, 0);
  EXPECT_EQ(cache.state_floats, 0);
}

TEST(CacheSpec, LinearMixersKeepAState) {
  const CacheSpec delta = LayerCache({.mixer = Delta()});
  EXPECT_EQ(delta.kv_heads, 0);
  EXPECT_EQ(delta.state_floats, 3 * 104 + 6 * 8 * 12);
  const CacheSpec lightning = LayerCache({.mixer = Lightning()});
  EXPECT_EQ(lightning.kv_heads, 0);
  EXPECT_EQ(lightning.state_floats, 3 * 10 * 10);
}

TEST(CacheSpec, BytesPerTokenSumAllLayers) {
  ModelSpec spec;
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kF32), 0);
  EXPECT_EQ(StateBytes(spec), 0);
  GqaSpec shared = Gqa(6, 6, 8, 0);
  shared.kv_layer = 1;
  spec.layers = {{.mixer = Gqa(14, 2, 24, 0)},
                 {.mixer = Gqa(6, 6, 8, 128)},
                 {.mixer = shared},
                 {.mixer = Mla()},
                 {.mixer = Delta()},
                 {.mixer = Lightning()}};
  // Layers of multi-token prediction keep nothing while the model runs without them.
  spec.mtp_layers = {{.mixer = Gqa(14, 2, 24, 0)}};
  const int64_t elements = 2 * (2 * 24 + 6 * 8) + 576;
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kF32), 4 * elements);
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 2 * elements);
  EXPECT_EQ(StateBytes(spec), 4 * (3 * 104 + 6 * 8 * 12 + 3 * 10 * 10));
}

TEST(ModelSpec, CountsLayersWithExperts) {
  ModelSpec spec;
  EXPECT_EQ(MoeLayers(spec), 0);
  EXPECT_EQ(MaxTopK(spec), 0);
  spec.layers = {{.ffn = FfnSpec{}},
                 {.ffn = MoeSpec{.n_experts = 8, .top_k = 2}},
                 {.ffn = MoeSpec{.n_experts = 8, .top_k = 5}},
                 {.ffn = MoeSpec{.n_experts = 8, .top_k = 1}}};
  spec.mtp_layers = {{.ffn = MoeSpec{.n_experts = 8, .top_k = 7}}};
  EXPECT_EQ(MoeLayers(spec), 3);
  EXPECT_EQ(MaxTopK(spec), 5);
  EXPECT_EQ(spec.layer(3).moe()->top_k, 1);
  EXPECT_EQ(spec.layer(4).moe()->top_k, 7);
}

TEST(PositionFactor, IsOneWithoutAKind) {
  for (const int64_t p : {0, 1, 1000000}) EXPECT_EQ(PositionFactor({}, p), 1.0f);
}

TEST(PositionFactor, Llama4GrowsWithEveryLength) {
  const PositionScale scale = {.kind = PositionScale::Kind::kLlama4, .beta = 0.1, .length = 16384};
  EXPECT_EQ(PositionFactor(scale, 0), 1.0f);
  EXPECT_EQ(PositionFactor(scale, 16383), 1.0f);
  EXPECT_FLOAT_EQ(PositionFactor(scale, 16384), 1.0 + 0.1 * std::log(2.0));
  EXPECT_FLOAT_EQ(PositionFactor(scale, 2 * 16384 - 1), 1.0 + 0.1 * std::log(2.0));
  EXPECT_FLOAT_EQ(PositionFactor(scale, 7 * 16384 + 5), 1.0 + 0.1 * std::log(8.0));
}

TEST(PositionFactor, GrokIsALogarithmBeyondTheLength) {
  const PositionScale scale = {.kind = PositionScale::Kind::kGrok, .length = 1024};
  EXPECT_EQ(PositionFactor(scale, 0), 1.0f);
  EXPECT_EQ(PositionFactor(scale, 1024), 1.0f);
  EXPECT_FLOAT_EQ(PositionFactor(scale, 1025), std::log(1025.0) / std::log(1024.0));
  EXPECT_FLOAT_EQ(PositionFactor(scale, 1024 * 1024), 2.0);
}

}  // namespace
}  // namespace frugal
