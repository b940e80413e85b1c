// DeepSeek-V2, V2-Lite, V3, R1, V3.1 and Kimi K2: latent attention, shared and routed experts.
// V2 scores experts by softmax and groups by their best one; V3 scores by sigmoid, chooses with a
// learned correction, and takes groups by the sum of their best two.
// References: transformers models/deepseek_v2 and deepseek_v3; arXiv:2405.04434, 2412.19437.
#include <fmt/core.h>

#include <cmath>

#include "formats/utf8.h"
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

constexpr int64_t kMaxDim = 1 << 16;

int Dim(ConfigReader& config, ConfigKey key) {
  return static_cast<int>(config.Int(key, 1, kMaxDim));
}

MlaSpec ReadMla(ConfigReader& config, ModelSpec* spec) {
  MlaSpec mla;
  mla.n_heads = Dim(config, {"num_attention_heads", "attention.head_count"});
  config.Ignore({"num_key_value_heads", "attention.head_count_kv"});
  config.Ignore({"head_dim", ""});  // transformers repeats qk_rope_head_dim here
  config.Ignore({"qk_head_dim", ""});
  mla.q_lora_rank =
      static_cast<int>(config.IntOr({"q_lora_rank", "attention.q_lora_rank"}, 0, kMaxDim, 0));
  mla.kv_lora_rank = Dim(config, {"kv_lora_rank", "attention.kv_lora_rank"});
  mla.qk_rope_head_dim = Dim(config, {"qk_rope_head_dim", "rope.dimension_count"});
  // Newer GGUF files describe the latent cache in key_length and keep the heads' own beside it.
  const bool own = config.Has({"", "attention.key_length_mla"});
  const int qk = config.gguf()
                     ? Dim(config, {"", own ? "attention.key_length_mla" : "attention.key_length"})
                     : 0;
  mla.qk_nope_head_dim =
      config.gguf() ? qk - mla.qk_rope_head_dim : Dim(config, {"qk_nope_head_dim", ""});
  mla.v_head_dim =
      Dim(config, {"v_head_dim", own ? "attention.value_length_mla" : "attention.value_length"});
  config.Ignore({"", "attention.key_length"});
  config.Ignore({"", "attention.value_length"});
  mla.split_kv_b = config.gguf() &&
                   config.checkpoint().tensors.Find("blk.0.attn_kv_b.weight") == nullptr &&
                   config.checkpoint().tensors.Find("blk.0.attn_k_b.weight") != nullptr;
  mla.bias = config.BoolOr({"attention_bias", ""}, false);

  RopeSpec rope = ReadRope(
      config, *spec, mla.qk_rope_head_dim,
      {.hf_interleaved = config.BoolOr({"rope_interleave", ""}, true), .gguf_interleaved = true});
  double mscale = 1.0;
  if (rope.scaling == RopeScaling::kYarn) {
    // GGUF holds 0.1 · mscale_all_dim, and leaves cos and sin as they are.
    const double all_dim =
        config.gguf() ? 10.0 * config.DoubleOr({"", "rope.scaling.yarn_log_multiplier"}, 0.0)
                      : rope.mscale_all_dim;
    if (config.gguf()) rope.attention_factor = 1.0;
    if (all_dim != 0.0) mscale = YarnMscale(rope.factor, all_dim);
  }
  mla.scale = static_cast<float>(mscale * mscale / std::sqrt(double(mla.qk_head_dim())));
  spec->ropes.push_back(rope);
  return mla;
}

RouterSpec ReadRouter(ConfigReader& config) {
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  const std::string type =
      config.gguf() ? "" : *config.checkpoint().metadata.GetString("model_type");
  const bool v2 = type == "deepseek_v2";
  const std::string score = config.StringOr({"scoring_func", ""}, v2 ? "softmax" : "sigmoid");
  const std::string method = config.StringOr({"topk_method", ""}, v2 ? "greedy" : "noaux_tc");
  if (score != "softmax" && score != "sigmoid") {
    config.Fail(Error(StatusCode::kUnsupported,
                      "'scoring_func': expected softmax or sigmoid, "
                      "found '{}'",
                      Printable(score)));
  }
  if (method != "greedy" && method != "group_limited_greedy" && method != "noaux_tc") {
    config.Fail(Error(StatusCode::kUnsupported,
                      "'topk_method': expected greedy, group_limited_greedy or noaux_tc, found "
                      "'{}'",
                      Printable(method)));
  }
  RouterSpec router;
  router.score = score == "sigmoid" ? RouterSpec::Score::kSigmoid : RouterSpec::Score::kSoftmax;
  router.select_bias = config.gguf() ? false : method == "noaux_tc";
  if (config.gguf()) {
    const int64_t dense = config.IntOr({"", "leading_dense_block_count"}, 0, kMaxDim, 0);
    router.select_bias = has(fmt::format("blk.{}.exp_probs_b.bias", dense).c_str());
    // Files older than the key are V2's.
    router.score = router.select_bias ? RouterSpec::Score::kSigmoid : RouterSpec::Score::kSoftmax;
  }
  ReadGroups(config, &router);
  if (method == "greedy" && !config.gguf()) router.n_group = router.topk_group = 1;
  router.renormalize = config.BoolOr({"norm_topk_prob", ""}, !v2);
  if (v2 && router.renormalize) {
    config.Fail(Error(StatusCode::kUnsupported,
                      "'norm_topk_prob': expected false for deepseek_v2, whose published codes "
                      "differ on what true does"));
  }
  router.renorm_eps = 1e-20f;
  router.scale = static_cast<float>(config.DoubleOr({"routed_scaling_factor", ""}, 1.0));
  return router;
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "deepseek");
  const MlaSpec mla = ReadMla(config, &spec);
  const FfnSpec dense = ReadGlu(config);
  MoeSpec moe = ReadExperts(config, ReadRouter(config));
  ReadSharedExperts(config, "n_shared_experts", &moe);
  if (config.gguf()) {
    moe.router.group_score = moe.router.score == RouterSpec::Score::kSigmoid
                                 ? RouterSpec::GroupScore::kTop2Sum
                                 : RouterSpec::GroupScore::kMax;
  } else if (!moe.router.select_bias) {
    moe.router.group_score = RouterSpec::GroupScore::kMax;
  }
  const int first = ReadFirstDense(config, spec, 0);
  ExpectNumber(config, "moe_layer_freq", 1);
  for (int l = 0; l < spec.n_layers(); ++l) {
    spec.layers[l].mixer = mla;
    if (l < first) {
      spec.layers[l].ffn = dense;
    } else {
      spec.layers[l].ffn = moe;
    }
  }
  ReadMtpLayers(config, {.mixer = mla, .ffn = moe}, &spec);
  for (const char* key : {"aux_loss_alpha", "seq_aux", "ep_size", "num_local_experts"}) {
    config.Ignore({key, ""});  // training and parallelism
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  const int layers = spec.n_layers() + static_cast<int>(spec.mtp_layers.size());
  for (int l = 0; l < layers; ++l) {
    const LayerTable layer(spec, l, &table);
    if (l >= spec.n_layers()) AddMtpTensors(layer);
    AddMlaTensors(layer);
    AddFfnNorm(layer);
    AddFfnTensors(layer);
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"deepseek_v2", "deepseek_v3", "kimi_k2"};
constexpr std::string_view kGgufArchs[] = {"deepseek2"};

}  // namespace

const Family kDeepSeek = {"deepseek", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
