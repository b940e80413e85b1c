#include "model/forward.h"

#include <algorithm>

#include "base/check.h"
#include "kernels/codec/codec.h"
#include "model/blocks/glu.h"
#include "model/blocks/gqa.h"
#include "model/forward_state.h"

namespace frugal {
namespace {

unsigned KindBit(ActKind kind) { return 1u << static_cast<int>(kind); }

unsigned KindsOf(std::initializer_list<const Linear*> consumers, bool exact) {
  unsigned kinds = 0;
  for (const Linear* linear : consumers) kinds |= KindBit(ActivationKind(linear->w.dtype, exact));
  return kinds;
}

void Embed(ForwardState& s, int /*layer*/, int thread) {
  const int64_t d = s.model.spec.hidden;
  const TensorView& table = s.model.weights.embedding;
  const int64_t row_bytes = *TensorBytes(table.dtype, 1, d);
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const BatchRow& row = s.batch.rows[r];
    DecodeRow(table.dtype, table.data + row.token * row_bytes, d, s.x.data() + r * d);
    for (size_t i = 0; i < s.model.ropes.size(); ++i) {
      const RopeTable& rope = s.model.ropes[i];
      const int64_t half = rope.spec.rotary_dim / 2;
      RopeAngles(rope, row.position, s.cos[i].data() + r * half, s.sin[i].data() + r * half);
    }
  }
}

// Only rows that want logits pass the head; they move up to the front of `normed`.
void HeadNorm(ForwardState& s, int /*layer*/, int thread) {
  const int64_t d = s.model.spec.hidden;
  const Range part = SplitEvenly(static_cast<int64_t>(s.logit_rows.size()), thread, s.threads());
  float* out = s.scratch[thread].data();
  for (int64_t i = part.begin; i < part.end; ++i) {
    float* x = s.x.data() + s.logit_rows[i] * d;
    s.kernels.axpy(1.0f, s.delta.data() + s.logit_rows[i] * d, d, x);
    s.kernels.rms_norm(x, s.model.weights.output_norm, d, s.model.spec.norm_eps, out);
    s.normed.Store(s.kernels, out, d, i);
  }
}

void Head(ForwardState& s, int /*layer*/, int thread) {
  const MatmulJob job{&s.model.weights.output, &s.normed, s.logits, s.model.spec.vocab};
  RunMatmuls(s, {&job, 1}, static_cast<int64_t>(s.logit_rows.size()), thread);
}

void Allocate(ForwardState* s) {
  const ModelSpec& spec = s->model.spec;
  const bool exact = s->options.exact;
  const int64_t rows = s->options.max_rows;
  int64_t q_dim = 0, kv_dim = 0, d_ff = 0;
  unsigned normed = KindsOf({&s->model.weights.output}, exact);
  unsigned mixed = 0, activated = 0;
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerWeights& w = s->model.weights.layers[l];
    q_dim = std::max(q_dim, spec.layers[l].gqa.q_dim());
    kv_dim = std::max(kv_dim, spec.layers[l].gqa.kv_dim());
    d_ff = std::max(d_ff, spec.layers[l].glu.d_ff);
    normed |= KindsOf({&w.gqa.q, &w.gqa.k, &w.gqa.v, &w.glu.gate, &w.glu.up}, exact);
    mixed |= KindsOf({&w.gqa.o}, exact);
    activated |= KindsOf({&w.glu.down}, exact);
  }
  s->x = AlignedBuffer<float>(rows * spec.hidden);
  s->delta = AlignedBuffer<float>(rows * spec.hidden);
  s->q = AlignedBuffer<float>(rows * q_dim);
  s->k = AlignedBuffer<float>(rows * kv_dim);
  s->v = AlignedBuffer<float>(rows * kv_dim);
  s->attended = AlignedBuffer<float>(rows * q_dim);
  s->gate = AlignedBuffer<float>(rows * d_ff);
  s->up = AlignedBuffer<float>(rows * d_ff);
  s->normed.Reserve(rows, spec.hidden, normed);
  s->mixed.Reserve(rows, q_dim, mixed);
  s->activated.Reserve(rows, d_ff, activated);
  for (const RopeSpec& rope : spec.ropes) {
    s->cos.emplace_back(rows * (rope.rotary_dim / 2));
    s->sin.emplace_back(rows * (rope.rotary_dim / 2));
  }
  for (int t = 0; t < s->threads(); ++t) s->scratch.emplace_back(ScratchFloats(spec));
  s->logit_rows.reserve(s->options.max_logit_rows);
}

}  // namespace

void ActivationSet::Reserve(int64_t rows, int64_t k, unsigned kinds_used) {
  kinds = kinds_used;
  max_k = k;
  for (ActKind kind : {ActKind::kF32, ActKind::kBf16, ActKind::kQ8}) {
    if (kinds & KindBit(kind)) {
      data[static_cast<int>(kind)] = AlignedBuffer<uint8_t>(rows * ActivationRowBytes(kind, k));
    }
  }
}

