// MiniMax-Text-01 and M1, in the makers' form and in transformers' ("minimax"): lightning attention
// with a softmax layer now and then, experts everywhere, residuals that may start at the norm.
// References: MiniMaxAI/MiniMax-Text-01 modeling_minimax_text_01.py; transformers models/minimax,
// with rotary_dim as the published configuration has it.
#include <cmath>

#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// ALiBi's slopes; where the heads are no power of two the makers fill in those of twice as many.
std::vector<double> Slopes(int heads, bool makers) {
  const auto geometric = [](double n, int count, int step) {
    std::vector<double> slopes;
    for (int i = 0; i < count; ++i) slopes.push_back(std::exp2(-8.0 / n * (i * step + 1)));
    return slopes;
  };
  if (!makers) return geometric(heads, heads, 1);
  int below = 1;
  while (2 * below <= heads) below *= 2;
  std::vector<double> slopes = geometric(below, below, 1);
  for (double slope : geometric(2 * below, heads - below, 2)) slopes.push_back(slope);
  return slopes;
}

// The first layers forget fastest.
std::vector<float> Decay(int heads, int layer, int layers, bool makers) {
  const double last = layers > 1 ? layers - 1 + (makers ? 0.0 : 1e-5) : 1.0;
  std::vector<float> decay;
  for (double slope : Slopes(heads, makers)) {
    decay.push_back(static_cast<float>(std::exp(-slope * (1.0 - layer / last + 1e-5))));
  }
  return decay;
}

// Entry l is true where layer l has softmax attention.
std::vector<bool> ReadSoftmaxLayers(ConfigReader& config, const ModelSpec& spec) {
  std::vector<bool> softmax = ReadLayerTypes(config, spec, "full_attention", "linear_attention");
  const std::vector<int64_t> types = config.IntsOr({"attn_type_list", ""});
  if (!types.empty() && types.size() != spec.layers.size()) {
    config.Fail(Error(StatusCode::kCorrupt, "'attn_type_list': expected {} entries, found {}",
                      spec.layers.size(), types.size()));
    return std::vector<bool>(spec.layers.size());
  }
  for (size_t l = 0; l < types.size(); ++l) {
    if (types[l] != 0 && types[l] != 1) {
      config.Fail(Error(StatusCode::kUnsupported,
                        "'attn_type_list[{}]': expected 0 (lightning) or 1 (softmax), found {}", l,
                        types[l]));
    }
    if (softmax.size() <= l) softmax.push_back(types[l] == 1);
  }
  for (size_t l = softmax.size(); l < spec.layers.size(); ++l) softmax.push_back(l % 2 == 0);
  return softmax;
}

