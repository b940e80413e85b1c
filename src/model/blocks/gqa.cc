#include "model/blocks/gqa.h"

#include <algorithm>

#include "model/blocks/mixer_output.h"

namespace frugal {
namespace {

const GqaSpec& Spec(const ForwardState& s, int layer) { return s.layer_spec(layer).gqa(); }
const GqaWeights& WeightsOf(const ForwardState& s, int layer) {
  return std::get<GqaWeights>(s.layer_weights(layer).mixer);
}

void Project(ForwardState& s, int layer, int /*thread*/) {
  const GqaSpec& spec = Spec(s, layer);
  const GqaWeights& w = WeightsOf(s, layer);
  const MatmulJob jobs[] = {{&w.q, &s.normed, s.q.data(), spec.q_dim()},
                            {&w.k, &s.normed, s.k.data(), spec.kv_dim()},
                            {&w.v, &s.normed, s.v.data(), spec.kv_dim()},
                            {&w.gate, &s.normed, s.mixer_gate.data(), spec.q_dim()}};
  RunMatmuls(s, layer, jobs, s.rows());
}

// Norm and rope of one row's heads, in place.
void PrepareHeads(const ForwardState& s, const GqaSpec& spec, int64_t row, const float* norm,
                  int heads, float* data) {
  const float eps = s.model.spec.norm_eps;
  if (spec.qk_norm == QkNorm::kFullPreRope) {
    s.kernels.rms_norm(data, norm, int64_t{heads} * spec.head_dim, eps, data);
  }
  for (int h = 0; h < heads; ++h) {
    float* head = data + int64_t{h} * spec.head_dim;
    if (spec.qk_norm == QkNorm::kHeadPreRope) {
      s.kernels.rms_norm(head, norm, spec.head_dim, eps, head);
    }
    if (spec.rope >= 0) {
      const RopeSpec& rope = s.model.spec.ropes[spec.rope];
      const int64_t half = rope.rotary_dim / 2;
      s.kernels.rope(head, s.cos[spec.rope].data() + row * half,
                     s.sin[spec.rope].data() + row * half, half, rope.interleaved);
    }
    if (spec.qk_norm == QkNorm::kHeadPostRope) {
      s.kernels.rms_norm(head, norm, spec.head_dim, eps, head);
    }
  }
}

void RopeAndStore(ForwardState& s, int layer, int thread) {
  const GqaSpec& spec = Spec(s, layer);
  const GqaWeights& w = WeightsOf(s, layer);
  const int64_t head_bytes = spec.head_dim * KvElementBytes(s.cache.type);
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const BatchRow& row = s.batch.rows[r];
    float* q = s.q.data() + r * spec.q_dim();
    PrepareHeads(s, spec, r, w.q_norm, spec.n_heads, q);
    if (spec.kv_layer >= 0) continue;
    float* k = s.k.data() + r * spec.kv_dim();
    const float* v = s.v.data() + r * spec.kv_dim();
    PrepareHeads(s, spec, r, w.k_norm, spec.n_kv_heads, k);
    uint8_t* page = s.batch.pages[row.sequence][row.position / kAttentionBlock];
    for (int g = 0; g < spec.n_kv_heads; ++g) {
      const int64_t slot =
          (int64_t{g} * kAttentionBlock + row.position % kAttentionBlock) * head_bytes;
      const int64_t head = int64_t{g} * spec.head_dim;
      s.kernels.store_kv(s.cache.type, k + head, spec.head_dim,
                         page + s.cache.k_offset[layer] + slot);
      s.kernels.store_kv(s.cache.type, v + head, spec.head_dim,
                         page + s.cache.v_offset[layer] + slot);
    }
  }
}

void Attend(ForwardState& s, int layer, int thread) {
  const GqaSpec& spec = Spec(s, layer);
  const float* sinks = WeightsOf(s, layer).sinks;
  const int kv_layer = spec.kv_layer >= 0 ? spec.kv_layer : layer;
  const int64_t q_dim = spec.q_dim();
  AttentionArgs args{.type = s.cache.type,
                     .head_dim = spec.head_dim,
                     .v_head_dim = spec.head_dim,
                     .group = spec.group(),
                     .k_offset = s.cache.k_offset[kv_layer],
                     .v_offset = s.cache.v_offset[kv_layer],
                     .window = spec.window,
                     .scale = spec.scale,
                     .logit_cap = spec.logit_cap,
                     .q_stride = q_dim,
                     .out_stride = q_dim,
                     .scratch = s.scratch[thread].data()};
  const int most = AttentionQueries(spec.group());
  std::vector<float>& factors = s.factors[thread];
  // Later rows see more context: dealing the pieces out in turn keeps threads even.
  int64_t item = 0;
  for (const RowRun& run : s.runs) {
    args.pages = s.batch.pages[run.sequence];
    for (int64_t first = 0; first < run.count; first += most) {
      const int64_t r = run.first + first;
      args.queries = static_cast<int>(std::min<int64_t>(most, run.count - first));
      args.position = s.batch.rows[r].position;
      factors.clear();
      for (int i = 0; i < args.queries; ++i) {
        factors.push_back(PositionFactor(spec.q_scale, args.position + i));
      }
      args.factors = spec.q_scale.kind == PositionScale::Kind::kNone ? nullptr : factors.data();
      for (int g = 0; g < spec.n_kv_heads; ++g, ++item) {
        if (item % s.threads() != thread) continue;
        const int64_t first_head = int64_t{g} * spec.group();
        const int64_t at = r * q_dim + first_head * spec.head_dim;
        args.kv_head = g;
        args.sinks = sinks == nullptr ? nullptr : sinks + first_head;
        args.q = s.q.data() + at;
        args.out = s.attended.data() + at;
        s.kernels.attention(args);
        if (!spec.output_gate) continue;
        for (int i = 0; i < args.queries; ++i) {
          s.kernels.sigmoid_gate(s.mixer_gate.data() + at + i * q_dim,
                                 int64_t{spec.group()} * spec.head_dim, args.out + i * q_dim);
        }
      }
    }
  }
}

}  // namespace

void AppendGqaSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {Project, RopeAndStore, Attend}) steps->push_back({step, layer});
  AppendMixerOutput(layer, steps);
}

}  // namespace frugal
