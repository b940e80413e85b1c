#include "model/blocks/moe.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/blocks/ffn.h"

namespace frugal {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

const MoeSpec& Spec(const ForwardState& s, int layer) { return *s.layer_spec(layer).moe(); }
const MoeWeights& WeightsOf(const ForwardState& s, int layer) {
  return std::get<MoeWeights>(s.layer_weights(layer).ffn);
}

void Softmax(std::span<float> x) {
  float largest = kNever;
  for (float v : x) largest = std::max(largest, v);
  float sum = 0.0f;
  for (float& v : x) sum += v = std::exp(v - largest);
  for (float& v : x) v /= sum;
}

// Marks the `count` largest: lowest index first among equals, NaN last.
void TakeLargest(std::span<const float> values, int count, bool* taken) {
  const int n = static_cast<int>(values.size());
  std::fill(taken, taken + n, false);
  for (int i = 0; i < count; ++i) {
    int best = -1;
    for (int e = 0; e < n; ++e) {
      if (taken[e]) continue;
      if (best < 0 || values[e] > values[best] ||
          (std::isnan(values[best]) && !std::isnan(values[e]))) {
        best = e;
      }
    }
    taken[best] = true;
  }
}

float GroupScore(RouterSpec::GroupScore kind, std::span<const float> scores) {
  float first = kNever, second = kNever;
  for (float score : scores) {
    if (score > first) {
      second = first;
      first = score;
    } else if (score > second) {
      second = score;
    }
  }
  return kind == RouterSpec::GroupScore::kMax || scores.size() < 2 ? first : first + second;
}

// Experts of groups outside the best topk_group can no longer be chosen.
void MaskGroups(const RouterSpec& router, std::span<float> scores) {
  const size_t size = scores.size() / router.n_group;
  float groups[kMaxExperts];
  for (int g = 0; g < router.n_group; ++g) {
    groups[g] = GroupScore(router.group_score, scores.subspan(g * size, size));
  }
  bool kept[kMaxExperts];
  TakeLargest({groups, static_cast<size_t>(router.n_group)}, router.topk_group, kept);
  for (int g = 0; g < router.n_group; ++g) {
    if (!kept[g]) std::ranges::fill(scores.subspan(g * size, size), kNever);
  }
}

}  // namespace

bool HasOwnGateInput(const FfnWeights& expert) {
  return expert.gate.exists() && expert.gate.order != expert.up.order;
}

void Route(const MoeSpec& spec, const float* select_bias, std::span<float> logits, int32_t* chosen,
           float* weights) {
  const RouterSpec& router = spec.router;
  if (router.softcap > 0.0f) {
    for (float& x : logits) x = router.softcap * std::tanh(x / router.softcap);
  }
  if (router.score == RouterSpec::Score::kSoftmax) Softmax(logits);
  if (router.score == RouterSpec::Score::kSigmoid) {
    for (float& x : logits) x = 1.0f / (1.0f + std::exp(-x));
  }
  float buffer[kMaxExperts];
  const std::span<float> ranked(buffer, logits.size());
  std::ranges::copy(logits, buffer);
  if (select_bias != nullptr) {
    for (size_t e = 0; e < ranked.size(); ++e) ranked[e] += select_bias[e];
  }
  if (router.n_group > 1) MaskGroups(router, ranked);
  bool taken[kMaxExperts];
  TakeLargest(ranked, spec.top_k, taken);
  int slot = 0;
  for (int e = 0; e < spec.n_experts; ++e) {
    if (!taken[e]) continue;
    chosen[slot] = e;
    weights[slot++] = logits[e];
  }
  const std::span<float> w(weights, spec.top_k);
  if (router.score == RouterSpec::Score::kSoftmaxOverTopK) Softmax(w);
  if (router.renormalize) {
    float sum = 0.0f;
    for (float x : w) sum += x;
    sum = std::max(sum + router.renorm_eps, router.renorm_min);
    for (float& x : w) x /= sum;
  }
  for (float& x : w) x *= router.scale;
}

namespace {

void ScoreExperts(ForwardState& s, int layer, int /*thread*/) {
  const MoeWeights& w = WeightsOf(s, layer);
  const MatmulJob jobs[] = {{&w.router, &s.normed, s.moe.logits.data(), Spec(s, layer).n_experts},
                            {&w.shared_gate, &s.normed, s.moe.shared_gate.data(), 1}};
  RunMatmuls(s, layer, jobs, s.rows());
}

void RouteRange(ForwardState& s, int layer, Range rows) {
  const MoeSpec& spec = Spec(s, layer);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* logits = s.moe.logits.data() + r * spec.n_experts;
    Route(spec, WeightsOf(s, layer).select_bias, {logits, static_cast<size_t>(spec.n_experts)},
          s.moe.chosen.data() + r * spec.top_k, s.moe.weights.data() + r * spec.top_k);
  }
}

