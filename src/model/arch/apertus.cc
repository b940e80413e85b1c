// Apertus: no gate in the feed-forward block, whose activation xIELU has learned parameters;
// RMSNorm on every head of Q and K. Reference: transformers models/apertus/modeling_apertus.py.
#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "apertus");
  LayerSpec layer;
  layer.mixer = ReadGqa(config, spec);
  layer.gqa().qk_norm = QkNorm::kHeadPreRope;
  layer.ffn = FfnSpec{.d_ff = config.Int({"intermediate_size", "feed_forward_length"}, 1, 1 << 20),
                      .activation = Activation::kXielu};
  ExpectWord(config, "hidden_act", "xielu");
  ExpectBool(config, "mlp_bias", false);
  spec.layers.assign(spec.layers.size(), layer);
  spec.ropes.push_back(ReadRope(config, spec, layer.gqa().head_dim, {.default_theta = 12e6}));
  const bool bias = config.BoolOr({"attention_bias", ""}, false);
  SetAttentionBias(&spec, bias, bias);
  ExpectBool(config, "post_norm", false);
  ExpectBool(config, "qk_norm", true);
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer, {.norm = "attention_layernorm.weight"});
    AddFfnNorm(layer, "feedforward_layernorm.weight");
    AddFfnTensors(layer);
    layer.Add(Role::kXieluAlphaP, {}, "mlp.act_fn.alpha_p", {1});
    layer.Add(Role::kXieluAlphaN, {}, "mlp.act_fn.alpha_n", {1});
    layer.Add(Role::kXieluBeta, {}, "mlp.act_fn.beta", {1}).required = false;
    layer.Add(Role::kXieluEps, {}, "mlp.act_fn.eps", {1}).required = false;
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"apertus"};

}  // namespace

const Family kApertus = {"apertus", kModelTypes, {}, Parse, Tensors};

}  // namespace frugal
