#include "tests/model/blocks/block_test_util.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace frugal {

Doubles Oracle::operator()(const Doubles& x) const {
  const int64_t k = static_cast<int64_t>(x.size());
  const int64_t n = static_cast<int64_t>(w.size()) / k;
  Doubles y(n);
  ref::Matmul(x.data(), w.data(), bias.empty() ? nullptr : bias.data(), 1, n, k, y.data());
  return y;
}

BlockModel::BlockModel(uint32_t seed, int64_t hidden, int layers) : rng_(seed) {
  model.spec.hidden = hidden;
  model.spec.vocab = 1;
  model.spec.norm_eps = kBlockEps;
  LayerSpec narrow;
  narrow.mixer = GqaSpec{.n_heads = 2, .n_kv_heads = 1, .head_dim = 4};
  narrow.ffn = FfnSpec{.d_ff = 3};
  model.spec.layers.assign(layers, narrow);
  model.weights.layers.resize(layers);
}

Floats BlockModel::Random(int64_t n, float mean, float deviation) {
  std::normal_distribution<float> normal(mean, deviation);
  Floats values(n);
  for (float& value : values) value = normal(rng_);
  return values;
}

const float* BlockModel::Vector(int64_t n, float mean, float deviation, Doubles* oracle) {
  const Floats values = Random(n, mean, deviation);
  oracle->assign(values.begin(), values.end());
  float* data = reinterpret_cast<float*>(New(n * sizeof(float)));
  std::memcpy(data, values.data(), n * sizeof(float));
  return data;
}

Linear BlockModel::Matrix(int64_t n, int64_t k, bool bias, Oracle* oracle) {
  const Floats values = Random(n * k, 0.0f, 1.0f / std::sqrt(static_cast<float>(k)));
  oracle->w.assign(values.begin(), values.end());
  return {.w = PackFloats(values, n, k),
          .bias = bias ? Vector(n, 0.0f, 0.5f, &oracle->bias) : nullptr};
}

Linear BlockModel::MatrixInOrder(int64_t n, int64_t k, bool bias, const int32_t* order,
                                 Oracle* oracle) {
  const Floats values = Random(n * k, 0.0f, 1.0f / std::sqrt(static_cast<float>(k)));
  oracle->w.assign(values.begin(), values.end());
  Floats turned(values.size());
  for (int64_t i = 0; i < n * k; ++i) turned[i] = values[i / k * k + order[i % k]];
  return {.w = PackFloats(turned, n, k),
          .bias = bias ? Vector(n, 0.0f, 0.5f, &oracle->bias) : nullptr,
          .order = order};
}

const int32_t* BlockModel::Order(int64_t k) {
  std::vector<int32_t> order(k);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), rng_);
  model.weights.orders.push_back(std::move(order));
  return model.weights.orders.back().data();
}

PackedMatrix BlockModel::PackFloats(const Floats& values, int64_t n, int64_t k) {
  PackedMatrix packed{
      .dtype = DType::kF32, .n = n, .k = k, .panel_bytes = PackedPanelBytes(DType::kF32, k)};
  uint8_t* data = New(packed.panels() * packed.panel_bytes);
  for (int64_t p = 0; p < packed.panels(); ++p) {
    const PanelRows from(reinterpret_cast<const uint8_t*>(values.data()),
                         k * static_cast<int64_t>(sizeof(float)), n, p);
    PackPanel(DType::kF32, k, from.rows, data + p * packed.panel_bytes);
  }
  packed.data = data;
  return packed;
}

uint8_t* BlockModel::New(int64_t bytes) {
  model.weights.storage.emplace_back(bytes);
  return model.weights.storage.back().data();
}

BlockPass::BlockPass(const Model& model, ThreadTeam& team, const ForwardOptions& options)
    : state{.model = model,
            .team = team,
            .options = options,
            .kernels = KernelsFor(options.isa),
            .cache = MakeCacheLayout(model.spec, options.kv_type)} {
  Allocate(&state);
}

void BlockPass::Start(const Batch& batch) {
  SetBatch(&state, batch);
  for (size_t i = 0; i < state.cos.size(); ++i) {
    const int dim = state.model.spec.ropes[i].rotary_dim;
    for (int64_t r = 0; r < state.rows(); ++r) {
      BlockAngles(dim, batch.rows[r].position, state.cos[i].data() + r * (dim / 2),
                  state.sin[i].data() + r * (dim / 2));
    }
  }
}

void BlockPass::SetNormed(int layer, int64_t row, const float* x) {
  state.normed.Store(state.kernels, layer, x, state.model.spec.hidden, row,
                     state.ordered[0].data());
}

void BlockPass::Run(const std::vector<Step>& steps) {
  state.team.Run([&](int thread) {
    for (const Step& step : steps) {
      step.run(state, step.layer, thread);
      state.team.Barrier();
    }
  });
}

Doubles Normed(const Doubles& x, const Doubles& weight) {
  Doubles y(x.size());
  ref::RmsNorm(x.data(), weight.data(), static_cast<int64_t>(x.size()), double{kBlockEps},
               y.data());
  return y;
}

