#include "model/blocks/mla.h"

#include <algorithm>
#include <cstring>

#include "kernels/codec/codec.h"
#include "model/blocks/mixer_output.h"

namespace frugal {
namespace {

const MlaSpec& Spec(const ForwardState& s, int layer) { return *s.layer_spec(layer).mla(); }
const MlaWeights& WeightsOf(const ForwardState& s, int layer) {
  return std::get<MlaWeights>(s.layer_weights(layer).mixer);
}
bool Expands(const ForwardState& s, const RowRun& run) {
  return run.count >= s.options.expand_rows;
}
int64_t QueryDim(const MlaSpec& spec) { return int64_t{spec.n_heads} * spec.qk_head_dim(); }

void ProjectDown(ForwardState& s, int layer, int /*thread*/) {
  const MlaSpec& spec = Spec(s, layer);
  const MlaWeights& w = WeightsOf(s, layer);
  const MatmulJob kv = {&w.kv_a, &s.normed, s.mla.kv_a.data(), spec.latent_dim()};
  const MatmulJob q = w.q_a.exists()
                          ? MatmulJob{&w.q_a, &s.normed, s.mla.q_a.data(), spec.q_lora_rank}
                          : MatmulJob{&w.q, &s.normed, s.q.data(), QueryDim(spec)};
  const MatmulJob jobs[] = {kv, q};
  RunMatmuls(s, layer, jobs, s.rows());
}

// The latents' norms; the cache gets its entry.
void NormAndStore(ForwardState& s, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const MlaWeights& w = WeightsOf(s, layer);
  const RopeSpec& rope = s.model.spec.ropes[spec.rope];
  const int64_t half = rope.rotary_dim / 2;
  const float eps = s.model.spec.norm_eps;
  const int64_t entry_bytes = spec.latent_dim() * KvElementBytes(s.cache.type);
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    if (w.q_a.exists()) {
      float* q_a = s.mla.q_a.data() + r * spec.q_lora_rank;
      s.kernels.rms_norm(q_a, w.q_a_norm, spec.q_lora_rank, eps, q_a);
      s.mla.q_normed.Store(s.kernels, layer, q_a, spec.q_lora_rank, r, s.ordered[thread].data());
    }
    float* entry = s.mla.kv_a.data() + r * spec.latent_dim();
    s.kernels.rms_norm(entry, w.kv_a_norm, spec.kv_lora_rank, eps, entry);
    s.kernels.rope(entry + spec.kv_lora_rank, s.cos[spec.rope].data() + r * half,
                   s.sin[spec.rope].data() + r * half, half, rope.interleaved);
    const BatchRow& row = s.batch.rows[r];
    s.kernels.store_kv(s.cache.type, entry, spec.latent_dim(),
                       s.batch.pages[row.sequence][row.position / kAttentionBlock] +
                           s.cache.k_offset[layer] + row.position % kAttentionBlock * entry_bytes);
  }
}

void ProjectQueries(ForwardState& s, int layer, int /*thread*/) {
  const MlaWeights& w = WeightsOf(s, layer);
  if (!w.q_a.exists()) return;
  const MatmulJob job{&w.q, &s.mla.q_normed, s.q.data(), QueryDim(Spec(s, layer))};
  RunMatmuls(s, layer, {&job, 1}, s.rows());
}

void RopeQueries(ForwardState& s, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const RopeSpec& rope = s.model.spec.ropes[spec.rope];
  const int64_t half = rope.rotary_dim / 2;
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* q = s.q.data() + r * QueryDim(spec) + spec.qk_nope_head_dim;
    for (int h = 0; h < spec.n_heads; ++h, q += spec.qk_head_dim()) {
      s.kernels.rope(q, s.cos[spec.rope].data() + r * half, s.sin[spec.rope].data() + r * half,
                     half, rope.interleaved);
    }
  }
}

// y (m, w.n) = x (m, w.k)·wᵀ, x's rows quantised into this thread's buffer first.
void HeadMatmul(ForwardState& s, const PackedMatrix& w, const float* x, int64_t x_stride, int64_t m,
                float* y, int64_t y_stride, int thread) {
  const ActKind kind = ActivationKind(w.dtype, s.options.exact);
  const int64_t row_bytes = ActivationRowBytes(kind, w.k);
  uint8_t* input = s.mla.inputs[thread].data();
  for (int64_t i = 0; i < m; ++i) {
    s.kernels.quantize(kind, x + i * x_stride, w.k, input + i * row_bytes);
  }
  const Activations view = {.kind = kind, .m = m, .k = w.k, .row_bytes = row_bytes, .data = input};
  s.kernels.matmul(w, view, nullptr, 0, w.panels(), y, y_stride);
}

