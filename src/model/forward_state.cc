#include "model/forward_state.h"

#include <algorithm>

#include "model/blocks/ffn.h"
#include "model/blocks/mixer_output.h"
#include "model/blocks/mla.h"
#include "model/blocks/moe.h"

namespace frugal {
namespace {

// The largest widths over the layers, and the activation forms their weights read.
struct Sizes {
  ForwardState& s;
  int64_t q = 0, k = 0, v = 0, gate = 0, beta = 0, mixed = 0, ff = 0;
  int64_t q_lora = 0, latent = 0, query = 0, mean = 0, head_input = 0;
  int64_t experts = 0, top_k = 0, expert_ff = 0;
  int64_t scratch = 0;

  void Grow(int64_t* size, int64_t to) { *size = std::max(*size, to); }
  bool exact() const { return s.options.exact; }

  void Add(int l, const GqaSpec& spec, const GqaWeights& w) {
    Grow(&q, spec.q_dim());
    Grow(&k, spec.kv_dim());
    Grow(&v, spec.kv_dim());
    if (spec.output_gate) Grow(&gate, spec.q_dim());
    Grow(&scratch, AttentionScratchFloats(spec.group(), spec.head_dim, spec.head_dim));
    s.normed.Want(l, {&w.q, &w.k, &w.v, &w.gate}, exact());
  }

  void Add(int l, const MlaSpec& spec, const MlaWeights& w) {
    const int64_t heads = spec.n_heads;
    Grow(&q, heads * spec.qk_head_dim());
    Grow(&q_lora, spec.q_lora_rank);
    Grow(&latent, spec.latent_dim());
    Grow(&query, heads * spec.latent_dim());
    Grow(&mean, heads * spec.kv_lora_rank);
    // A head's inputs: a row of the batch each, or a page of the context.
    const int64_t rows = std::max<int64_t>(s.options.max_rows, kAttentionBlock);
    for (const PackedMatrix* m : {&w.k_b[0], &w.v_b[0]}) {
      Grow(&head_input, rows * ActivationRowBytes(ActivationKind(m->dtype, exact()), m->k));
    }
    Grow(&scratch, AttentionScratchFloats(kMlaHeadGroup, spec.latent_dim(), spec.kv_lora_rank));
    Grow(&scratch, AttentionScratchFloats(1, spec.qk_head_dim(), spec.v_head_dim));
    Grow(&scratch, std::max(spec.kv_lora_rank, spec.qk_nope_head_dim) +
                       int64_t{kAttentionBlock} *
                           (spec.latent_dim() + spec.qk_nope_head_dim + spec.v_head_dim));
    s.normed.Want(l, {&w.kv_a}, exact());
    if (w.q_a.exists()) {
      s.normed.Want(l, {&w.q_a}, exact());
      s.mla.q_normed.Want(l, {&w.q}, exact());
    } else {
      s.normed.Want(l, {&w.q}, exact());
    }
  }

  void Add(int l, const GatedDeltaSpec& spec, const GatedDeltaWeights& w) {
    Grow(&q, spec.k_dim());
    Grow(&k, spec.k_dim());
    Grow(&v, spec.v_dim());
    Grow(&gate, spec.v_dim());
    Grow(&beta, 2 * int64_t{spec.n_v_heads});
    Grow(&scratch, 2 * int64_t{spec.k_head_dim} + spec.v_head_dim);
    s.normed.Want(l, {&w.q, &w.k, &w.v, &w.z, &w.b, &w.a}, exact());
  }

  void Add(int l, const LightningSpec& spec, const LightningWeights& w) {
    for (int64_t* size : {&q, &k, &v, &gate}) Grow(size, spec.dim());
    s.normed.Want(l, {&w.q, &w.k, &w.v, &w.gate}, exact());
  }

