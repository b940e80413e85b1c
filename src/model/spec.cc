#include "model/spec.h"

#include <algorithm>
#include <cmath>

namespace frugal {
namespace {

CacheSpec Cache(const GqaSpec& gqa) {
  if (gqa.kv_layer >= 0) return {};
  return {.kv_heads = gqa.n_kv_heads,
          .k_dim = gqa.head_dim,
          .v_dim = gqa.head_dim,
          .window = gqa.window};
}

CacheSpec Cache(const MlaSpec& mla) { return {.kv_heads = 1, .k_dim = mla.latent_dim()}; }

CacheSpec Cache(const GatedDeltaSpec& delta) {
  const int64_t inputs = delta.conv_dim() * (delta.conv_kernel - 1);
  return {.state_floats = inputs + delta.v_dim() * delta.k_head_dim};
}

CacheSpec Cache(const LightningSpec& lightning) {
  return {.state_floats = lightning.dim() * lightning.head_dim};
}

int64_t PositionElements(const CacheSpec& cache) {
  return int64_t{cache.kv_heads} * (cache.k_dim + cache.v_dim);
}

}  // namespace

float PositionFactor(const PositionScale& scale, int64_t position) {
  switch (scale.kind) {
    case PositionScale::Kind::kNone:
      return 1.0f;
    case PositionScale::Kind::kLlama4:
      return 1.0f + static_cast<float>(scale.beta) *
                        std::log(1.0f + static_cast<float>(position / scale.length));
    case PositionScale::Kind::kGrok:
      if (position <= scale.length) return 1.0f;
      return static_cast<float>(std::log2(static_cast<double>(position)) /
                                std::log2(static_cast<double>(scale.length)));
  }
  return 1.0f;
}

bool LeavesOut(const ModelSpec& spec, std::string_view tensor) {
  return std::ranges::any_of(spec.unused_tensors, [&](std::string_view pattern) {
    return pattern.starts_with('*') ? tensor.ends_with(pattern.substr(1))
                                    : tensor.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

int MoeLayers(const ModelSpec& spec) {
  int count = 0;
  for (const LayerSpec& layer : spec.layers) count += layer.moe() != nullptr;
  return count;
}

int MaxTopK(const ModelSpec& spec) {
  int most = 0;
  for (const LayerSpec& layer : spec.layers) {
    if (const MoeSpec* moe = layer.moe()) most = std::max(most, moe->top_k);
  }
  return most;
}

CacheSpec LayerCache(const LayerSpec& layer) {
  return std::visit([](const auto& mixer) { return Cache(mixer); }, layer.mixer);
}

int64_t KvBytesPerToken(const ModelSpec& spec, KvType type) {
  int64_t elements = 0;
  for (const LayerSpec& layer : spec.layers) elements += PositionElements(LayerCache(layer));
  return elements * KvElementBytes(type);
}

int64_t KvGrowthPerToken(const ModelSpec& spec, KvType type) {
  int64_t elements = 0;
  for (const LayerSpec& layer : spec.layers) {
    const CacheSpec cache = LayerCache(layer);
    if (cache.window == 0) elements += PositionElements(cache);
  }
  return elements * KvElementBytes(type);
}

int64_t StateBytes(const ModelSpec& spec) {
  int64_t floats = 0;
  for (const LayerSpec& layer : spec.layers) floats += LayerCache(layer).state_floats;
  return floats * static_cast<int64_t>(sizeof(float));
}

}  // namespace frugal