// Slots by expert; within one, by row.
void GroupSlots(ForwardState& s, int layer, int thread) {
  if (thread != 0) return;
  const MoeSpec& spec = Spec(s, layer);
  const int64_t pairs = s.rows() * spec.top_k;
  std::vector<int32_t>& begin = s.moe.expert_begin;
  std::fill(begin.begin(), begin.end(), 0);
  for (int64_t i = 0; i < pairs; ++i) ++begin[s.moe.chosen[i] + 1];
  for (int e = 0; e < spec.n_experts; ++e) begin[e + 1] += begin[e];
  for (int64_t i = 0; i < pairs; ++i) {
    const int32_t expert = s.moe.chosen[i];
    const int32_t slot = begin[expert]++;
    s.moe.slot_of[i] = slot;
    s.moe.slot_row[slot] = static_cast<int32_t>(i / spec.top_k);
    s.moe.slot_expert[slot] = expert;
  }
  for (int e = spec.n_experts; e > 0; --e) begin[e] = begin[e - 1];
  begin[0] = 0;
  if (s.batch.routing != nullptr) {
    int moe_layers = 0;
    for (int l = 0; l < layer; ++l) moe_layers += s.layer_spec(l).moe() != nullptr;
    const int64_t width = MaxTopK(s.model.spec);
    for (int64_t i = 0; i < pairs; ++i) {
      const int64_t row = moe_layers * s.rows() + i / spec.top_k;
      s.batch.routing[row * width + i % spec.top_k] = s.moe.chosen[i];
    }
  }
}

// x (k) as the weight reads it: its columns may be in an order of their own.
const float* InOrder(const Linear& linear, const float* x, float* scratch) {
  if (linear.order == nullptr) return x;
  for (int64_t c = 0; c < linear.w.k; ++c) scratch[c] = x[linear.order[c]];
  return scratch;
}

// A slot's input: a copy of its row's, in the order its weight reads.
void GatherSlot(ForwardState& s, int layer, const Linear& linear, int64_t slot, int64_t row,
                ActivationSet* set, float* scratch) {
  const int64_t d = s.model.spec.hidden;
  for (const ActivationSet::Form& form : set->forms) {
    uint8_t* to = set->Row(form, d, slot);
    if (linear.order == nullptr) {
      std::memcpy(to, s.normed.Row(s.normed.Find(layer, form.kind, nullptr), d, row),
                  ActivationRowBytes(form.kind, d));
      continue;
    }
    const ActivationSet::Form& plain = s.normed.Find(layer, ActKind::kF32, nullptr);
    const float* x = reinterpret_cast<const float*>(s.normed.Row(plain, d, row));
    s.kernels.quantize(form.kind, InOrder(linear, x, scratch), d, to);
  }
}

void GatherRange(ForwardState& s, int layer, Range slots, int thread) {
  float* scratch = s.ordered[thread].data();
  for (int64_t i = slots.begin; i < slots.end; ++i) {
    const FfnWeights& expert = WeightsOf(s, layer).experts[s.moe.slot_expert[i]];
    const int64_t row = s.moe.slot_row[i];
    GatherSlot(s, layer, expert.up, i, row, &s.moe.input, scratch);
    if (HasOwnGateInput(expert)) {
      GatherSlot(s, layer, expert.gate, i, row, &s.moe.gate_input, scratch);
    }
  }
}

// For a few rows, waiting for other threads takes longer than the work: one thread does it all.
constexpr int64_t kSerialRows = 4;
bool IsMany(const ForwardState& s) { return s.rows() > kSerialRows; }

void RouteRows(ForwardState& s, int layer, int thread) {
  if (IsMany(s)) return RouteRange(s, layer, s.ThreadRows(thread));
  if (thread != 0) return;
  RouteRange(s, layer, {0, s.rows()});
  GroupSlots(s, layer, thread);
  GatherRange(s, layer, {0, s.rows() * Spec(s, layer).top_k}, thread);
}

void Gather(ForwardState& s, int layer, int thread) {
  const int64_t slots = s.rows() * Spec(s, layer).top_k;
  GatherRange(s, layer, SplitEvenly(slots, thread, s.threads()), thread);
}

