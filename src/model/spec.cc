#include "model/spec.h"

namespace frugal {

CacheSpec LayerCache(const LayerSpec& layer) {
  const GqaSpec& gqa = layer.gqa;
  return {.kv_heads = gqa.n_kv_heads,
          .k_dim = gqa.head_dim,
          .v_dim = gqa.head_dim,
          .window = gqa.window};
}

int64_t KvBytesPerToken(const ModelSpec& spec, KvType type) {
  int64_t elements = 0;
  for (const LayerSpec& layer : spec.layers) {
    const CacheSpec cache = LayerCache(layer);
    elements += int64_t{cache.kv_heads} * (cache.k_dim + cache.v_dim);
  }
  return elements * KvElementBytes(type);
}

}  // namespace frugal