// y (m, w.k) = x (m, w.n)·w: rows of the weight are added up.
void HeadMatmulTransposed(ForwardState& s, const PackedMatrix& w, const float* x, int64_t x_stride,
                          int64_t m, float* y, int64_t y_stride, int thread) {
  float* row = s.scratch[thread].data();
  for (int64_t i = 0; i < m; ++i) std::memset(y + i * y_stride, 0, w.k * sizeof(float));
  for (int64_t n = 0; n < w.n; ++n) {
    UnpackRow(w, n, row);
    for (int64_t i = 0; i < m; ++i) s.kernels.axpy(x[i * x_stride + n], row, w.k, y + i * y_stride);
  }
}

// Queries for the latents: k_b on the part without rope, and the roped part as it is.
void Absorb(ForwardState& s, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const MlaWeights& w = WeightsOf(s, layer);
  const int64_t stride = int64_t{spec.n_heads} * spec.latent_dim();
  for (const RowRun& run : s.runs) {
    if (Expands(s, run)) continue;
    for (int h = thread; h < spec.n_heads; h += s.threads()) {
      const float* q = s.q.data() + run.first * QueryDim(spec) + h * spec.qk_head_dim();
      float* query = s.mla.query.data() + run.first * stride + h * spec.latent_dim();
      const auto absorb = w.k_b_transposed ? HeadMatmul : HeadMatmulTransposed;
      absorb(s, w.k_b[h], q, QueryDim(spec), run.count, query, stride, thread);
      for (int64_t i = 0; i < run.count; ++i) {
        std::memcpy(query + i * stride + spec.kv_lora_rank,
                    q + i * QueryDim(spec) + spec.qk_nope_head_dim,
                    spec.qk_rope_head_dim * sizeof(float));
      }
    }
  }
}

void AttendAbsorbed(ForwardState& s, const RowRun& run, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const int64_t query_dim = int64_t{spec.n_heads} * spec.latent_dim();
  const int64_t mean_dim = int64_t{spec.n_heads} * spec.kv_lora_rank;
  AttentionArgs args{.type = s.cache.type,
                     .head_dim = spec.latent_dim(),
                     .v_head_dim = spec.kv_lora_rank,
                     .v_stride = spec.latent_dim(),
                     .pages = s.batch.pages[run.sequence],
                     .k_offset = s.cache.k_offset[layer],
                     .v_offset = s.cache.k_offset[layer],
                     .scale = spec.scale,
                     .q_stride = query_dim,
                     .out_stride = mean_dim,
                     .scratch = s.scratch[thread].data()};
  const int groups = (spec.n_heads + kMlaHeadGroup - 1) / kMlaHeadGroup;
  const int most = AttentionQueries(kMlaHeadGroup);
  int64_t item = 0;
  for (int64_t first = 0; first < run.count; first += most) {
    const int64_t r = run.first + first;
    args.queries = static_cast<int>(std::min<int64_t>(most, run.count - first));
    args.position = s.batch.rows[r].position;
    for (int g = 0; g < groups; ++g, ++item) {
      if (item % s.threads() != thread) continue;
      const int head = g * kMlaHeadGroup;
      args.group = std::min(kMlaHeadGroup, spec.n_heads - head);
      args.q = s.mla.query.data() + r * query_dim + head * spec.latent_dim();
      args.out = s.mla.mean.data() + r * mean_dim + head * spec.kv_lora_rank;
      s.kernels.attention(args);
    }
  }
}

// One head's keys and values of positions [0, length), as pages of this thread.
void ExpandHead(ForwardState& s, const RowRun& run, int layer, int head, int64_t length,
                int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const MlaWeights& w = WeightsOf(s, layer);
  const int64_t element = KvElementBytes(s.cache.type);
  const DType stored = s.cache.type == KvType::kF32 ? DType::kF32 : DType::kBF16;
  const int64_t latent = spec.latent_dim();
  float* latents = s.scratch[thread].data() + std::max(spec.kv_lora_rank, spec.qk_nope_head_dim);
  float* keys = latents + kAttentionBlock * latent;
  float* values = keys + int64_t{kAttentionBlock} * spec.qk_nope_head_dim;
  std::vector<const uint8_t*>& pages = s.mla.expanded_pages[thread];
  for (int64_t first = 0; first < length; first += kAttentionBlock) {
    const int64_t page = first / kAttentionBlock;
    const int64_t count = std::min<int64_t>(kAttentionBlock, length - first);
    DecodeRow(stored, s.batch.pages[run.sequence][page] + s.cache.k_offset[layer], count * latent,
              latents);
    const auto expand = w.k_b_transposed ? HeadMatmulTransposed : HeadMatmul;
    expand(s, w.k_b[head], latents, latent, count, keys, spec.qk_nope_head_dim, thread);
    HeadMatmul(s, w.v_b[head], latents, latent, count, values, spec.v_head_dim, thread);
    uint8_t* k = const_cast<uint8_t*>(pages[page]);
    uint8_t* v = k + int64_t{kAttentionBlock} * spec.qk_head_dim() * element;
    for (int64_t p = 0; p < count; ++p) {
      uint8_t* key = k + p * spec.qk_head_dim() * element;
      s.kernels.store_kv(s.cache.type, keys + p * spec.qk_nope_head_dim, spec.qk_nope_head_dim,
                         key);
      s.kernels.store_kv(s.cache.type, latents + p * latent + spec.kv_lora_rank,
                         spec.qk_rope_head_dim, key + spec.qk_nope_head_dim * element);
      s.kernels.store_kv(s.cache.type, values + p * spec.v_head_dim, spec.v_head_dim,
                         v + p * spec.v_head_dim * element);
    }
  }
}