// Calls f(expert, first panel, last panel) for parts of the panels of all experts in use, shared
// out to the threads. An expert's panels cost its weights' bytes once and its tokens' products
// each.
template <typename F>
void ForEachExpertPanel(const ForwardState& s, int n_experts, int64_t panels, const F& f) {
  constexpr int64_t kWeightCost = 4;  // tokens' worth of products that reading a weight takes
  const std::vector<int32_t>& begin = s.moe.expert_begin;
  const auto cost = [&](int e) {
    return begin[e + 1] == begin[e] ? 0 : kWeightCost + begin[e + 1] - begin[e];
  };
  int64_t total = 0;
  for (int e = 0; e < n_experts; ++e) total += cost(e) * panels;
  s.team.ShareOut(total, 2 * kLeastPanelPairs * (kWeightCost + 1), [&](Range part) {
    int64_t at = 0;
    for (int e = 0; e < n_experts && at < part.end; ++e) {
      const int64_t each = cost(e);
      if (each == 0) continue;
      // The panels whose start lies in this part.
      const auto panel_of = [&](int64_t place) {
        return std::clamp<int64_t>((place - at + each - 1) / each, 0, panels);
      };
      const int64_t first = panel_of(part.begin);
      const int64_t last = panel_of(part.end);
      if (first < last) f(e, first, last);
      at += each * panels;
    }
  });
}

void ExpertProduct(const ForwardState& s, int layer, int expert, const Linear& linear,
                   const ActivationSet& x, int64_t first_panel, int64_t last_panel, float* y) {
  const int64_t first = s.moe.expert_begin[expert];
  const int64_t m = s.moe.expert_begin[expert + 1] - first;
  Linear ordered = linear;  // the slots' inputs are in the expert's order already
  ordered.order = nullptr;
  s.kernels.matmul(linear.w, x.View(layer, ordered, s.options.exact, first, m), linear.bias,
                   first_panel, last_panel, y + first * linear.w.n, linear.w.n);
}

void ExpertsGateUp(ForwardState& s, int layer, int /*thread*/) {
  const MoeSpec& spec = Spec(s, layer);
  const MoeWeights& w = WeightsOf(s, layer);
  ForEachExpertPanel(
      s, spec.n_experts, w.experts[0].up.w.panels(), [&](int e, int64_t first, int64_t last) {
        const FfnWeights& expert = w.experts[e];
        if (expert.gate.exists()) {
          const ActivationSet& input = HasOwnGateInput(expert) ? s.moe.gate_input : s.moe.input;
          ExpertProduct(s, layer, e, expert.gate, input, first, last, s.moe.gate.data());
        }
        ExpertProduct(s, layer, e, expert.up, s.moe.input, first, last, s.moe.up.data());
      });
}

void ExpertsActivate(ForwardState& s, int layer, int thread) {
  const MoeSpec& spec = Spec(s, layer);
  const int64_t f = spec.expert.d_ff;
  const Range slots = SplitEvenly(s.rows() * spec.top_k, thread, s.threads());
  for (int64_t i = slots.begin; i < slots.end; ++i) {
    float* gate = s.moe.gate.data() + i * f;
    const FfnWeights& expert = WeightsOf(s, layer).experts[s.moe.slot_expert[i]];
    Activate(s.kernels, spec.expert, expert, s.moe.up.data() + i * f, f, gate);
    s.moe.activated.Store(s.kernels, layer, InOrder(expert.down, gate, s.ordered[thread].data()), f,
                          i, nullptr);
  }
}

void ExpertsDown(ForwardState& s, int layer, int /*thread*/) {
  const MoeWeights& w = WeightsOf(s, layer);
  ForEachExpertPanel(s, Spec(s, layer).n_experts, w.experts[0].down.w.panels(),
                     [&](int e, int64_t first, int64_t last) {
                       ExpertProduct(s, layer, e, w.experts[e].down, s.moe.activated, first, last,
                                     s.moe.out.data());
                     });
}

void Combine(ForwardState& s, int layer, int thread) {
  const MoeSpec& spec = Spec(s, layer);
  const int64_t d = s.model.spec.hidden;
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* delta = s.delta.data() + r * d;
    if (!spec.shared) std::memset(delta, 0, d * sizeof(float));
    if (spec.shared_gate) {
      const float factor = 1.0f / (1.0f + std::exp(-s.moe.shared_gate[r]));
      for (int64_t i = 0; i < d; ++i) delta[i] *= factor;
    }
    for (int64_t i = r * spec.top_k; i < (r + 1) * spec.top_k; ++i) {
      s.kernels.axpy(s.moe.weights[i], s.moe.out.data() + s.moe.slot_of[i] * d, d, delta);
    }
    if (spec.combine_scale != 1.0f) {
      for (int64_t i = 0; i < d; ++i) delta[i] *= spec.combine_scale;
    }
  }
}

}  // namespace

void AppendMoeSteps(int layer, bool shared, std::vector<Step>* steps) {
  steps->push_back({ScoreExperts, layer});
  steps->push_back({RouteRows, layer});
  steps->push_back({GroupSlots, layer, IsMany});
  steps->push_back({Gather, layer, IsMany});
  if (shared) AppendFfnSteps(layer, steps);
  for (StepFn step : {ExpertsGateUp, ExpertsActivate, ExpertsDown, Combine}) {
    steps->push_back({step, layer});
  }
}

}  // namespace frugal
