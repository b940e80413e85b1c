#include "model/blocks/residual.h"

#include <cstring>

namespace frugal {
namespace {

// x = skip·x + branch·delta, the delta normed before that in a sandwich.
void Join(ForwardState& s, int64_t row, const ResidualSpec& residual, const float* post_norm,
          float* scratch) {
  const int64_t d = s.model.spec.hidden;
  float* x = s.x.data() + row * d;
  const float* delta = s.delta.data() + row * d;
  if (post_norm != nullptr) {
    s.kernels.rms_norm(delta, post_norm, d, s.model.spec.norm_eps, scratch);
    delta = scratch;
  }
  if (residual.skip != 1.0f) {
    for (int64_t i = 0; i < d; ++i) x[i] *= residual.skip;
  }
  s.kernels.axpy(residual.branch, delta, d, x);
}

void NormRow(ForwardState& s, int layer, int64_t row, const float* weight, bool normed_residual,
             int thread) {
  const int64_t d = s.model.spec.hidden;
  float* x = s.x.data() + row * d;
  float* out = s.scratch[thread].data();
  s.kernels.rms_norm(x, weight, d, s.model.spec.norm_eps, out);
  s.normed.Store(s.kernels, layer, out, d, row, s.ordered[thread].data());
  if (normed_residual) std::memcpy(x, out, d * sizeof(float));
}

}  // namespace

void MixerNorm(ForwardState& s, int layer, int thread) {
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    if (layer > 0) {
      Join(s, r, s.layer_spec(layer - 1).ffn_residual, s.layer_weights(layer - 1).post_ffn_norm,
           s.scratch[thread].data());
    }
    NormRow(s, layer, r, s.layer_weights(layer).mixer_norm,
            s.layer_spec(layer).mixer_residual.normed, thread);
  }
}

void FfnNorm(ForwardState& s, int layer, int thread) {
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    Join(s, r, s.layer_spec(layer).mixer_residual, s.layer_weights(layer).post_mixer_norm,
         s.scratch[thread].data());
    NormRow(s, layer, r, s.layer_weights(layer).ffn_norm, s.layer_spec(layer).ffn_residual.normed,
            thread);
  }
}

void FinishRow(ForwardState& s, int64_t row, int thread) {
  const int last = s.model.spec.n_layers() - 1;
  Join(s, row, s.layer_spec(last).ffn_residual, s.layer_weights(last).post_ffn_norm,
       s.scratch[thread].data());
}

}  // namespace frugal
