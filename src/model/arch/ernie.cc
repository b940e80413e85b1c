// ERNIE-4.5, dense and with experts, under transformers' names and as Paddle exports it. Rope turns
// neighbours; experts are chosen by probability plus a learned correction.
// References: transformers models/ernie4_5 and ernie4_5_moe; PaddlePaddle/ERNIE.
#include <fmt/core.h>

#include <algorithm>

#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// ModelSpec::naming: Paddle's, whose matrices are (in, out), with Q, K and V in one, gate and up
// too.
constexpr int kPaddle = 1;

constexpr int64_t kMaxLayers = 1 << 16;

MoeSpec ReadMoe(ConfigReader& config, int64_t first) {
  RouterSpec router{.renormalize = true};
  router.select_bias = config.gguf() ? config.checkpoint().tensors.Find(
                                           fmt::format("blk.{}.exp_probs_b.bias", first)) != nullptr
                                     : config.BoolOr({"moe_use_aux_free", ""}, true);
  router.renorm_min = static_cast<float>(config.DoubleOr({"moe_norm_min", ""}, 1e-12));
  MoeSpec moe = ReadExperts(config, router, {.n_experts = "moe_num_experts", .top_k = "moe_k"});
  ReadSharedExperts(config, "moe_num_shared_experts", &moe);
  if (!config.gguf() && !config.Has({"moe_num_shared_experts", ""})) {
    moe.shared = FfnSpec{.d_ff = 2 * moe.expert.d_ff};
  }
  ExpectWord(config, "moe_gate_act", "softmax");
  // Training; capacity limits are its alone.
  for (const char* key : {"moe_capacity", "moe_gate", "moe_aux_loss_lambda", "moe_z_loss_lambda",
                          "moe_orthogonal_loss_lambda", "router_aux_loss_coef"}) {
    config.Ignore({key, ""});
  }
  return moe;
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "ernie");
  if (!config.gguf() && !config.Has({"tie_word_embeddings", ""})) spec.tied_embedding = true;
  if (!config.Has({"rms_norm_eps", "attention.layer_norm_rms_epsilon"})) spec.norm_eps = 1e-5f;
  const std::string type = config.StringOr({"model_type", ""}, "");
  const bool sparse = config.gguf() ? config.Has({"", "expert_count"}) : type == "ernie4_5_moe";
  const GqaSpec gqa = ReadGqa(config, spec, sparse ? 0 : 128);
  spec.ropes.push_back(
      ReadRope(config, spec, gqa.head_dim,
               {.hf_interleaved = true, .gguf_interleaved = true, .default_theta = 500000.0}));
  const bool paddle = config.checkpoint().tensors.Find("ernie.embed_tokens.weight") != nullptr;
  if (paddle) spec.naming = kPaddle;
  const bool bias = config.gguf() ? config.checkpoint().tensors.Find("blk.0.attn_q.bias") != nullptr
                                  : config.BoolOr({"use_bias", ""}, false);

  FfnSpec dense = ReadGlu(config);
  dense.bias = bias && !config.gguf();
  for (LayerSpec& layer : spec.layers) {
    layer.mixer = gqa;
    layer.ffn = dense;
  }
  if (sparse) {
    const int64_t first = config.IntOr({"moe_layer_start_index", "leading_dense_block_count"}, 0,
                                       kMaxLayers, config.gguf() ? 0 : 1);
    int64_t last = config.IntOr({"moe_layer_end_index", ""}, -1, kMaxLayers, -1);
    if (last < 0) last = spec.n_layers() - 1;
    const int64_t interval =
        config.IntOr({"moe_layer_interval", "interleave_moe_layer_step"}, 1, kMaxLayers, 1);
    MoeSpec moe = ReadMoe(config, first);
    if (moe.shared) moe.shared->bias = dense.bias;
    spec.output_bias = dense.bias;
    for (int64_t l = first; l <= std::min<int64_t>(last, spec.n_layers() - 1); ++l) {
      if ((l + 1) % interval == 0) spec.layers[l].ffn = moe;
    }
  }
  SetAttentionBias(&spec, bias, bias);
  ExpectNumber(config, "compression_ratio", 1.0);
  ExpectBool(config, "use_rmsnorm", true);
  // Multi-token prediction, which transformers leaves out, and training.
  spec.unused_tensors = {"model.mtp_*", "ernie.mtp_*"};
  for (const char* key : {"num_nextn_predict_layers", "multi_token_pred_lambda",
                          "hidden_dropout_prob", "attention_probs_dropout_prob"}) {
    config.Ignore({key, ""});
  }
  return spec;
}

std::vector<TensorDesc> PaddleTensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table, {"ernie.embed_tokens.weight", "ernie.norm.weight"});
  const auto glu = [](const char* gate_up, const char* down) {
    return GluNames{.down = down, .gate_up = gate_up, .transposed = true};
  };
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table, "ernie.layers.");
    AddGqaTensors(layer, {.qkv = "self_attn.qkv_proj", .transposed = true});
    AddFfnNorm(layer);
    AddFfnTensors(
        layer, glu("mlp.up_gate_proj", "mlp.down_proj"),
        {.select_bias = "mlp.moe_statics.e_score_correction_bias",
         .expert = glu("mlp.experts.{e}.up_gate_proj", "mlp.experts.{e}.down_proj"),
         .shared = glu("mlp.shared_experts.up_gate_proj", "mlp.shared_experts.down_proj")});
  }
  for (TensorDesc& desc : table) {
    if (desc.role == Role::kRouter || desc.role == Role::kOutput) desc.hf.transposed = true;
  }
  return table;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  if (spec.naming == kPaddle) {
    table = PaddleTensors(spec);
  } else {
    AddModelTensors(spec, &table);
    for (int l = 0; l < spec.n_layers(); ++l) {
      const LayerTable layer(spec, l, &table);
      AddGqaTensors(layer);
      AddFfnNorm(layer);
      AddFfnTensors(layer, {}, {.select_bias = "mlp.moe_statics.e_score_correction_bias"});
    }
  }
  for (TensorDesc& desc : table) {
    if (desc.role == Role::kRouterSelectBias) desc.hf.extra_dim = true;  // (1, E)
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"ernie4_5", "ernie4_5_moe"};
constexpr std::string_view kGgufArchs[] = {"ernie4_5", "ernie4_5-moe"};

}  // namespace

const Family kErnie = {"ernie", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
