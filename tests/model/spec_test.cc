#include "model/spec.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

GqaSpec Gqa(int heads, int kv_heads, int head_dim, int64_t window) {
  return {.n_heads = heads, .n_kv_heads = kv_heads, .head_dim = head_dim, .window = window};
}

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

TEST(CacheSpec, KeepsHeadsWidthAndWindow) {
  const CacheSpec cache = LayerCache({.gqa = Gqa(14, 2, 24, 4096)});
  EXPECT_EQ(cache.kv_heads, 2);
  EXPECT_EQ(cache.k_dim, 24);
  EXPECT_EQ(cache.v_dim, 24);
  EXPECT_EQ(cache.window, 4096);
}

TEST(CacheSpec, BytesPerTokenSumKeysAndValuesOfAllLayers) {
  ModelSpec spec;
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kF32), 0);
  spec.layers = {{.gqa = Gqa(14, 2, 24, 0)}, {.gqa = Gqa(6, 6, 8, 128)}};
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kF32), 4 * 2 * (2 * 24 + 6 * 8));
  EXPECT_EQ(KvBytesPerToken(spec, KvType::kBf16), 2 * 2 * (2 * 24 + 6 * 8));
}

}  // namespace
}  // namespace frugal
