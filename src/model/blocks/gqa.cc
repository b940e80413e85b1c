#include "model/blocks/gqa.h"

#include <algorithm>

namespace frugal {
namespace {

void Norm(ForwardState& s, int layer, int thread) {
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    AddNormRow(s, r, /*add=*/layer > 0, s.model.weights.layers[layer].gqa.norm, thread);
  }
}

void Project(ForwardState& s, int layer, int thread) {
  const GqaSpec& spec = s.model.spec.layers[layer].gqa;
  const GqaWeights& w = s.model.weights.layers[layer].gqa;
  const MatmulJob jobs[] = {{&w.q, &s.normed, s.q.data(), spec.q_dim()},
                            {&w.k, &s.normed, s.k.data(), spec.kv_dim()},
                            {&w.v, &s.normed, s.v.data(), spec.kv_dim()}};
  RunMatmuls(s, jobs, s.rows(), thread);
}

// Norm and rope of one row's heads, in place.
void PrepareHeads(const ForwardState& s, const GqaSpec& spec, int64_t row, const float* norm,
                  int heads, float* data) {
  const RopeSpec& rope = s.model.spec.ropes[spec.rope];
  const int64_t half = rope.rotary_dim / 2;
  const float* cos = s.cos[spec.rope].data() + row * half;
  const float* sin = s.sin[spec.rope].data() + row * half;
  for (int h = 0; h < heads; ++h) {
    float* head = data + int64_t{h} * spec.head_dim;
    if (norm != nullptr) {
      s.kernels.rms_norm(head, norm, spec.head_dim, s.model.spec.norm_eps, head);
    }
    s.kernels.rope(head, cos, sin, half, rope.interleaved);
  }
}

void RopeAndStore(ForwardState& s, int layer, int thread) {
  const GqaSpec& spec = s.model.spec.layers[layer].gqa;
  const GqaWeights& w = s.model.weights.layers[layer].gqa;
  const int64_t head_bytes = spec.head_dim * KvElementBytes(s.kv.type);
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* k = s.k.data() + r * spec.kv_dim();
    const float* v = s.v.data() + r * spec.kv_dim();
    PrepareHeads(s, spec, r, w.q_norm, spec.n_heads, s.q.data() + r * spec.q_dim());
    PrepareHeads(s, spec, r, w.k_norm, spec.n_kv_heads, k);
    const BatchRow& row = s.batch.rows[r];
    uint8_t* page = s.batch.pages[row.sequence][row.position / kAttentionBlock];
    for (int g = 0; g < spec.n_kv_heads; ++g) {
      const int64_t slot =
          (int64_t{g} * kAttentionBlock + row.position % kAttentionBlock) * head_bytes;
      const int64_t head = int64_t{g} * spec.head_dim;
      s.kernels.store_kv(s.kv.type, k + head, spec.head_dim, page + s.kv.k_offset[layer] + slot);
      s.kernels.store_kv(s.kv.type, v + head, spec.head_dim, page + s.kv.v_offset[layer] + slot);
    }
  }
}

void Attend(ForwardState& s, int layer, int thread) {
  const GqaSpec& spec = s.model.spec.layers[layer].gqa;
  AttentionArgs args{.type = s.kv.type,
                     .head_dim = spec.head_dim,
                     .v_head_dim = spec.head_dim,
                     .group = spec.group(),
                     .k_offset = s.kv.k_offset[layer],
                     .v_offset = s.kv.v_offset[layer],
                     .scale = spec.scale,
                     .scratch = s.scratch[thread].data()};
  // Later rows see more context: dealing (row, head) pairs out in turn keeps threads even.
  const int64_t items = s.rows() * spec.n_kv_heads;
  for (int64_t item = thread; item < items; item += s.threads()) {
    const int64_t r = item / spec.n_kv_heads;
    const BatchRow& row = s.batch.rows[r];
    args.kv_head = static_cast<int>(item % spec.n_kv_heads);
    args.pages = s.batch.pages[row.sequence];
    args.end = row.position + 1;
    args.begin = spec.window > 0 ? std::max<int64_t>(0, args.end - spec.window) : 0;
    const int64_t head = int64_t{args.kv_head} * spec.group() * spec.head_dim;
    args.q = s.q.data() + r * spec.q_dim() + head;
    args.out = s.attended.data() + r * spec.q_dim() + head;
    s.kernels.attention(args);
  }
}

void StoreAttended(ForwardState& s, int layer, int thread) {
  const int64_t q_dim = s.model.spec.layers[layer].gqa.q_dim();
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    s.mixed.Store(s.kernels, s.attended.data() + r * q_dim, q_dim, r);
  }
}

void Output(ForwardState& s, int layer, int thread) {
  const MatmulJob job{&s.model.weights.layers[layer].gqa.o, &s.mixed, s.delta.data(),
                      s.model.spec.hidden};
  RunMatmuls(s, {&job, 1}, s.rows(), thread);
}

}  // namespace

void AppendGqaSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {Norm, Project, RopeAndStore, Attend, StoreAttended, Output}) {
    steps->push_back({step, layer});
  }
}

}  // namespace frugal
