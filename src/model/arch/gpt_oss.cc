// gpt-oss 20b and 120b: a learned sink per head, every other layer with a window, experts in MXFP4
// with biases and a clamped gate, softmax over the chosen experts alone.
// Reference: transformers models/gpt_oss/modeling_gpt_oss.py.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// ModelSpec::naming: experts in a plain float type are stored (in, out).
constexpr int kTransposed = 1;

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "gpt_oss");
  GqaSpec gqa = ReadGqa(config, spec, /*default_head_dim=*/64);
  gqa.sinks = true;
  spec.ropes.push_back(ReadRope(config, spec, gqa.head_dim, {.default_theta = 150000.0}));
  if (config.gguf()) spec.ropes[0].truncate = false;
  MoeSpec moe =
      ReadExperts(config, {.score = RouterSpec::Score::kSoftmaxOverTopK, .logit_bias = true},
                  {.n_experts = "num_local_experts", .d_ff = "intermediate_size"});
  moe.expert.activation = Activation::kSwigluClamped;
  moe.expert.bias = true;
  ExpectWord(config, "hidden_act", "silu");
  ExpectNumber(config, "swiglu_limit", 7.0);
  ExpectBool(config, "attention_bias", true);
  config.Ignore({"experts_per_token", ""});       // another name of num_experts_per_tok
  config.Ignore({"initial_context_length", ""});  // repeats the rope's original length
  config.Ignore({"", "feed_forward_length"});
  config.Ignore({"router_aux_loss_coef", ""});
  const int64_t window =
      config.IntOr({"sliding_window", "attention.sliding_window"}, 1, int64_t{1} << 40, 128);
  std::vector<bool> sliding = ReadLayerTypes(config, spec, "sliding_attention", "full_attention");
  for (int l = 0; l < spec.n_layers(); ++l) {
    gqa.window = (sliding.empty() ? l % 2 == 0 : sliding[l]) ? window : 0;
    spec.layers[l].mixer = gqa;
    spec.layers[l].ffn = moe;
  }
  SetAttentionBias(&spec, /*qkv=*/true, /*o=*/true);
  if (config.checkpoint().tensors.Find("model.layers.0.mlp.experts.down_proj") != nullptr) {
    spec.naming = kTransposed;
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    const MoeSpec& moe = *spec.layers[l].moe();
    const int64_t d = spec.hidden;
    const int64_t f = moe.expert.d_ff;
    const int64_t e = moe.n_experts;
    AddGqaTensors(layer);
    layer.Norm(Role::kFfnNorm, "post_attention_norm.weight", "post_attention_layernorm.weight", d);
    layer.Add(Role::kRouter, "ffn_gate_inp.weight", "mlp.router.weight", {e, d});
    layer.Add(Role::kRouterBias, "ffn_gate_inp.bias", "mlp.router.bias", {e});
    // All experts in one tensor, rows of gate and up in turn. As MXFP4 (out, in); else (in, out).
    const auto matrix = [&](Role role, const char* gguf, const char* hf, RowSelect rows,
                            Shape shape) {
      layer.Add(role, gguf, StoredName(hf, rows), shape).hf.transposed = spec.naming == kTransposed;
    };
    const RowSelect gate = {f, 2, 0, 1};
    const RowSelect up = {f, 2, 1, 1};
    matrix(Role::kExpertGate, "ffn_gate_exps.weight", "mlp.experts.gate_up_proj", gate, {e, f, d});
    matrix(Role::kExpertUp, "ffn_up_exps.weight", "mlp.experts.gate_up_proj", up, {e, f, d});
    matrix(Role::kExpertDown, "ffn_down_exps.weight", "mlp.experts.down_proj", {}, {e, d, f});
    const char* bias = "mlp.experts.gate_up_proj_bias";
    layer.Add(Role::kExpertGateBias, "ffn_gate_exps.bias", StoredName(bias, gate), {e, f});
    layer.Add(Role::kExpertUpBias, "ffn_up_exps.bias", StoredName(bias, up), {e, f});
    layer.Add(Role::kExpertDownBias, "ffn_down_exps.bias", "mlp.experts.down_proj_bias", {e, d});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"gpt_oss"};
constexpr std::string_view kGgufArchs[] = {"gpt-oss"};

}  // namespace

const Family kGptOss = {"gpt_oss", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
