#include "model/spec_difference.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace frugal {
namespace {

// Keeps the first difference.
struct Comparison {
  const ModelSpec& a;
  const ModelSpec& b;
  std::string where;  // "layer 3: "
  std::string found;

  void Note(const char* name, const std::string& left, const std::string& right) {
    if (found.empty()) found = fmt::format("{}{}: {}, not {}", where, name, left, right);
  }
  void Int(const char* name, int64_t left, int64_t right) {
    if (left != right) Note(name, std::to_string(left), std::to_string(right));
  }
  void Flag(const char* name, bool left, bool right) {
    if (left != right) Note(name, left ? "yes" : "no", right ? "yes" : "no");
  }
  // Files hold float32 of what a configuration says in decimal.
  void Real(const char* name, double left, double right) {
    const double bound = 1e-6 * std::max({std::abs(left), std::abs(right), 1e-6});
    if (!(std::abs(left - right) <= bound)) {
      Note(name, fmt::format("{}", left), fmt::format("{}", right));
    }
  }
};

void CompareRope(Comparison& c, const RopeSpec& a, const RopeSpec& b) {
  c.Int("rotary dimension", a.rotary_dim, b.rotary_dim);
  if (!c.found.empty()) return;
  // Dynamic scaling changes with the length.
  for (const int64_t length : {int64_t{1}, 4 * std::max(a.max_position, b.max_position)}) {
    std::vector<float> left(a.rotary_dim / 2);
    std::vector<float> right(b.rotary_dim / 2);
    float left_scale = 0.0f;
    float right_scale = 0.0f;
    RopeInvFreq(a, length, left.data(), &left_scale);
    RopeInvFreq(b, length, right.data(), &right_scale);
    c.Real("factor of the rope's cosines", left_scale, right_scale);
    for (size_t i = 0; i < left.size(); ++i) {
      if (!(std::abs(left[i] - right[i]) <= 2e-6f * std::abs(left[i]))) {
        c.Note(fmt::format("rope frequency {} (sequences of {})", i, length).c_str(),
               fmt::format("{}", left[i]), fmt::format("{}", right[i]));
      }
    }
  }
}

void CompareRopes(Comparison& c, int a, int b) {
  c.Flag("rope", a >= 0, b >= 0);
  if (a >= 0 && b >= 0) CompareRope(c, c.a.ropes[a], c.b.ropes[b]);
}

void Compare(Comparison& c, const GqaSpec& a, const GqaSpec& b) {
  c.Int("attention heads", a.n_heads, b.n_heads);
  c.Int("key-value heads", a.n_kv_heads, b.n_kv_heads);
  c.Int("head dimension", a.head_dim, b.head_dim);
  c.Flag("bias of Q", a.q_bias, b.q_bias);
  c.Flag("bias of K", a.k_bias, b.k_bias);
  c.Flag("bias of V", a.v_bias, b.v_bias);
  c.Flag("bias of the attention's output", a.o_bias, b.o_bias);
  c.Int("kind of norm on Q and K", static_cast<int>(a.qk_norm), static_cast<int>(b.qk_norm));
  c.Int("window", a.window, b.window);
  c.Real("attention scale", a.scale, b.scale);
  c.Real("cap of the attention's logits", a.logit_cap, b.logit_cap);
  c.Flag("attention sinks", a.sinks, b.sinks);
  c.Flag("gate of the attention's output", a.output_gate, b.output_gate);
  c.Int("factor of queries by position", static_cast<int>(a.q_scale.kind),
        static_cast<int>(b.q_scale.kind));
  c.Real("beta of that factor", a.q_scale.beta, b.q_scale.beta);
  c.Int("length of that factor", a.q_scale.length, b.q_scale.length);
  c.Int("layer whose keys and values are used", a.kv_layer, b.kv_layer);
  CompareRopes(c, a.rope, b.rope);
}

void Compare(Comparison& c, const MlaSpec& a, const MlaSpec& b) {
  c.Int("attention heads", a.n_heads, b.n_heads);
  c.Int("q_lora_rank", a.q_lora_rank, b.q_lora_rank);
  c.Int("kv_lora_rank", a.kv_lora_rank, b.kv_lora_rank);
  c.Int("qk_nope_head_dim", a.qk_nope_head_dim, b.qk_nope_head_dim);
  c.Int("qk_rope_head_dim", a.qk_rope_head_dim, b.qk_rope_head_dim);
  c.Int("v_head_dim", a.v_head_dim, b.v_head_dim);
  c.Flag("attention bias", a.bias, b.bias);
  c.Real("attention scale", a.scale, b.scale);
  CompareRopes(c, a.rope, b.rope);
}

void Compare(Comparison& c, const GatedDeltaSpec& a, const GatedDeltaSpec& b) {
  c.Int("linear attention's key heads", a.n_k_heads, b.n_k_heads);
  c.Int("linear attention's value heads", a.n_v_heads, b.n_v_heads);
  c.Int("linear attention's key dimension", a.k_head_dim, b.k_head_dim);
  c.Int("linear attention's value dimension", a.v_head_dim, b.v_head_dim);
  c.Int("convolution width", a.conv_kernel, b.conv_kernel);
}

void Compare(Comparison& c, const LightningSpec& a, const LightningSpec& b) {
  c.Int("linear attention's heads", a.n_heads, b.n_heads);
  c.Int("linear attention's head dimension", a.head_dim, b.head_dim);
  for (size_t h = 0; h < std::min(a.decay.size(), b.decay.size()); ++h) {
    c.Real("linear attention's decay", a.decay[h], b.decay[h]);
  }
}

void Compare(Comparison& c, const FfnSpec& a, const FfnSpec& b) {
  c.Int("width of the FFN", a.d_ff, b.d_ff);
  c.Int("activation of the FFN", static_cast<int>(a.activation), static_cast<int>(b.activation));
  c.Flag("bias of the FFN", a.bias, b.bias);
}

void Compare(Comparison& c, const RouterSpec& a, const RouterSpec& b) {
  c.Int("score of the router", static_cast<int>(a.score), static_cast<int>(b.score));
  c.Flag("bias of the router", a.logit_bias, b.logit_bias);
  c.Real("cap of the router's logits", a.softcap, b.softcap);
  c.Flag("correction of the router's choice", a.select_bias, b.select_bias);
  c.Int("groups of experts", a.n_group, b.n_group);
  if (a.n_group > 1) {
    c.Int("groups of experts kept", a.topk_group, b.topk_group);
    c.Int("score of a group of experts", static_cast<int>(a.group_score),
          static_cast<int>(b.group_score));
  }
  c.Flag("renormalised weights of experts", a.renormalize, b.renormalize);
  if (a.renormalize) {
    c.Real("renorm_eps", a.renorm_eps, b.renorm_eps);
    c.Real("renorm_min", a.renorm_min, b.renorm_min);
  }
  c.Real("scale of the experts' weights", a.scale, b.scale);
}

void Compare(Comparison& c, const MoeSpec& a, const MoeSpec& b) {
  c.Int("experts", a.n_experts, b.n_experts);
  c.Int("experts per token", a.top_k, b.top_k);
  Compare(c, a.expert, b.expert);
  Compare(c, a.router, b.router);
  c.Flag("shared expert", a.shared.has_value(), b.shared.has_value());
  if (a.shared && b.shared) Compare(c, *a.shared, *b.shared);
  c.Flag("gate of the shared expert", a.shared_gate, b.shared_gate);
  c.Real("factor of the experts' sum", a.combine_scale, b.combine_scale);
}

void Compare(Comparison& c, const ResidualSpec& a, const ResidualSpec& b) {
  c.Real("factor of the residual", a.skip, b.skip);
  c.Real("factor of the branch", a.branch, b.branch);
  c.Flag("residual of the norm", a.normed, b.normed);
}

template <typename Variant>
void CompareKinds(Comparison& c, const char* name, const Variant& a, const Variant& b) {
  c.Int(name, static_cast<int64_t>(a.index()), static_cast<int64_t>(b.index()));
  if (a.index() != b.index()) return;
  std::visit([&](const auto& left) { Compare(c, left, std::get<std::decay_t<decltype(left)>>(b)); },
             a);
}

void Compare(Comparison& c, const LayerSpec& a, const LayerSpec& b) {
  CompareKinds(c, "kind of attention", a.mixer, b.mixer);
  CompareKinds(c, "kind of FFN", a.ffn, b.ffn);
  c.Flag("norm after the attention", a.post_mixer_norm, b.post_mixer_norm);
  c.Flag("norm after the FFN", a.post_ffn_norm, b.post_ffn_norm);
  Compare(c, a.mixer_residual, b.mixer_residual);
  Compare(c, a.ffn_residual, b.ffn_residual);
}

}  // namespace

std::string SpecDifference(const ModelSpec& a, const ModelSpec& b) {
  Comparison c{.a = a, .b = b, .where = {}, .found = {}};
  c.Int("hidden size", a.hidden, b.hidden);
  c.Int("vocabulary", a.vocab, b.vocab);
  c.Int("layers", a.n_layers(), b.n_layers());
  c.Int("multi-token prediction layers", static_cast<int64_t>(a.mtp_layers.size()),
        static_cast<int64_t>(b.mtp_layers.size()));
  c.Real("epsilon of the norms", a.norm_eps, b.norm_eps);
  c.Flag("tied embedding", a.tied_embedding, b.tied_embedding);
  c.Real("factor of the embedding", a.embedding_scale, b.embedding_scale);
  c.Real("factor of the logits", a.logit_scale, b.logit_scale);
  c.Real("cap of the logits", a.logit_cap, b.logit_cap);
  const int layers = a.n_layers() + static_cast<int>(a.mtp_layers.size());
  for (int l = 0; c.found.empty() && l < layers; ++l) {
    c.where = fmt::format("layer {}: ", l);
    Compare(c, a.layer(l), b.layer(l));
  }
  return c.found;
}

}  // namespace frugal
