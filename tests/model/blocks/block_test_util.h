// A model of random float32 weights around one block, and the state of a pass through its steps
// alone, for tests against the double precision oracles.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "model/forward_state.h"

namespace frugal {

inline std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas;
  for (int i = 0; i < kNumIsas; ++i) {
    if (IsaSupported(static_cast<Isa>(i))) isas.push_back(static_cast<Isa>(i));
  }
  return isas;
}

using Doubles = std::vector<double>;

// What the oracle reads: the same numbers as the packed weights.
struct Oracle {
  Doubles w;     // (n, k)
  Doubles bias;  // (n) or empty
  const double* bias_or_null() const { return bias.empty() ? nullptr : bias.data(); }
};

class BlockModel {
 public:
  explicit BlockModel(uint32_t seed) : rng_(seed) {}

  Model model;

  std::vector<float> Random(int64_t n, float mean, float deviation) {
    std::normal_distribution<float> normal(mean, deviation);
    std::vector<float> values(n);
    for (float& value : values) value = normal(rng_);
    return values;
  }

  const float* Vector(int64_t n, float mean, float deviation, Doubles* oracle) {
    const std::vector<float> values = Random(n, mean, deviation);
    oracle->assign(values.begin(), values.end());
    float* data = reinterpret_cast<float*>(Allocate(n * sizeof(float)));
    std::memcpy(data, values.data(), n * sizeof(float));
    return data;
  }

  Linear Matrix(int64_t n, int64_t k, bool bias, Oracle* oracle) {
    const std::vector<float> values = Random(n * k, 0.0f, 1.0f / std::sqrt(static_cast<float>(k)));
    oracle->w.assign(values.begin(), values.end());
    PackedMatrix packed{
        .dtype = DType::kF32, .n = n, .k = k, .panel_bytes = PackedPanelBytes(DType::kF32, k)};
    uint8_t* data = Allocate(packed.panels() * packed.panel_bytes);
    for (int64_t p = 0; p < packed.panels(); ++p) {
      const PanelRows from(reinterpret_cast<const uint8_t*>(values.data()),
                           k * static_cast<int64_t>(sizeof(float)), n, p);
      PackPanel(DType::kF32, k, from.rows, data + p * packed.panel_bytes);
    }
    packed.data = data;
    return {.w = packed, .bias = bias ? Vector(n, 0.0f, 0.5f, &oracle->bias) : nullptr};
  }

 private:
  uint8_t* Allocate(int64_t bytes) {
    model.weights.storage.emplace_back(bytes);
    return model.weights.storage.back().data();
  }

  std::mt19937 rng_;
};

// A pass over the widest layer of the spec, all activations float32.
class BlockPass {
 public:
  BlockPass(const Model& model, ThreadTeam& team, Isa isa, KvType kv_type, int64_t rows)
      : state{.model = model,
              .team = team,
              .options = {.isa = isa, .exact = true, .kv_type = kv_type},
              .kernels = KernelsFor(isa),
              .kv = MakeCacheLayout(model.spec, kv_type)} {
    const int64_t d = model.spec.hidden;
    const unsigned f32 = 1u << static_cast<int>(ActKind::kF32);
    int64_t q_dim = 0, kv_dim = 0, d_ff = 0;
    for (const LayerSpec& layer : model.spec.layers) {
      q_dim = std::max(q_dim, layer.gqa().q_dim());
      kv_dim = std::max(kv_dim, layer.gqa().kv_dim());
      d_ff = std::max(d_ff, layer.glu().d_ff);
    }
    state.x = AlignedBuffer<float>(rows * d);
    state.delta = AlignedBuffer<float>(rows * d);
    state.q = AlignedBuffer<float>(rows * q_dim);
    state.k = AlignedBuffer<float>(rows * kv_dim);
    state.v = AlignedBuffer<float>(rows * kv_dim);
    state.attended = AlignedBuffer<float>(rows * q_dim);
    state.gate = AlignedBuffer<float>(rows * d_ff);
    state.up = AlignedBuffer<float>(rows * d_ff);
    state.normed.Reserve(rows, d, f32);
    state.mixed.Reserve(rows, q_dim, f32);
    state.activated.Reserve(rows, d_ff, f32);
    for (const RopeSpec& rope : model.spec.ropes) {
      state.cos.emplace_back(rows * (rope.rotary_dim / 2));
      state.sin.emplace_back(rows * (rope.rotary_dim / 2));
    }
    for (int t = 0; t < team.size(); ++t) state.scratch.emplace_back(ScratchFloats(model.spec));
  }

  // Runs the steps over the batch, whose rows' x and delta are given; leaves both in the state.
  void Run(const std::vector<Step>& steps, const Batch& batch, const std::vector<float>& x,
           const std::vector<float>& delta) {
    state.batch = batch;
    std::memcpy(state.x.data(), x.data(), x.size() * sizeof(float));
    std::memcpy(state.delta.data(), delta.data(), delta.size() * sizeof(float));
    state.team.Run([&](int thread) {
      for (const Step& step : steps) {
        step.run(state, step.layer, thread);
        state.team.Barrier();
      }
    });
  }

  ForwardState state;
};

// ‖a − b‖ ≤ tolerance · ‖b‖ over one row.
inline void ExpectRowNear(const float* a, const double* b, int64_t n, double tolerance) {
  double difference = 0.0, norm = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(norm));
}

}  // namespace frugal