void BlockAngles(int rotary_dim, int64_t position, float* cos, float* sin) {
  for (int i = 0; i < rotary_dim / 2; ++i) {
    const double angle = static_cast<double>(position) *
                         std::pow(kBlockTheta, -2.0 * i / static_cast<double>(rotary_dim));
    cos[i] = static_cast<float>(std::cos(angle));
    sin[i] = static_cast<float>(std::sin(angle));
  }
}

void RopeOracle(const RopeSpec& rope, int64_t position, double* head) {
  Floats cos(rope.rotary_dim / 2), sin(rope.rotary_dim / 2);
  BlockAngles(rope.rotary_dim, position, cos.data(), sin.data());
  const Doubles c(cos.begin(), cos.end()), s(sin.begin(), sin.end());
  ref::Rope(head, c.data(), s.data(), rope.rotary_dim / 2, rope.interleaved);
}

Schedule InTurns(std::vector<int64_t> lengths, const std::vector<int64_t>& chunks) {
  Schedule schedule;
  for (;;) {
    std::vector<Piece> batch;
    for (size_t s = 0; s < lengths.size(); ++s) {
      const int64_t count = std::min(lengths[s], chunks[s]);
      if (count > 0) batch.push_back({static_cast<int32_t>(s), count});
      lengths[s] -= count;
    }
    if (batch.empty()) return schedule;
    schedule.push_back(batch);
  }
}

SequenceRows RandomSequences(BlockModel* random, const std::vector<int64_t>& lengths) {
  SequenceRows rows;
  for (const int64_t n : lengths) {
    rows.push_back(random->Random(n * random->model.spec.hidden, 0.0f, 1.0f));
  }
  return rows;
}

Doubles RowOf(const SequenceRows& rows, int64_t hidden, size_t sequence, int64_t position) {
  const float* x = rows[sequence].data() + position * hidden;
  return Doubles(x, x + hidden);
}

SequenceRows RunSequences(const Model& model, ThreadTeam& team, const ForwardOptions& options,
                          const std::vector<Step>& steps, int layer, const SequenceRows& inputs,
                          const Schedule& schedule) {
  const int64_t d = model.spec.hidden;
  BlockPass pass(model, team, options);
  std::vector<AlignedBuffer<uint8_t>> memory;
  std::vector<AlignedBuffer<float>> state_memory;
  std::vector<std::vector<uint8_t*>> tables;
  std::vector<uint8_t* const*> pages;
  std::vector<float*> states;
  for (const Floats& input : inputs) {
    tables.emplace_back();
    const int64_t positions = static_cast<int64_t>(input.size()) / d;
    for (int64_t p = 0; p < positions; p += kAttentionBlock) {
      memory.emplace_back(pass.state.cache.page_bytes);
      // Stale bits of an earlier owner must not matter.
      std::memset(memory.back().data(), 0xff, pass.state.cache.page_bytes);
      tables.back().push_back(memory.back().data());
    }
    state_memory.emplace_back(pass.state.cache.state_floats);
    states.push_back(state_memory.back().data());
  }
  for (const std::vector<uint8_t*>& table : tables) pages.push_back(table.data());

  SequenceRows outputs(inputs.size());
  std::vector<int64_t> at(inputs.size());
  for (const std::vector<Piece>& pieces : schedule) {
    std::vector<BatchRow> rows;
    for (const Piece& piece : pieces) {
      for (int64_t i = 0; i < piece.count; ++i) {
        rows.push_back({.sequence = piece.sequence, .position = at[piece.sequence]++});
      }
    }
    pass.Start({.rows = rows, .pages = pages, .states = states});
    for (int64_t r = 0; r < pass.state.rows(); ++r) {
      pass.SetNormed(layer, r, inputs[rows[r].sequence].data() + rows[r].position * d);
    }
    pass.Run(steps);
    for (int64_t r = 0; r < pass.state.rows(); ++r) {
      const float* delta = pass.state.delta.data() + r * d;
      Floats& output = outputs[rows[r].sequence];
      output.insert(output.end(), delta, delta + d);
    }
  }
  return outputs;
}

double RowError(const float* a, const double* b, int64_t n) {
  double difference = 0.0, norm = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / std::max(norm, 1e-300));
}

void ExpectRowNear(const float* a, const double* b, int64_t n, double tolerance) {
  EXPECT_LE(RowError(a, b, n), tolerance);
}

double LargestError(const SequenceRows& a, const std::vector<Doubles>& b, int64_t hidden) {
  double largest = 0.0;
  for (size_t s = 0; s < b.size(); ++s) {
    EXPECT_EQ(a[s].size(), b[s].size());
    if (a[s].size() != b[s].size()) return INFINITY;
    for (size_t i = 0; i < b[s].size(); i += hidden) {
      const double error = RowError(a[s].data() + i, b[s].data() + i, hidden);
      if (!(error <= largest)) largest = error;
    }
  }
  return largest;
}

}  // namespace frugal
