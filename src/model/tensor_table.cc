#include "model/tensor_table.h"

#include <fmt/core.h>

#include <variant>

namespace frugal {
namespace {

std::string Weight(const char* name) { return std::string(name) + ".weight"; }

void Complete(const std::string& prefix, std::string* name) {
  if (name->empty()) return;
  *name = name->front() == '/' ? name->substr(1) : prefix + *name;
}

RowSelect Rows(int64_t total, int64_t begin, int64_t count) { return {1, total, begin, count}; }

// gate, up and down, each (rows…, out, in) under `experts` leading dimensions.
struct GluRoles {
  Role gate, up, down, gate_bias, up_bias, down_bias;
};

void AddGlu(const LayerTable& t, const FfnSpec& ffn, const GluRoles& roles, const char* gguf_suffix,
            const GluNames& names, int64_t experts) {
  const int64_t d = t.spec.hidden;
  const int64_t f = ffn.d_ff;
  const auto shape = [&](std::initializer_list<int64_t> dims) {
    Shape s;
    if (experts > 0) s.push_back(experts);
    s.insert(s.end(), dims);
    return s;
  };
  const auto gguf = [&](const char* stem, const char* kind) {
    return fmt::format("ffn_{}{}.{}", stem, gguf_suffix, kind);
  };
  const auto add = [&](Role role, const char* stem, const char* kind, const char* hf,
                       RowSelect rows, Shape dims) {
    TensorDesc& desc =
        t.Add(role, gguf(stem, kind), StoredName(fmt::format("{}.{}", hf, kind), rows), dims);
    desc.hf.transposed = names.transposed && std::string_view(kind) == "weight";
  };
  const bool fused = names.gate_up != nullptr;
  const auto half = [&](int which) {
    if (!fused) return RowSelect{};
    return names.interleaved ? RowSelect{f, 2, which, 1} : Rows(2 * f, which * f, f);
  };
  const RowSelect gate_rows = half(0);
  const RowSelect up_rows = half(1);
  const char* gate = fused ? names.gate_up : names.gate;
  const char* up = fused ? names.gate_up : names.up;
  if (ffn.gated()) add(roles.gate, "gate", "weight", gate, gate_rows, shape({f, d}));
  add(roles.up, "up", "weight", up, up_rows, shape({f, d}));
  add(roles.down, "down", "weight", names.down, {}, shape({d, f}));
  if (!ffn.bias) return;
  if (ffn.gated()) add(roles.gate_bias, "gate", "bias", gate, gate_rows, shape({f}));
  add(roles.up_bias, "up", "bias", up, up_rows, shape({f}));
  add(roles.down_bias, "down", "bias", names.down, {}, shape({d}));
}

constexpr GluRoles kDense = {Role::kFfnGate,     Role::kFfnUp,     Role::kFfnDown,
                             Role::kFfnGateBias, Role::kFfnUpBias, Role::kFfnDownBias};
constexpr GluRoles kExpert = {Role::kExpertGate,     Role::kExpertUp,     Role::kExpertDown,
                              Role::kExpertGateBias, Role::kExpertUpBias, Role::kExpertDownBias};
constexpr GluRoles kShared = {Role::kSharedGate,     Role::kSharedUp,     Role::kSharedDown,
                              Role::kSharedGateBias, Role::kSharedUpBias, Role::kSharedDownBias};

}  // namespace

LayerTable::LayerTable(const ModelSpec& model, int index, std::vector<TensorDesc>* out,
                       const char* hf_layers)
    : spec(model), layer(index), hf_prefix(fmt::format("{}{}.", hf_layers, index)), table(out) {}

TensorDesc& LayerTable::Add(Role role, StoredName gguf, StoredName hf, Shape shape) const {
  Complete(fmt::format("blk.{}.", layer), &gguf.name);
  Complete(hf_prefix, &hf.name);
  table->push_back({.role = role,
                    .layer = layer,
                    .gguf = std::move(gguf),
                    .hf = std::move(hf),
                    .shape = std::move(shape)});
  return table->back();
}

void LayerTable::Norm(Role role, StoredName gguf, StoredName hf, int64_t n) const {
  TensorDesc& desc = Add(role, std::move(gguf), std::move(hf), {n});
  if (spec.norm_plus_one) desc.hf_load = Load::kPlusOne;
}

void AddModelTensors(const ModelSpec& spec, std::vector<TensorDesc>* table,
                     const ModelNames& names) {
  const int64_t d = spec.hidden;
  table->push_back({.role = Role::kEmbedding,
                    .gguf = "token_embd.weight",
                    .hf = names.embedding,
                    .shape = {spec.vocab, d}});
  table->push_back({.role = Role::kOutputNorm,
                    .gguf = "output_norm.weight",
                    .hf = names.norm,
                    .shape = {d},
                    .hf_load = spec.norm_plus_one ? Load::kPlusOne : Load::kAsIs});
  if (!spec.tied_embedding) {
    table->push_back({.role = Role::kOutput,
                      .gguf = "output.weight",
                      .hf = names.output,
                      .shape = {spec.vocab, d}});
  }
  if (spec.output_bias) {
    table->push_back({.role = Role::kOutputBias,
                      .gguf = "output.bias",
                      .hf = "lm_head.bias",
                      .shape = {spec.vocab}});
  }
  if (!spec.ropes.empty()) {
    table->push_back({.role = Role::kRopeFactors,
                      .gguf = "rope_freqs.weight",
                      .shape = {spec.ropes[0].rotary_dim / 2},
                      .required = false});
  }
}

void AddGqaTensors(const LayerTable& t, const GqaNames& names) {
  const GqaSpec& gqa = t.spec.layer(t.layer).gqa();
  const int64_t d = t.spec.hidden;
  const int64_t q = gqa.q_dim();
  const int64_t kv = gqa.kv_dim();
  const int64_t own_kv = gqa.kv_layer >= 0 ? 0 : kv;
  t.Norm(Role::kMixerNorm, "attn_norm.weight", names.norm, d);
  const auto add = [&](Role role, const char* stem, const char* kind, const char* hf, int64_t begin,
                       Shape shape) {
    const RowSelect rows = Rows(q + 2 * own_kv, begin, shape[0]);
    const auto stored = [&](const char* own, const char* fused) {
      const bool in_one = fused != nullptr && role != Role::kAttnO && role != Role::kAttnOBias;
      return StoredName(fmt::format("{}.{}", in_one ? fused : own, kind),
                        in_one ? rows : RowSelect{});
    };
    TensorDesc& desc = t.Add(role, stored(stem, names.gguf_qkv), stored(hf, names.qkv), shape);
    desc.hf.transposed = names.transposed && std::string_view(kind) == "weight";
  };
  // With an output gate each head's rows of q_proj are followed by its gate's.
  if (gqa.output_gate) {
    const int64_t D = gqa.head_dim;
    for (const bool gate : {false, true}) {
      const RowSelect rows = {gqa.n_heads, 2 * D, gate ? D : 0, D};
      t.Add(gate ? Role::kAttnGate : Role::kAttnQ, StoredName("attn_q.weight", rows),
            StoredName(Weight(names.q), rows), {q, d});
    }
  } else {
    add(Role::kAttnQ, "attn_q", "weight", names.q, 0, {q, d});
  }
  if (own_kv > 0) {
    add(Role::kAttnK, "attn_k", "weight", names.k, q, {kv, d});
    add(Role::kAttnV, "attn_v", "weight", names.v, q + kv, {kv, d});
  }
  add(Role::kAttnO, "attn_output", "weight", names.o, 0, {d, q});
  if (gqa.q_bias) add(Role::kAttnQBias, "attn_q", "bias", names.q, 0, {q});
  if (gqa.k_bias && own_kv > 0) add(Role::kAttnKBias, "attn_k", "bias", names.k, q, {kv});
  if (gqa.v_bias && own_kv > 0) add(Role::kAttnVBias, "attn_v", "bias", names.v, q + kv, {kv});
  if (gqa.o_bias) add(Role::kAttnOBias, "attn_output", "bias", names.o, 0, {d});
  if (gqa.qk_norm != QkNorm::kNone) {
    const bool full = gqa.qk_norm == QkNorm::kFullPreRope;
    t.Norm(Role::kAttnQNorm, "attn_q_norm.weight", names.q_norm, full ? q : gqa.head_dim);
    if (own_kv > 0 || gqa.k_norm_on_q) {
      t.Norm(Role::kAttnKNorm, "attn_k_norm.weight", names.k_norm, full ? kv : gqa.head_dim);
    }
  }
  if (gqa.sinks) t.Add(Role::kAttnSinks, "attn_sinks.weight", names.sinks, {gqa.n_heads});
}

void AddMlaTensors(const LayerTable& t) {
  const MlaSpec& mla = *t.spec.layer(t.layer).mla();
  const int64_t d = t.spec.hidden;
  const int64_t h = mla.n_heads;
  const int64_t q = h * mla.qk_head_dim();
  const int64_t nope = mla.qk_nope_head_dim;
  const int64_t v = mla.v_head_dim;
  const int64_t rank = mla.kv_lora_rank;
  t.Norm(Role::kMixerNorm, "attn_norm.weight", "input_layernorm.weight", d);
  if (mla.q_lora_rank > 0) {
    t.Add(Role::kMlaQA, "attn_q_a.weight", "self_attn.q_a_proj.weight", {mla.q_lora_rank, d});
    t.Norm(Role::kMlaQANorm, "attn_q_a_norm.weight", "self_attn.q_a_layernorm.weight",
           mla.q_lora_rank);
    t.Add(Role::kMlaQB, "attn_q_b.weight", "self_attn.q_b_proj.weight", {q, mla.q_lora_rank});
  } else {
    t.Add(Role::kAttnQ, "attn_q.weight", "self_attn.q_proj.weight", {q, d});
  }
  t.Add(Role::kMlaKvA, "attn_kv_a_mqa.weight", "self_attn.kv_a_proj_with_mqa.weight",
        {mla.latent_dim(), d});
  t.Norm(Role::kMlaKvANorm, "attn_kv_a_norm.weight", "self_attn.kv_a_layernorm.weight", rank);
  const auto half = [&](int64_t begin, int64_t count) {
    return RowSelect{h, nope + v, begin, count};
  };
  const char* kv_b = "self_attn.kv_b_proj.weight";
  if (mla.split_kv_b) {
    t.Add(Role::kMlaKBTransposed, "attn_k_b.weight", {}, {h, rank, nope});
    t.Add(Role::kMlaVB, "attn_v_b.weight", {}, {h, v, rank});
  } else {
    t.Add(Role::kMlaKB, StoredName("attn_kv_b.weight", half(0, nope)),
          StoredName(kv_b, half(0, nope)), {h * nope, rank});
    t.Add(Role::kMlaVB, StoredName("attn_kv_b.weight", half(nope, v)),
          StoredName(kv_b, half(nope, v)), {h * v, rank});
  }
  t.Add(Role::kAttnO, "attn_output.weight", "self_attn.o_proj.weight", {d, h * v});
  if (mla.bias) {
    if (mla.q_lora_rank > 0) {
      t.Add(Role::kMlaQABias, "attn_q_a.bias", "self_attn.q_a_proj.bias", {mla.q_lora_rank});
    }
    t.Add(Role::kMlaKvABias, "attn_kv_a_mqa.bias", "self_attn.kv_a_proj_with_mqa.bias",
          {mla.latent_dim()});
    t.Add(Role::kAttnOBias, "attn_output.bias", "self_attn.o_proj.bias", {d});
  }
}

void AddFfnNorm(const LayerTable& t, const char* hf) {
  t.Norm(Role::kFfnNorm, "ffn_norm.weight", hf, t.spec.hidden);
}

void AddGluTensors(const LayerTable& t, const GluNames& names) {
  AddGlu(t, t.spec.layer(t.layer).glu(), kDense, "", names, 0);
}

void AddMoeTensors(const LayerTable& t, const MoeNames& names) {
  const MoeSpec& moe = *t.spec.layer(t.layer).moe();
  const int64_t d = t.spec.hidden;
  t.Add(Role::kRouter, "ffn_gate_inp.weight", names.router, {moe.n_experts, d});
  if (moe.router.logit_bias) {
    t.Add(Role::kRouterBias, "ffn_gate_inp.bias", names.router_bias, {moe.n_experts});
  }
  if (moe.router.select_bias) {
    t.Add(Role::kRouterSelectBias, "exp_probs_b.bias", names.select_bias, {moe.n_experts});
  }
  AddGlu(t, moe.expert, kExpert, "_exps", names.expert, moe.n_experts);
  if (moe.shared) AddGlu(t, *moe.shared, kShared, names.gguf_shared, names.shared, 0);
  if (moe.shared_gate) {
    t.Add(Role::kSharedExpertGate, "ffn_gate_inp_shexp.weight", names.shared_gate, {1, d});
  }
}

void AddFfnTensors(const LayerTable& t, const GluNames& glu, const MoeNames& moe) {
  if (t.spec.layer(t.layer).moe() != nullptr) {
    AddMoeTensors(t, moe);
  } else {
    AddGluTensors(t, glu);
  }
}

void AddMtpTensors(const LayerTable& t, const char* gguf_norm, const char* hf_norm) {
  const int64_t d = t.spec.hidden;
  t.Norm(Role::kMtpTokenNorm, "nextn.enorm.weight", "enorm.weight", d);
  t.Norm(Role::kMtpHiddenNorm, "nextn.hnorm.weight", "hnorm.weight", d);
  t.Add(Role::kMtpProjection, "nextn.eh_proj.weight", "eh_proj.weight", {d, 2 * d});
  t.Norm(Role::kMtpNorm, gguf_norm, hf_norm, d);
  // Copies of the model's own, which not every export repeats.
  t.Add(Role::kMtpEmbedding, "nextn.embed_tokens.weight", "embed_tokens.weight", {t.spec.vocab, d})
      .required = false;
  t.Add(Role::kMtpOutput, "nextn.shared_head_head.weight", "shared_head.head.weight",
        {t.spec.vocab, d})
      .required = false;
}

std::vector<TensorDesc> DecoderTensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer);
    AddFfnNorm(layer);
    AddFfnTensors(layer);
  }
  return table;
}

int64_t CountParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table) {
  int64_t total = 0;
  for (const TensorDesc& tensor : table) {
    if (!tensor.hf.name.empty() && tensor.layer < spec.n_layers()) {
      total += NumElements(tensor.shape);
    }
  }
  return total;
}

int64_t CountActiveParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table) {
  int64_t total = CountParameters(spec, table);
  for (const TensorDesc& tensor : table) {
    if (tensor.layer >= spec.n_layers() || !IsPerExpert(tensor.role)) continue;
    const MoeSpec& moe = *spec.layer(tensor.layer).moe();
    total -= NumElements(tensor.shape) / moe.n_experts * (moe.n_experts - moe.top_k);
  }
  return total;
}

}  // namespace frugal