uint8_t* ActivationSet::Row(ActKind kind, int64_t k, int64_t row) {
  return data[static_cast<int>(kind)].data() + row * ActivationRowBytes(kind, k);
}

void ActivationSet::Store(const Kernels& kernels, const float* x, int64_t k, int64_t row) {
  for (ActKind kind : {ActKind::kF32, ActKind::kBf16, ActKind::kQ8}) {
    if (kinds & KindBit(kind)) kernels.quantize(kind, x, k, Row(kind, k, row));
  }
}

Activations ActivationSet::View(ActKind kind, int64_t m, int64_t k) const {
  return {.kind = kind,
          .m = m,
          .k = k,
          .row_bytes = ActivationRowBytes(kind, k),
          .data = data[static_cast<int>(kind)].data()};
}

void RunMatmuls(const ForwardState& state, std::span<const MatmulJob> jobs, int64_t m, int thread) {
  if (m == 0) return;
  int64_t panels = 0;
  for (const MatmulJob& job : jobs) panels += job.linear->w.panels();
  const Range part = SplitEvenly(panels, thread, state.threads());
  int64_t first = 0;  // of this job, counted over all jobs
  for (const MatmulJob& job : jobs) {
    const PackedMatrix& w = job.linear->w;
    const int64_t begin = std::max<int64_t>(part.begin - first, 0);
    const int64_t end = std::min(part.end - first, w.panels());
    if (begin < end) {
      const ActKind kind = ActivationKind(w.dtype, state.options.exact);
      state.kernels.matmul(w, job.x->View(kind, m, w.k), job.linear->bias, begin, end, job.y,
                           job.y_stride);
    }
    first += w.panels();
  }
}

void AddNormRow(ForwardState& state, int64_t row, bool add, const float* weight, int thread) {
  const int64_t d = state.model.spec.hidden;
  float* x = state.x.data() + row * d;
  float* out = state.scratch[thread].data();
  if (add) state.kernels.axpy(1.0f, state.delta.data() + row * d, d, x);
  state.kernels.rms_norm(x, weight, d, state.model.spec.norm_eps, out);
  state.normed.Store(state.kernels, out, d, row);
}

int64_t ScratchFloats(const ModelSpec& spec) {
  int64_t floats = spec.hidden;
  for (const LayerSpec& layer : spec.layers) {
    floats = std::max(floats, AttentionScratchFloats(layer.gqa.group(), layer.gqa.head_dim));
  }
  return floats;
}

KvLayout MakeKvLayout(const ModelSpec& spec, KvType type) {
  KvLayout layout{.type = type};
  for (const LayerSpec& layer : spec.layers) {
    const CacheSpec cache = LayerCache(layer);
    const int64_t positions = int64_t{cache.kv_heads} * kAttentionBlock * KvElementBytes(type);
    layout.k_offset.push_back(layout.page_bytes);
    layout.page_bytes += AlignUp(positions * cache.k_dim, kAlignment);
    layout.v_offset.push_back(layout.page_bytes);
    layout.page_bytes += AlignUp(positions * cache.v_dim, kAlignment);
  }
  return layout;
}

Forward::Forward(const Model& model, ThreadTeam& team, const ForwardOptions& options)
    : state_(new ForwardState{.model = model,
                              .team = team,
                              .options = options,
                              .kernels = KernelsFor(options.isa),
                              .kv = MakeKvLayout(model.spec, options.kv_type)}) {
  Allocate(state_.get());
  state_->steps.push_back({Embed, -1});
  for (int l = 0; l < model.spec.n_layers(); ++l) {
    AppendGqaSteps(l, &state_->steps);
    AppendGluSteps(l, &state_->steps);
  }
  state_->steps.push_back({HeadNorm, -1});
  state_->steps.push_back({Head, -1});
}

Forward::~Forward() = default;

const KvLayout& Forward::kv_layout() const { return state_->kv; }
const ForwardOptions& Forward::options() const { return state_->options; }

void Forward::Run(const Batch& batch, float* logits) {
  ForwardState& s = *state_;
  CHECK(static_cast<int>(batch.rows.size()) <= s.options.max_rows);
  s.batch = batch;
  s.logits = logits;
  s.logit_rows.clear();
  for (int64_t r = 0; r < s.rows(); ++r) {
    const BatchRow& row = batch.rows[r];
    CHECK(row.token >= 0 && row.token < s.model.spec.vocab);
    if (row.wants_logits) s.logit_rows.push_back(r);
  }
  CHECK(static_cast<int>(s.logit_rows.size()) <= s.options.max_logit_rows);
  s.team.Run([&s](int thread) {
    for (const Step& step : s.steps) {
      step.run(s, step.layer, thread);
      s.team.Barrier();
    }
  });
}

}  // namespace frugal
