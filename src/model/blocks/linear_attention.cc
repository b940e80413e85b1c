#include "model/blocks/linear_attention.h"

#include <cmath>
#include <cstring>

#include "model/blocks/mixer_output.h"

namespace frugal {
namespace {

// Of one layer's part of a sequence's state.
float* StateOf(const ForwardState& s, const RowRun& run, int layer) {
  return s.batch.states[run.sequence] + s.cache.state_offset[layer];
}

// ---- Gated delta net ------------------------------------------------------------------------
// State: the convolution's last inputs (conv_kernel − 1, 2K + V), then (value heads, k, v).

const GatedDeltaSpec& Delta(const ForwardState& s, int layer) {
  return std::get<GatedDeltaSpec>(s.layer_spec(layer).mixer);
}
const GatedDeltaWeights& DeltaWeights(const ForwardState& s, int layer) {
  return std::get<GatedDeltaWeights>(s.layer_weights(layer).mixer);
}

void DeltaProject(ForwardState& s, int layer, int /*thread*/) {
  const GatedDeltaSpec& spec = Delta(s, layer);
  const GatedDeltaWeights& w = DeltaWeights(s, layer);
  float* a = s.beta.data() + s.options.max_rows * int64_t{spec.n_v_heads};
  const MatmulJob jobs[] = {{&w.q, &s.normed, s.q.data(), spec.k_dim()},
                            {&w.k, &s.normed, s.k.data(), spec.k_dim()},
                            {&w.v, &s.normed, s.v.data(), spec.v_dim()},
                            {&w.z, &s.normed, s.mixer_gate.data(), spec.v_dim()},
                            {&w.b, &s.normed, s.beta.data(), spec.n_v_heads},
                            {&w.a, &s.normed, a, spec.n_v_heads}};
  RunMatmuls(s, layer, jobs, s.rows());
}

// Channels [begin, end) of one of q, k, v, whose first channel is number `offset` of the
// convolution, in place: each value becomes silu(Σ weights · it and its predecessors).
void Convolve(const ForwardState& s, const RowRun& run, int layer, float* data, int64_t dim,
              int64_t offset, Range channels) {
  const GatedDeltaSpec& spec = Delta(s, layer);
  const float* weights = DeltaWeights(s, layer).conv + offset * spec.conv_kernel;
  const int past = spec.conv_kernel - 1;
  for (int64_t r = run.first; r < run.first + run.count; ++r) {
    float* row = data + r * dim;
    float* state = StateOf(s, run, layer) + offset;
    for (int64_t c = channels.begin; c < channels.end; ++c) {
      const float input = row[c];
      const float* w = weights + c * spec.conv_kernel;
      float sum = 0.0f;
      for (int i = 0; i < past; ++i) sum += w[i] * state[i * spec.conv_dim() + c];
      row[c] = sum + w[past] * input;
      for (int i = 0; i + 1 < past; ++i) {
        state[i * spec.conv_dim() + c] = state[(i + 1) * spec.conv_dim() + c];
      }
      if (past > 0) state[(past - 1) * spec.conv_dim() + c] = input;
    }
    s.kernels.silu(row + channels.begin, channels.end - channels.begin, row + channels.begin);
  }
}

void DeltaConvolve(ForwardState& s, int layer, int thread) {
  const GatedDeltaSpec& spec = Delta(s, layer);
  const Range k = SplitEvenly(spec.k_dim(), thread, s.threads());
  const Range v = SplitEvenly(spec.v_dim(), thread, s.threads());
  for (const RowRun& run : s.runs) {
    Convolve(s, run, layer, s.q.data(), spec.k_dim(), 0, k);
    Convolve(s, run, layer, s.k.data(), spec.k_dim(), spec.k_dim(), k);
    Convolve(s, run, layer, s.v.data(), spec.v_dim(), 2 * spec.k_dim(), v);
  }
}

// out = scale·x / √(Σx² + 1e-6)
void L2Norm(const float* x, int n, float scale, float* out) {
  float squares = 0.0f;
  for (int i = 0; i < n; ++i) squares += x[i] * x[i];
  const float factor = scale / std::sqrt(squares + 1e-6f);
  for (int i = 0; i < n; ++i) out[i] = x[i] * factor;
}

float Softplus(float x) { return x > 20.0f ? x : std::log1p(std::exp(x)); }

void DeltaHeads(ForwardState& s, int layer, int thread) {
  const GatedDeltaSpec& spec = Delta(s, layer);
  const GatedDeltaWeights& w = DeltaWeights(s, layer);
  const int k_dim = spec.k_head_dim;
  const int v_dim = spec.v_head_dim;
  const int per_key = spec.n_v_heads / spec.n_k_heads;
  float* q = s.scratch[thread].data();
  float* k = q + k_dim;
  float* gate = k + k_dim;
  const float q_scale = 1.0f / std::sqrt(static_cast<float>(k_dim));
  for (const RowRun& run : s.runs) {
    float* states = StateOf(s, run, layer) + (spec.conv_kernel - 1) * spec.conv_dim();
    for (int h = thread; h < spec.n_v_heads; h += s.threads()) {
      for (int64_t r = run.first; r < run.first + run.count; ++r) {
        const int64_t key_at = r * spec.k_dim() + int64_t{h / per_key} * k_dim;
        const int64_t value_at = r * spec.v_dim() + int64_t{h} * v_dim;
        L2Norm(s.q.data() + key_at, k_dim, q_scale, q);
        L2Norm(s.k.data() + key_at, k_dim, 1.0f, k);
        const float b = s.beta[r * spec.n_v_heads + h];
        const float a = s.beta[(s.options.max_rows + r) * spec.n_v_heads + h];
        float* out = s.attended.data() + value_at;
        s.kernels.recurrent_step({.k_dim = k_dim,
                                  .v_dim = v_dim,
                                  .q = q,
                                  .k = k,
                                  .v = s.v.data() + value_at,
                                  .decay = std::exp(w.decay[h] * Softplus(a + w.dt_bias[h])),
                                  .delta_rule = true,
                                  .beta = 1.0f / (1.0f + std::exp(-b)),
                                  .state = states + int64_t{h} * k_dim * v_dim,
                                  .out = out});
        s.kernels.rms_norm(out, w.norm, v_dim, s.model.spec.norm_eps, out);
        s.kernels.silu(s.mixer_gate.data() + value_at, v_dim, gate);
        for (int i = 0; i < v_dim; ++i) out[i] *= gate[i];
      }
    }
  }
}

// ---- Lightning attention --------------------------------------------------------------------
// State: (heads, D, D).

const LightningSpec& Lightning(const ForwardState& s, int layer) {
  return std::get<LightningSpec>(s.layer_spec(layer).mixer);
}
const LightningWeights& LightningWeightsOf(const ForwardState& s, int layer) {
  return std::get<LightningWeights>(s.layer_weights(layer).mixer);
}

void LightningProject(ForwardState& s, int layer, int /*thread*/) {
  const int64_t dim = Lightning(s, layer).dim();
  const LightningWeights& w = LightningWeightsOf(s, layer);
  const MatmulJob jobs[] = {{&w.q, &s.normed, s.q.data(), dim},
                            {&w.k, &s.normed, s.k.data(), dim},
                            {&w.v, &s.normed, s.v.data(), dim},
                            {&w.gate, &s.normed, s.mixer_gate.data(), dim}};
  RunMatmuls(s, layer, jobs, s.rows());
}

void LightningHeads(ForwardState& s, int layer, int thread) {
  const LightningSpec& spec = Lightning(s, layer);
  const int D = spec.head_dim;
  for (const RowRun& run : s.runs) {
    float* states = StateOf(s, run, layer);
    for (int h = thread; h < spec.n_heads; h += s.threads()) {
      for (int64_t r = run.first; r < run.first + run.count; ++r) {
        const int64_t at = r * spec.dim() + int64_t{h} * D;
        for (float* x : {s.q.data() + at, s.k.data() + at, s.v.data() + at}) {
          s.kernels.silu(x, D, x);
        }
        s.kernels.recurrent_step({.k_dim = D,
                                  .v_dim = D,
                                  .q = s.q.data() + at,
                                  .k = s.k.data() + at,
                                  .v = s.v.data() + at,
                                  .decay = spec.decay[h],
                                  .state = states + int64_t{h} * D * D,
                                  .out = s.attended.data() + at});
      }
    }
  }
}

void LightningNorm(ForwardState& s, int layer, int thread) {
  const LightningSpec& spec = Lightning(s, layer);
  const int64_t dim = spec.dim();
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* out = s.attended.data() + r * dim;
    s.kernels.rms_norm(out, LightningWeightsOf(s, layer).norm, dim, spec.norm_eps, out);
    s.kernels.sigmoid_gate(s.mixer_gate.data() + r * dim, dim, out);
  }
}

}  // namespace

void AppendGatedDeltaSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {DeltaProject, DeltaConvolve, DeltaHeads}) steps->push_back({step, layer});
  AppendMixerOutput(layer, steps);
}

void AppendLightningSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {LightningProject, LightningHeads, LightningNorm}) {
    steps->push_back({step, layer});
  }
  AppendMixerOutput(layer, steps);
}

}  // namespace frugal
