#include "model/forward.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "kernels/codec/codec.h"
#include "model/blocks/ffn.h"
#include "model/blocks/gqa.h"
#include "model/blocks/linear_attention.h"
#include "model/blocks/mixer_output.h"
#include "model/blocks/mla.h"
#include "model/blocks/moe.h"
#include "model/blocks/residual.h"
#include "model/forward_state.h"

namespace frugal {
namespace {

void Embed(ForwardState& s, int /*layer*/, int thread) {
  const int64_t d = s.model.spec.hidden;
  const TensorView& table = s.model.weights.embedding;
  const int64_t row_bytes = *TensorBytes(table.dtype, 1, d);
  const float scale = s.model.spec.embedding_scale;
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const BatchRow& row = s.batch.rows[r];
    float* x = s.x.data() + r * d;
    DecodeRow(table.dtype, table.data + row.token * row_bytes, d, x);
    if (scale != 1.0f) {
      for (int64_t i = 0; i < d; ++i) x[i] *= scale;
    }
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
    FinishRow(s, s.logit_rows[i], thread);
    s.kernels.rms_norm(s.x.data() + s.logit_rows[i] * d, s.model.weights.output_norm, d,
                       s.model.spec.norm_eps, out);
    s.normed.Store(s.kernels, kHeadLayer, out, d, i, s.ordered[thread].data());
  }
}

void Head(ForwardState& s, int /*layer*/, int /*thread*/) {
  const MatmulJob job{&s.model.weights.output, &s.normed, s.logits, s.model.spec.vocab};
  RunMatmuls(s, kHeadLayer, {&job, 1}, static_cast<int64_t>(s.logit_rows.size()));
}

void ScaleLogits(ForwardState& s, int /*layer*/, int thread) {
  const ModelSpec& spec = s.model.spec;
  const int64_t count = static_cast<int64_t>(s.logit_rows.size()) * spec.vocab;
  const Range part = SplitEvenly(count, thread, s.threads());
  for (int64_t i = part.begin; i < part.end; ++i) {
    float x = s.logits[i] * spec.logit_scale;
    if (spec.logit_cap > 0.0f) x = spec.logit_cap * std::tanh(x / spec.logit_cap);
    s.logits[i] = x;
  }
}

void AppendLayer(const LayerSpec& layer, int l, std::vector<Step>* steps) {
  steps->push_back({MixerNorm, l});
  struct {
    int l;
    std::vector<Step>* steps;
    void operator()(const GqaSpec&) const { AppendGqaSteps(l, steps); }
    void operator()(const MlaSpec&) const { AppendMlaSteps(l, steps); }
    void operator()(const GatedDeltaSpec&) const { AppendGatedDeltaSteps(l, steps); }
    void operator()(const LightningSpec&) const { AppendLightningSteps(l, steps); }
  } append{l, steps};
  std::visit(append, layer.mixer);
  steps->push_back({FfnNorm, l});
  if (const MoeSpec* moe = layer.moe()) {
    AppendMoeSteps(l, moe->shared.has_value(), steps);
  } else {
    AppendFfnSteps(l, steps);
  }
}

}  // namespace

void RunMatmuls(const ForwardState& state, int layer, std::span<const MatmulJob> jobs, int64_t m) {
  if (m == 0) return;
  int64_t panels = 0;
  for (const MatmulJob& job : jobs) panels += job.linear->w.panels();
  // In pairs: many rows take two panels at a time.
  state.team.ShareOut((panels + 1) / 2, kLeastPanelPairs, [&](Range pairs) {
    int64_t first = 0;  // of this job, counted over all jobs
    for (const MatmulJob& job : jobs) {
      const PackedMatrix& w = job.linear->w;
      const int64_t begin = std::max<int64_t>(2 * pairs.begin - first, 0);
      const int64_t end = std::min(2 * pairs.end - first, w.panels());
      if (begin < end) {
        state.kernels.matmul(w, job.x->View(layer, *job.linear, state.options.exact, 0, m),
                             job.linear->bias, begin, end, job.y, job.y_stride);
      }
      first += w.panels();
    }
  });
}

CacheLayout MakeCacheLayout(const ModelSpec& spec, KvType type) {
  CacheLayout layout{.type = type};
  for (const LayerSpec& layer : spec.layers) {
    const CacheSpec cache = LayerCache(layer);
    const int64_t positions = int64_t{cache.kv_heads} * kAttentionBlock * KvElementBytes(type);
    layout.k_offset.push_back(layout.page_bytes);
    layout.page_bytes += AlignUp(positions * cache.k_dim, kAlignment);
    layout.v_offset.push_back(layout.page_bytes);
    layout.page_bytes += AlignUp(positions * cache.v_dim, kAlignment);
    layout.state_offset.push_back(layout.state_floats);
    layout.state_floats += AlignUp(cache.state_floats, 16);
  }
  return layout;
}

void SetBatch(ForwardState* s, const Batch& batch) {
  CHECK(static_cast<int>(batch.rows.size()) <= s->options.max_rows);
  s->batch = batch;
  s->logit_rows.clear();
  s->runs.clear();
  for (int64_t r = 0; r < s->rows(); ++r) {
    const BatchRow& row = batch.rows[r];
    CHECK(row.token >= 0 && row.token < s->model.spec.vocab);
    if (row.wants_logits) s->logit_rows.push_back(r);
    if (s->runs.empty() || s->runs.back().sequence != row.sequence) {
      s->runs.push_back({row.sequence, r, 0});
    }
    ++s->runs.back().count;
  }
  CHECK(static_cast<int>(s->logit_rows.size()) <= s->options.max_logit_rows);
  PrepareExpansion(s);
}

Forward::Forward(const Model& model, ThreadTeam& team, const ForwardOptions& options)
    : state_(new ForwardState{.model = model,
                              .team = team,
                              .options = options,
                              .kernels = KernelsFor(options.isa),
                              .cache = MakeCacheLayout(model.spec, options.kv_type)}) {
  Allocate(state_.get());
  std::vector<Step>& steps = state_->steps;
  steps.push_back({Embed, -1});
  for (int l = 0; l < model.spec.n_layers(); ++l) AppendLayer(model.spec.layers[l], l, &steps);
  steps.push_back({HeadNorm, -1});
  steps.push_back({Head, -1});
  if (model.spec.logit_scale != 1.0f || model.spec.logit_cap > 0.0f) {
    steps.push_back({ScaleLogits, -1});
  }
}

Forward::~Forward() = default;

const CacheLayout& Forward::cache_layout() const { return state_->cache; }
const ForwardOptions& Forward::options() const { return state_->options; }

void Forward::Run(const Batch& batch, float* logits) {
  ForwardState& s = *state_;
  SetBatch(&s, batch);
  s.logits = logits;
  s.team.Run([&s](int thread) {
    for (const Step& step : s.steps) {
      if (step.wanted != nullptr && !step.wanted(s)) continue;
      step.run(s, step.layer, thread);
      s.team.Barrier();
    }
  });
}

}  // namespace frugal
