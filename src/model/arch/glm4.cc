// GLM-4 (0414): sandwich norms, rope on interleaved pairs of half a head, fused gate and up; and
// GLM-4.5, 4.5-Air and 4.6: rope on halves, DeepSeek-V3's router, and its layer that predicts one
// token further. References: transformers models/glm4 and models/glm4_moe.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec ParseDense(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "glm4", /*default_head_dim=*/128);
  const int head_dim = spec.layers[0].gqa().head_dim;
  spec.ropes.push_back(ReadRope(config, spec, ReadRotaryDim(config, head_dim, 0.5),
                                {.hf_interleaved = true, .gguf_interleaved = true}));
  const bool bias = config.gguf() ? config.checkpoint().tensors.Find("blk.0.attn_q.bias") != nullptr
                                  : config.BoolOr({"attention_bias", ""}, false);
  SetAttentionBias(&spec, bias, /*o=*/false);
  for (LayerSpec& layer : spec.layers) layer.post_mixer_norm = layer.post_ffn_norm = true;
  return spec;
}

std::vector<TensorDesc> DenseTensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    const int64_t d = spec.hidden;
    const int64_t f = spec.layers[l].glu().d_ff;
    AddGqaTensors(layer);
    layer.Norm(Role::kPostMixerNorm, "post_attention_norm.weight",
               "post_self_attn_layernorm.weight", d);
    AddFfnNorm(layer);
    // Both containers hold gate and up as one.
    for (const Role role : {Role::kFfnGate, Role::kFfnUp}) {
      const RowSelect rows = {1, 2 * f, role == Role::kFfnUp ? f : 0, f};
      layer.Add(role, StoredName("ffn_up.weight", rows),
                StoredName("mlp.gate_up_proj.weight", rows), {f, d});
    }
    layer.Add(Role::kFfnDown, "ffn_down.weight", "mlp.down_proj.weight", {d, f});
    layer.Norm(Role::kPostFfnNorm, "post_ffw_norm.weight", "post_mlp_layernorm.weight", d);
  }
  return table;
}

ModelSpec ParseMoe(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "glm4_moe", /*default_head_dim=*/128);
  const int head_dim = spec.layers[0].gqa().head_dim;
  spec.ropes.push_back(ReadRope(config, spec, ReadRotaryDim(config, head_dim, 0.5)));
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  const bool bias =
      config.gguf() ? has("blk.0.attn_q.bias") : config.BoolOr({"attention_bias", ""}, false);
  const bool qk_norm =
      config.gguf() ? has("blk.0.attn_q_norm.weight") : config.BoolOr({"use_qk_norm", ""}, false);
  SetAttentionBias(&spec, bias, /*o=*/false);
  for (LayerSpec& layer : spec.layers) {
    if (qk_norm) layer.gqa().qk_norm = QkNorm::kHeadPreRope;
  }
  RouterSpec router = {.score = RouterSpec::Score::kSigmoid, .select_bias = true};
  ReadGroups(config, &router);
  router.renormalize = config.BoolOr({"norm_topk_prob", ""}, true);
  router.renorm_eps = 1e-20f;
  router.scale = static_cast<float>(config.DoubleOr({"routed_scaling_factor", ""}, 1.0));
  MoeSpec moe = ReadExperts(config, router);
  ReadSharedExperts(config, "n_shared_experts", &moe);
  for (int l = ReadFirstDense(config, spec, 1); l < spec.n_layers(); ++l) {
    spec.layers[l].ffn = moe;
  }
  ReadMtpLayers(config, {.mixer = spec.layers[0].mixer, .ffn = moe}, &spec);
  config.Ignore({"router_aux_loss_coef", ""});
  return spec;
}

std::vector<TensorDesc> MoeTensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  const int layers = spec.n_layers() + static_cast<int>(spec.mtp_layers.size());
  for (int l = 0; l < layers; ++l) {
    const LayerTable layer(spec, l, &table);
    if (l >= spec.n_layers()) AddMtpTensors(layer);
    AddGqaTensors(layer);
    layer.Norm(Role::kFfnNorm, "post_attention_norm.weight", "post_attention_layernorm.weight",
               spec.hidden);
    AddFfnTensors(layer);
  }
  return table;
}

constexpr std::string_view kDenseTypes[] = {"glm4"};
constexpr std::string_view kDenseArchs[] = {"glm4"};
constexpr std::string_view kMoeTypes[] = {"glm4_moe"};
constexpr std::string_view kMoeArchs[] = {"glm4moe"};

}  // namespace

const Family kGlm4 = {"glm4", kDenseTypes, kDenseArchs, ParseDense, DenseTensors};
const Family kGlm4Moe = {"glm4_moe", kMoeTypes, kMoeArchs, ParseMoe, MoeTensors};

}  // namespace frugal