void AttendExpanded(ForwardState& s, const RowRun& run, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const int64_t last = run.first + run.count - 1;
  const int64_t length = s.batch.rows[last].position + 1;
  AttentionArgs args{
      .type = s.cache.type,
      .head_dim = spec.qk_head_dim(),
      .v_head_dim = spec.v_head_dim,
      .pages = s.mla.expanded_pages[thread].data(),
      .v_offset = int64_t{kAttentionBlock} * spec.qk_head_dim() * KvElementBytes(s.cache.type),
      .scale = spec.scale,
      .q_stride = QueryDim(spec),
      .out_stride = int64_t{spec.n_heads} * spec.v_head_dim,
      .scratch = s.scratch[thread].data()};
  const int most = AttentionQueries(1);
  for (int h = thread; h < spec.n_heads; h += s.threads()) {
    ExpandHead(s, run, layer, h, length, thread);
    for (int64_t r = run.first; r <= last; r += most) {
      args.queries = static_cast<int>(std::min<int64_t>(most, last + 1 - r));
      args.position = s.batch.rows[r].position;
      args.q = s.q.data() + r * QueryDim(spec) + h * spec.qk_head_dim();
      args.out = s.attended.data() + (r * spec.n_heads + h) * spec.v_head_dim;
      s.kernels.attention(args);
    }
  }
}

void Attend(ForwardState& s, int layer, int thread) {
  for (const RowRun& run : s.runs) {
    (Expands(s, run) ? AttendExpanded : AttendAbsorbed)(s, run, layer, thread);
  }
}

// v_b behind what the absorbed form gave.
void Values(ForwardState& s, int layer, int thread) {
  const MlaSpec& spec = Spec(s, layer);
  const MlaWeights& w = WeightsOf(s, layer);
  const int64_t mean_stride = int64_t{spec.n_heads} * spec.kv_lora_rank;
  const int64_t out_stride = int64_t{spec.n_heads} * spec.v_head_dim;
  for (const RowRun& run : s.runs) {
    if (Expands(s, run)) continue;
    for (int h = thread; h < spec.n_heads; h += s.threads()) {
      HeadMatmul(s, w.v_b[h], s.mla.mean.data() + run.first * mean_stride + h * spec.kv_lora_rank,
                 mean_stride, run.count,
                 s.attended.data() + run.first * out_stride + h * spec.v_head_dim, out_stride,
                 thread);
    }
  }
}

}  // namespace

void PrepareExpansion(ForwardState* s) {
  int64_t position_bytes = 0;
  for (const LayerSpec& layer : s->model.spec.layers) {
    if (const MlaSpec* mla = layer.mla()) {
      position_bytes = std::max(
          position_bytes, (mla->qk_head_dim() + mla->v_head_dim) * KvElementBytes(s->cache.type));
    }
  }
  int64_t pages = 0;
  for (const RowRun& run : s->runs) {
    if (position_bytes == 0 || !Expands(*s, run)) continue;
    pages =
        std::max(pages, s->batch.rows[run.first + run.count - 1].position / kAttentionBlock + 1);
  }
  const int64_t page_bytes = kAttentionBlock * position_bytes;
  for (int t = 0; t < s->threads() && pages > 0; ++t) {
    if (s->mla.expanded[t].size() < pages * page_bytes) {
      s->mla.expanded[t] = AlignedBuffer<uint8_t>(pages * page_bytes);
    }
    s->mla.expanded_pages[t].clear();
    for (int64_t p = 0; p < pages; ++p) {
      s->mla.expanded_pages[t].push_back(s->mla.expanded[t].data() + p * page_bytes);
    }
  }
}

void AppendMlaSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step :
       {ProjectDown, NormAndStore, ProjectQueries, RopeQueries, Absorb, Attend, Values}) {
    steps->push_back({step, layer});
  }
  AppendMixerOutput(layer, steps);
}

}  // namespace frugal
