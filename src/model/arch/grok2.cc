// Grok-2: Grok-1 with a dense FFN beside the experts, capped router logits, and attention logits
// that grow with the query's position; its files are split by tensor-parallel rank. GGUF's
// architecture "grok" holds both.
// References: xai-org/grok-2's configuration and files, sglang models/grok.py; for GGUF llama.cpp's
// loader, whose defaults are Grok-1's.
#include <cmath>

#include "formats/utf8.h"
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// ModelSpec::naming: older GGUF files call the norm after the experts layer_output_norm.
constexpr int kOldGguf = 1;

// The makers' own notation. "original" is plain rope, whose theta has been stretched already.
RopeSpec ReadGrokRope(ConfigReader& config, const ModelSpec& spec, int head_dim) {
  if (config.gguf()) {
    RopeSpec rope = ReadRope(config, spec, head_dim);
    rope.extrapolation_factor = config.DoubleOr({"", "rope.scaling.yarn_ext_factor"}, 1.0);
    const double attention = config.DoubleOr({"", "rope.scaling.yarn_attn_factor"}, 1.0);
    if (rope.attention_factor) *rope.attention_factor *= attention;
    return rope;
  }
  const auto positive = [&](std::string_view key, double fallback) {
    const double value = config.DoubleOr({key, ""}, fallback);
    if (value > 0.0 && value <= 1e30) return value;
    config.Fail(
        Error(StatusCode::kCorrupt, "'{}': expected a positive number, found {}", key, value));
    return 2.0;
  };
  RopeSpec rope{.rotary_dim = head_dim};
  rope.theta = std::floor(positive("rope_theta", 10000.0));
  rope.max_position = spec.max_position;
  rope.factor = positive("scaling_factor", 1.0);
  rope.original_max_position =
      config.IntOr({"original_max_position_embeddings", ""}, 1, int64_t{1} << 40, 8192);
  rope.beta_fast = positive("beta_fast", 32.0);
  rope.beta_slow = positive("beta_slow", 1.0);
  rope.extrapolation_factor = config.DoubleOr({"extrapolation_factor", ""}, 1.0);
  config.Ignore({"attn_factor", ""});  // the published code does not use it
  ExpectBool(config, "rope_rotate_half_dims", false);
  const std::string type = config.StringOr({"rope_type", ""}, "original");
  if (type == "yarn" || type == "yarn_linear") {
    rope.scaling = RopeScaling::kYarn;
    rope.attention_factor = 1.0;
  } else if (type == "yarn_log") {
    rope.scaling = RopeScaling::kYarnLog;
  } else if (type == "theta_scale") {
    const double turns = static_cast<double>(rope.original_max_position) / (2.0 * M_PI);
    rope.theta = std::pow(rope.theta, std::log(turns * rope.factor) / std::log(turns));
  } else if (type != "original") {
    config.Fail(Error(StatusCode::kUnsupported,
                      "'rope_type': expected original, yarn, yarn_linear, yarn_log or theta_scale, "
                      "found '{}'",
                      Printable(type)));
  }
  if (!(rope.theta > 1.0 && rope.theta <= 1e30)) {
    config.Fail(Error(StatusCode::kCorrupt, "'rope_theta': expected a number above 1, found {}",
                      rope.theta));
  }
  return rope;
}

GqaSpec ReadAttention(ConfigReader& config, const ModelSpec& spec) {
  GqaSpec gqa = ReadGqa(config, spec, /*default_head_dim=*/128);
  if (config.gguf()) {
    gqa.scale =
        static_cast<float>(config.DoubleOr({"", "attention.output_scale"}, 0.08838834764831845));
  }
  gqa.logit_cap =
      static_cast<float>(config.DoubleOr({"attn_logit_softcapping", "attn_logit_softcapping"}, 30));
  const int64_t length = config.IntOr({"attn_temperature_len", "attention.temperature_length"}, -1,
                                      int64_t{1} << 40, -1);
  if (length > 0) gqa.q_scale = {.kind = PositionScale::Kind::kGrok, .length = length};
  if (length == 1) {
    config.Fail(
        Error(StatusCode::kCorrupt, "'attn_temperature_len': expected -1 or at least 2, found 1"));
  }
  ExpectNumber(config, "sliding_window_size", -1);
  ExpectNumber(config, "global_attn_every_n", 1);
  return gqa;
}

