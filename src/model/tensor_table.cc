#include "model/tensor_table.h"

#include <fmt/core.h>

namespace frugal {
namespace {

// Appends the tensors of one layer, completing both names' prefixes.
struct LayerRows {
  int layer;
  std::vector<TensorDesc>* table;

  void Add(Role role, const char* gguf, const char* hf, Shape shape) const {
    table->push_back({.role = role,
                      .layer = layer,
                      .gguf_name = fmt::format("blk.{}.{}", layer, gguf),
                      .hf_name = fmt::format("model.layers.{}.{}", layer, hf),
                      .shape = std::move(shape)});
  }
};

}  // namespace

void AddModelTensors(const ModelSpec& spec, std::vector<TensorDesc>* table) {
  const int64_t d = spec.hidden;
  table->push_back({.role = Role::kEmbedding,
                    .gguf_name = "token_embd.weight",
                    .hf_name = "model.embed_tokens.weight",
                    .shape = {spec.vocab, d}});
  table->push_back({.role = Role::kOutputNorm,
                    .gguf_name = "output_norm.weight",
                    .hf_name = "model.norm.weight",
                    .shape = {d}});
  if (!spec.tied_embedding) {
    table->push_back({.role = Role::kOutput,
                      .gguf_name = "output.weight",
                      .hf_name = "lm_head.weight",
                      .shape = {spec.vocab, d}});
  }
  table->push_back({.role = Role::kRopeFactors,
                    .gguf_name = "rope_freqs.weight",
                    .shape = {spec.ropes[0].rotary_dim / 2},
                    .required = false});
}

void AddGqaTensors(const ModelSpec& spec, int layer, std::vector<TensorDesc>* table) {
  const GqaSpec& gqa = spec.layers[layer].gqa;
  const int64_t d = spec.hidden;
  const LayerRows rows{layer, table};
  rows.Add(Role::kAttnNorm, "attn_norm.weight", "input_layernorm.weight", {d});
  rows.Add(Role::kAttnQ, "attn_q.weight", "self_attn.q_proj.weight", {gqa.q_dim(), d});
  rows.Add(Role::kAttnK, "attn_k.weight", "self_attn.k_proj.weight", {gqa.kv_dim(), d});
  rows.Add(Role::kAttnV, "attn_v.weight", "self_attn.v_proj.weight", {gqa.kv_dim(), d});
  rows.Add(Role::kAttnO, "attn_output.weight", "self_attn.o_proj.weight", {d, gqa.q_dim()});
  if (gqa.q_bias) {
    rows.Add(Role::kAttnQBias, "attn_q.bias", "self_attn.q_proj.bias", {gqa.q_dim()});
  }
  if (gqa.k_bias) {
    rows.Add(Role::kAttnKBias, "attn_k.bias", "self_attn.k_proj.bias", {gqa.kv_dim()});
  }
  if (gqa.v_bias) {
    rows.Add(Role::kAttnVBias, "attn_v.bias", "self_attn.v_proj.bias", {gqa.kv_dim()});
  }
  if (gqa.o_bias) rows.Add(Role::kAttnOBias, "attn_output.bias", "self_attn.o_proj.bias", {d});
  if (gqa.qk_norm == QkNorm::kHeadPreRope) {
    rows.Add(Role::kAttnQNorm, "attn_q_norm.weight", "self_attn.q_norm.weight", {gqa.head_dim});
    rows.Add(Role::kAttnKNorm, "attn_k_norm.weight", "self_attn.k_norm.weight", {gqa.head_dim});
  }
}

void AddGluTensors(const ModelSpec& spec, int layer, std::vector<TensorDesc>* table) {
  const GluSpec& glu = spec.layers[layer].glu;
  const int64_t d = spec.hidden;
  const int64_t f = glu.d_ff;
  const LayerRows rows{layer, table};
  rows.Add(Role::kFfnNorm, "ffn_norm.weight", "post_attention_layernorm.weight", {d});
  rows.Add(Role::kFfnGate, "ffn_gate.weight", "mlp.gate_proj.weight", {f, d});
  rows.Add(Role::kFfnUp, "ffn_up.weight", "mlp.up_proj.weight", {f, d});
  rows.Add(Role::kFfnDown, "ffn_down.weight", "mlp.down_proj.weight", {d, f});
  if (glu.bias) {
    rows.Add(Role::kFfnGateBias, "ffn_gate.bias", "mlp.gate_proj.bias", {f});
    rows.Add(Role::kFfnUpBias, "ffn_up.bias", "mlp.up_proj.bias", {f});
    rows.Add(Role::kFfnDownBias, "ffn_down.bias", "mlp.down_proj.bias", {d});
  }
}

std::vector<TensorDesc> DecoderTensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int layer = 0; layer < spec.n_layers(); ++layer) {
    AddGqaTensors(spec, layer, &table);
    AddGluTensors(spec, layer, &table);
  }
  return table;
}

int64_t CountParameters(const std::vector<TensorDesc>& table) {
  int64_t total = 0;
  for (const TensorDesc& tensor : table) {
    if (!tensor.hf_name.empty()) total += NumElements(tensor.shape);
  }
  return total;
}

}  // namespace frugal