// The factors of one kind of block, under transformers' name or the makers'.
ResidualSpec ReadResidual(ConfigReader& config, const std::string& name, const std::string& makers,
                          bool normed) {
  const auto factor = [&](const char* which) {
    const std::string own = "layernorm_" + makers + "_" + which;
    const std::string theirs = name + "_" + which + "_factor";
    return static_cast<float>(config.DoubleOr({theirs, ""}, config.DoubleOr({own, ""}, 1.0)));
  };
  return {.skip = factor("alpha"), .branch = factor("beta"), .normed = normed};
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "minimax");
  const auto type = config.checkpoint().metadata.GetString("model_type");
  const bool makers = type.ok() && *type != "minimax";
  if (!config.Has({"rms_norm_eps", ""})) spec.norm_eps = 1e-5f;
  GqaSpec gqa = ReadGqa(config, spec);
  const int rotary = static_cast<int>(
      config.IntOr({"rotary_dim", ""}, 2, gqa.head_dim, ReadRotaryDim(config, gqa.head_dim, 1.0)));
  spec.ropes.push_back(ReadRope(config, spec, rotary, {.default_theta = 1e6}));
  gqa.window = config.IntOr({"sliding_window", ""}, 1, int64_t{1} << 40, 0);
  if (makers && gqa.window > 0) {
    config.Fail(
        Error(StatusCode::kUnsupported, "'sliding_window': expected none, found {}", gqa.window));
  }
  const MoeSpec moe = ReadExperts(config, {.renormalize = true},
                                  {.n_experts = "num_local_experts", .d_ff = "intermediate_size"});
  ExpectWord(config, "hidden_act", "silu");
  ExpectNumber(config, "shared_intermediate_size", 0);
  const bool normed = config.BoolOr({"postnorm", ""}, !makers);
  if (!makers) ExpectBool(config, "postnorm", true);
  const ResidualSpec full = ReadResidual(config, "full_attn", "full_attention", normed);
  const ResidualSpec linear = ReadResidual(config, "linear_attn", "linear_attention", normed);
  const ResidualSpec mlp = ReadResidual(config, "mlp", "mlp", normed);
  const std::vector<bool> softmax = ReadSoftmaxLayers(config, spec);
  for (int l = 0; l < spec.n_layers(); ++l) {
    LayerSpec& layer = spec.layers[l];
    if (softmax[l]) {
      layer.mixer = gqa;
    } else {
      layer.mixer = LightningSpec{.n_heads = gqa.n_heads,
                                  .head_dim = gqa.head_dim,
                                  .norm_eps = 1e-6f,  // the class's default in both
                                  .decay = Decay(gqa.n_heads, l, spec.n_layers(), makers)};
    }
    layer.ffn = moe;
    layer.mixer_residual = softmax[l] ? full : linear;
    layer.ffn_residual = mlp;
  }
  // Transformers stores the decays too, which follow from the configuration.
  spec.unused_tensors = {"*.self_attn.slope_rate", "*.self_attn.query_decay",
                         "*.self_attn.key_decay", "*.self_attn.diagonal_decay"};
  // How lightning attention is cut into blocks; of a shared expert that is not there; training.
  for (const char* key :
       {"block_size", "shared_moe_mode", "router_aux_loss_coef", "router_jitter_noise"}) {
    config.Ignore({key, ""});
  }
  return spec;
}

void AddLightningTensors(const LayerTable& t, const LightningSpec& lightning) {
  const int64_t d = t.spec.hidden;
  const int64_t D = lightning.head_dim;
  t.Norm(Role::kMixerNorm, {}, "input_layernorm.weight", d);
  // Head by head its rows of q, k and v.
  const auto part = [&](Role role, int64_t begin) {
    t.Add(role, {}, StoredName("self_attn.qkv_proj.weight", {lightning.n_heads, 3 * D, begin, D}),
          {lightning.dim(), d});
  };
  part(Role::kAttnQ, 0);
  part(Role::kAttnK, D);
  part(Role::kAttnV, 2 * D);
  t.Add(Role::kAttnGate, {}, "self_attn.output_gate.weight", {lightning.dim(), d});
  t.Add(Role::kAttnOutNorm, {}, "self_attn.norm.weight", {lightning.dim()});
  t.Add(Role::kAttnO, {}, "self_attn.out_proj.weight", {d, lightning.dim()});
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    if (const auto* lightning = std::get_if<LightningSpec>(&spec.layers[l].mixer)) {
      AddLightningTensors(layer, *lightning);
    } else {
      AddGqaTensors(layer);
    }
    AddFfnNorm(layer);
    AddMoeTensors(layer, {.router = "block_sparse_moe.gate.weight",
                          .expert = {.gate = "block_sparse_moe.experts.{e}.w1",
                                     .up = "block_sparse_moe.experts.{e}.w3",
                                     .down = "block_sparse_moe.experts.{e}.w2"}});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"minimax", "minimax_text_01", "minimax_m1"};

}  // namespace

const Family kMiniMax = {"minimax", kModelTypes, {}, Parse, Tensors};

}  // namespace frugal