MoeSpec ReadMoe(ConfigReader& config) {
  RouterSpec router;
  router.softcap = static_cast<float>(
      config.DoubleOr({"router_logit_softcapping", "router_logit_softcapping"}, 30.0));
  const bool own = config.Has({"moe_intermediate_size", ""});
  MoeSpec moe = ReadExperts(config, router,
                            {.n_experts = "num_local_experts",
                             .d_ff = own ? "moe_intermediate_size" : "intermediate_size"});
  moe.expert.activation = Activation::kGeluTanh;
  const FfnSpec dense{
      .d_ff = config.Int({"intermediate_size", "feed_forward_length"}, 1, int64_t{1} << 20),
      .activation = Activation::kGeluTanh};
  const bool both = config.gguf()
                        ? config.checkpoint().tensors.Find("blk.0.ffn_up.weight") != nullptr
                        : config.BoolOr({"residual_moe", ""}, false);
  if (both) {
    moe.shared = dense;
    moe.combine_scale = static_cast<float>(1.0 / std::sqrt(2.0));
  }
  ExpectWord(config, "hidden_act", "gelu");
  return moe;
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "grok2");
  if (!config.Has({"rms_norm_eps", "attention.layer_norm_rms_epsilon"})) spec.norm_eps = 1e-5f;
  const auto scale = [&](ConfigKey key, double gguf_default) {
    return static_cast<float>(config.DoubleOr(key, config.gguf() ? gguf_default : 1.0));
  };
  spec.embedding_scale =
      scale({"embedding_multiplier_scale", "embedding_scale"}, 78.38367176906169);
  spec.logit_scale = scale({"output_multiplier_scale", "logit_scale"}, 0.5773502691896257);
  spec.logit_cap = static_cast<float>(
      config.DoubleOr({"final_logit_softcapping", "final_logit_softcapping"}, 0.0));
  const GqaSpec gqa = ReadAttention(config, spec);
  spec.ropes.push_back(ReadGrokRope(config, spec, gqa.head_dim));
  const MoeSpec moe = ReadMoe(config);
  for (LayerSpec& layer : spec.layers) {
    layer.mixer = gqa;
    layer.ffn = moe;
    layer.post_mixer_norm = layer.post_ffn_norm = true;
  }
  if (config.checkpoint().tensors.Find("blk.0.layer_output_norm.weight") != nullptr) {
    spec.naming = kOldGguf;
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  const char* post = spec.naming == kOldGguf ? "layer_output_norm.weight" : "post_ffw_norm.weight";
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer, {.norm = "pre_attn_norm.weight"});
    layer.Norm(Role::kPostMixerNorm, "attn_output_norm.weight", "post_attn_norm.weight",
               spec.hidden);
    AddFfnNorm(layer, "pre_moe_norm.weight");
    AddMoeTensors(layer, {.router = "block_sparse_moe.gate.weight",
                          .expert = {.gate = "block_sparse_moe.experts.{e}.w1",
                                     .up = "block_sparse_moe.experts.{e}.w3",
                                     .down = "block_sparse_moe.experts.{e}.w2"},
                          .shared = {},  // mlp.*
                          .gguf_shared = ""});
    layer.Norm(Role::kPostFfnNorm, post, "post_moe_norm.weight", spec.hidden);
  }
  for (TensorDesc& desc : table) {
    if (!IsPerExpert(desc.role)) continue;
    desc.hf.pieces = desc.role == Role::kExpertDown ? Pieces::kColumns : Pieces::kRows;
  }
  return table;
}

// Its model_type is "git", another model's.
constexpr std::string_view kArchitectures[] = {"Grok1ForCausalLM"};
constexpr std::string_view kGgufArchs[] = {"grok"};

}  // namespace

const Family kGrok2 = {"grok2", {}, kGgufArchs, Parse, Tensors, kArchitectures};

}  // namespace frugal