  void AddMoe(int l, const MoeSpec& spec, const MoeWeights& w) {
    Grow(&experts, spec.n_experts);
    Grow(&top_k, spec.top_k);
    Grow(&expert_ff, spec.expert.d_ff);
    s.normed.Want(l, {&w.router, &w.shared_gate}, exact());
    for (const FfnWeights& expert : w.experts) {
      for (const Linear* linear : {&expert.gate, &expert.up}) {
        if (!linear->exists()) continue;
        const ActKind kind = ActivationKind(linear->w.dtype, exact());
        s.normed.Want(l, kind, nullptr);
        const bool own = linear == &expert.gate && HasOwnGateInput(expert);
        (own ? s.moe.gate_input : s.moe.input).Want(l, kind, nullptr);
      }
      s.moe.activated.Want(l, ActivationKind(expert.down.w.dtype, exact()), nullptr);
    }
  }
};

}  // namespace

void Allocate(ForwardState* s) {
  const ModelSpec& spec = s->model.spec;
  const Weights& weights = s->model.weights;
  const int64_t rows = s->options.max_rows;
  Sizes sizes{*s};
  s->normed.Want(kHeadLayer, {&weights.output}, s->options.exact);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerSpec& layer = spec.layers[l];
    const LayerWeights& w = weights.layers[l];
    std::visit(
        [&](const auto& mixer_weights, const auto& mixer) {
          if constexpr (requires { sizes.Add(l, mixer, mixer_weights); }) {
            sizes.Add(l, mixer, mixer_weights);
          }
        },
        w.mixer, layer.mixer);
    sizes.Grow(&sizes.mixed, MixerDim(layer));
    s->mixed.Want(l, {&OutputProjection(w)}, s->options.exact);
    if (const DenseFfn ffn = FindDenseFfn(layer, w); ffn.spec != nullptr) {
      sizes.Grow(&sizes.ff, ffn.spec->d_ff);
      s->normed.Want(l, {&ffn.weights->gate, &ffn.weights->up}, s->options.exact);
      s->activated.Want(l, {&ffn.weights->down}, s->options.exact);
    }
    if (const MoeSpec* moe = layer.moe()) sizes.AddMoe(l, *moe, std::get<MoeWeights>(w.ffn));
  }
  s->x = AlignedBuffer<float>(rows * spec.hidden);
  s->delta = AlignedBuffer<float>(rows * spec.hidden);
  s->q = AlignedBuffer<float>(rows * sizes.q);
  s->k = AlignedBuffer<float>(rows * sizes.k);
  s->v = AlignedBuffer<float>(rows * sizes.v);
  s->mixer_gate = AlignedBuffer<float>(rows * sizes.gate);
  s->beta = AlignedBuffer<float>(rows * sizes.beta);
  s->attended = AlignedBuffer<float>(rows * sizes.mixed);
  s->gate = AlignedBuffer<float>(rows * sizes.ff);
  s->up = AlignedBuffer<float>(rows * sizes.ff);
  s->normed.Reserve(rows, spec.hidden);
  s->mixed.Reserve(rows, sizes.mixed);
  s->activated.Reserve(rows, sizes.ff);

  s->mla.q_a = AlignedBuffer<float>(rows * sizes.q_lora);
  s->mla.kv_a = AlignedBuffer<float>(rows * sizes.latent);
  s->mla.query = AlignedBuffer<float>(rows * sizes.query);
  s->mla.mean = AlignedBuffer<float>(rows * sizes.mean);
  s->mla.q_normed.Reserve(rows, sizes.q_lora);

  const int64_t slots = rows * sizes.top_k;
  s->moe.logits = AlignedBuffer<float>(rows * sizes.experts);
  s->moe.shared_gate = AlignedBuffer<float>(rows);
  s->moe.chosen.resize(slots);
  s->moe.weights.resize(slots);
  s->moe.slot_of.resize(slots);
  s->moe.slot_row.resize(slots);
  s->moe.slot_expert.resize(slots);
  s->moe.expert_begin.resize(sizes.experts + 1);
  s->moe.input.Reserve(slots, spec.hidden);
  s->moe.gate_input.Reserve(slots, spec.hidden);
  s->moe.activated.Reserve(slots, sizes.expert_ff);
  s->moe.gate = AlignedBuffer<float>(slots * sizes.expert_ff);
  s->moe.up = AlignedBuffer<float>(slots * sizes.expert_ff);
  s->moe.out = AlignedBuffer<float>(slots * spec.hidden);

  for (const RopeSpec& rope : spec.ropes) {
    s->cos.emplace_back(rows * (rope.rotary_dim / 2));
    s->sin.emplace_back(rows * (rope.rotary_dim / 2));
  }
  const int64_t widest =
      std::max({spec.hidden, sizes.mixed, sizes.ff, sizes.expert_ff, sizes.q_lora});
  for (int t = 0; t < s->threads(); ++t) {
    s->factors.emplace_back();
    s->scratch.emplace_back(std::max(sizes.scratch, spec.hidden));
    s->ordered.emplace_back(widest);
    s->mla.inputs.emplace_back(sizes.head_input);
    s->mla.expanded.emplace_back();
    s->mla.expanded_pages.emplace_back();
  }
  s->logit_rows.reserve(s->options.max_logit_rows);
  s->runs.reserve(rows);
}

}  // namespace frugal
