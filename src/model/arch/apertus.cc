// Apertus: no gate in the feed-forward block, whose activation xIELU has learned parameters;
// RMSNorm on every head of Q and K. Reference: transformers models/apertus/modeling_apertus.py.
#include <cmath>
#include <vector>

#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// GGUF has the activation's parameters, one for each layer, among its keys.
void ReadXielu(ConfigReader& config, ModelSpec* spec) {
  const auto softplus = [](double x) { return x > 20.0 ? x : std::log1p(std::exp(x)); };
  const auto list = [&](const char* key) {
    Result<std::vector<double>> values = config.checkpoint().metadata.GetDoubles(key);
    if (values.ok() && values->size() == spec->layers.size()) return *std::move(values);
    config.Fail(values.ok() ? Error(StatusCode::kCorrupt, "'{}': expected {} entries, found {}",
                                    key, spec->layers.size(), values->size())
                            : values.status());
    return std::vector<double>(spec->layers.size(), 1.0);
  };
  const std::vector<double> alpha_p = list("xielu.alpha_p");
  const std::vector<double> alpha_n = list("xielu.alpha_n");
  const std::vector<double> beta = list("xielu.beta");
  const std::vector<double> eps = list("xielu.eps");
  for (int l = 0; l < spec->n_layers(); ++l) {
    spec->layers[l].glu().xielu = {.alpha_p = static_cast<float>(softplus(alpha_p[l])),
                                   .alpha_n = static_cast<float>(beta[l] + softplus(alpha_n[l])),
                                   .beta = static_cast<float>(beta[l]),
                                   .eps = static_cast<float>(eps[l])};
  }
}

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
  const bool bias = config.gguf() ? config.checkpoint().tensors.Find("blk.0.attn_q.bias") != nullptr
                                  : config.BoolOr({"attention_bias", ""}, false);
  SetAttentionBias(&spec, bias, bias);
  if (config.gguf()) ReadXielu(config, &spec);
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
constexpr std::string_view kGgufArchs[] = {"apertus"};

}  // namespace

const Family kApertus = {"apertus", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
