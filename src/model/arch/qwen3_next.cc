// Qwen3-Next: three layers of gated delta net to one of gated attention, experts everywhere with
// a gated shared one; norms multiply with 1 + w.
// Reference: transformers models/qwen3_next/modeling_qwen3_next.py.
#include <algorithm>

#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

constexpr int64_t kMaxDim = 1 << 16;

GatedDeltaSpec ReadDelta(ConfigReader& config) {
  const auto dim = [&](const char* hf, const char* gguf) {
    return static_cast<int>(config.Int({hf, gguf}, 1, kMaxDim));
  };
  GatedDeltaSpec delta = {.n_k_heads = dim("linear_num_key_heads", "ssm.group_count"),
                          .n_v_heads = dim("linear_num_value_heads", "ssm.time_step_rank"),
                          .k_head_dim = dim("linear_key_head_dim", "ssm.state_size"),
                          .conv_kernel = dim("linear_conv_kernel_dim", "ssm.conv_kernel")};
  // GGUF has the width of all value heads together.
  delta.v_head_dim = config.gguf()
                         ? static_cast<int>(config.Int({"", "ssm.inner_size"}, delta.n_v_heads,
                                                       int64_t{kMaxDim} * delta.n_v_heads) /
                                            delta.n_v_heads)
                         : dim("linear_value_head_dim", "");
  return delta;
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "qwen3_next", /*default_head_dim=*/256);
  spec.norm_plus_one = true;
  const int head_dim = spec.layers[0].gqa().head_dim;
  spec.ropes.push_back(ReadRope(config, spec, ReadRotaryDim(config, head_dim, 0.25)));
  const bool bias = config.BoolOr({"attention_bias", ""}, false);
  if (bias) ExpectBool(config, "attention_bias", false);

  const GatedDeltaSpec delta = ReadDelta(config);
  std::vector<bool> linear = ReadLayerTypes(config, spec, "linear_attention", "full_attention");
  const int64_t interval =
      config.IntOr({"full_attention_interval", "full_attention_interval"}, 1, kMaxDim, 4);
  for (int l = static_cast<int>(linear.size()); l < spec.n_layers(); ++l) {
    linear.push_back((l + 1) % interval != 0);
  }

  MoeSpec moe = ReadExperts(config, {.renormalize = config.BoolOr({"norm_topk_prob", ""}, true)},
                            {.n_experts = "num_experts"});
  moe.shared = FfnSpec{
      .d_ff = config.Int({"shared_expert_intermediate_size", "expert_shared_feed_forward_length"},
                         1, 1 << 20)};
  moe.shared_gate = true;
  const int64_t step = config.IntOr({"decoder_sparse_step", ""}, 1, kMaxDim, 1);
  const std::vector<int64_t> dense = config.IntsOr({"mlp_only_layers", ""});
  for (int l = 0; l < spec.n_layers(); ++l) {
    LayerSpec& layer = spec.layers[l];
    layer.gqa().qk_norm = QkNorm::kHeadPreRope;
    layer.gqa().output_gate = true;
    if (linear[l]) layer.mixer = delta;
    if ((l + 1) % step == 0 && std::ranges::find(dense, l) == dense.end()) layer.ffn = moe;
  }
  config.Ignore({"router_aux_loss_coef", ""});
  spec.unused_tensors = {"mtp.*"};  // which no published code runs
  return spec;
}

// The fused projections hold, key head by key head, its rows of q and k and its value heads' rows
// of v and z (of b and a). GGUF has q, k and v behind each other, z apart, and the rest alike.
void AddDeltaTensors(const LayerTable& t, const GatedDeltaSpec& delta) {
  const int64_t d = t.spec.hidden;
  const int64_t heads = delta.n_k_heads;
  const int64_t k = delta.k_head_dim;
  const int64_t per_key = delta.n_v_heads / heads;
  const int64_t v = per_key * delta.v_head_dim;
  t.Norm(Role::kMixerNorm, "attn_norm.weight", "input_layernorm.weight", d);
  const auto part = [&](Role role, int64_t begin, int64_t count) {
    const bool z = role == Role::kAttnGate;
    const RowSelect rows = {1, delta.conv_dim(), heads * begin, heads * count};
    t.Add(role, z ? StoredName("attn_gate.weight") : StoredName("attn_qkv.weight", rows),
          StoredName("linear_attn.in_proj_qkvz.weight", {heads, 2 * k + 2 * v, begin, count}),
          {heads * count, d});
  };
  part(Role::kAttnQ, 0, k);
  part(Role::kAttnK, k, k);
  part(Role::kAttnV, 2 * k, v);
  part(Role::kAttnGate, 2 * k + v, v);
  const char* ba = "linear_attn.in_proj_ba.weight";
  for (const Role role : {Role::kDeltaB, Role::kDeltaA}) {
    const RowSelect rows = {heads, 2 * per_key, role == Role::kDeltaA ? per_key : 0, per_key};
    t.Add(role, StoredName("ssm_ba.weight", rows), StoredName(ba, rows), {delta.n_v_heads, d});
  }
  t.Add(Role::kDeltaConv, "ssm_conv1d.weight", "linear_attn.conv1d.weight",
        {delta.conv_dim(), delta.conv_kernel})
      .hf.extra_dim = true;
  t.Add(Role::kDeltaALog, "ssm_a", "linear_attn.A_log", {delta.n_v_heads}).hf_load = Load::kNegExp;
  t.Add(Role::kDeltaDtBias, "ssm_dt.bias", "linear_attn.dt_bias", {delta.n_v_heads});
  // This norm alone multiplies with its weight as it is.
  t.Add(Role::kAttnOutNorm, "ssm_norm.weight", "linear_attn.norm.weight", {delta.v_head_dim});
  t.Add(Role::kAttnO, "ssm_out.weight", "linear_attn.out_proj.weight", {d, delta.v_dim()});
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    if (const auto* delta = std::get_if<GatedDeltaSpec>(&spec.layers[l].mixer)) {
      AddDeltaTensors(layer, *delta);
    } else {
      AddGqaTensors(layer);
    }
    layer.Norm(Role::kFfnNorm, "post_attention_norm.weight", "post_attention_layernorm.weight",
               spec.hidden);
    AddFfnTensors(layer, {},
                  {.shared = {"mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj",
                              "mlp.shared_expert.down_proj"}});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"qwen3_next"};
constexpr std::string_view kGgufArchs[] = {"qwen3next"};

}  // namespace

const Family kQwen3Next = {"qwen3_next", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
