// Hunyuan: v1 dense, A13B (experts; lists per layer in the makers' own form) and Large (cross-layer
// attention: layers that use the keys and values of an earlier one). Norms on the heads of Q and K
// after rope, a fixed stretch of theta, softmax routing beside a shared FFN.
// References: transformers models/hunyuan_v1_dense and hunyuan_v1_moe; Tencent-Hunyuan/
// Hunyuan-A13B and Tencent/Tencent-Hunyuan-Large models/modeling_hunyuan.py, without their training
// code's capacity limits.
#include <limits>

#include "formats/utf8.h"
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// A number for all layers, or a list of one per layer.
std::vector<int64_t> PerLayer(ConfigReader& config, const ModelSpec& spec, std::string_view key,
                              int64_t min, int64_t max, int64_t fallback) {
  std::vector<int64_t> values = config.IntsOr({key, ""});
  if (values.empty()) values.push_back(fallback);
  if (values.size() == 1) values.resize(spec.layers.size(), values[0]);
  if (values.size() != spec.layers.size()) {
    config.Fail(Error(StatusCode::kCorrupt, "'{}': expected one number or {}, found {}", key,
                      spec.layers.size(), values.size()));
    values.resize(spec.layers.size(), fallback);
  }
  for (int64_t& value : values) {
    if (value >= min && value <= max) continue;
    config.Fail(
        Error(StatusCode::kCorrupt, "'{}': expected {} to {}, found {}", key, min, max, value));
    value = fallback;
  }
  return values;
}

GqaSpec ReadAttention(ConfigReader& config, ModelSpec* spec, bool v1) {
  const int64_t makers_dim = config.IntOr({"attention_head_dim", ""}, 1, 1 << 16, 0);
  GqaSpec gqa = ReadGqa(config, *spec, makers_dim);
  const bool norm = config.gguf()
                        ? config.checkpoint().tensors.Find("blk.0.attn_q_norm.weight") != nullptr
                        : config.BoolOr({"use_qk_norm", ""}, v1);
  if (norm) gqa.qk_norm = QkNorm::kHeadPostRope;
  spec->ropes.push_back(ReadRope(config, *spec, gqa.head_dim, {.ntk_alpha = true}));
  const bool bias = config.gguf() ? config.checkpoint().tensors.Find("blk.0.attn_q.bias") != nullptr
                                  : config.BoolOr({"attention_bias", ""}, false);
  gqa.q_bias = gqa.k_bias = gqa.v_bias = gqa.o_bias = bias;
  ExpectBool(config, "mlp_bias", false);
  ExpectBool(config, "use_mla", false);
  ExpectBool(config, "use_rotary_pos_emb", true);
  ExpectBool(config, "position_embedding_xdrope", false);
  return gqa;
}

// Every layer's experts, or its plain FFN.
void ReadFfn(ConfigReader& config, bool v1, bool v1_moe, ModelSpec* spec) {
  const FfnSpec dense = ReadGlu(config);
  RouterSpec router{.renormalize = true, .renorm_min = std::numeric_limits<float>::epsilon()};
  if (config.gguf()) {
    if (!config.Has({"", "expert_count"})) {
      for (LayerSpec& layer : spec->layers) layer.ffn = dense;
      return;
    }
    MoeSpec moe = ReadExperts(config, router);
    ReadSharedExperts(config, "", &moe);
    for (LayerSpec& layer : spec->layers) layer.ffn = moe;
    return;
  }
  const auto list = [&](const char* key, int64_t min, int64_t fallback) {
    return PerLayer(config, *spec, key, min, 1 << 20, fallback);
  };
  const std::vector<int64_t> experts = list("num_experts", 1, 1);
  const std::vector<int64_t> top_k = list("moe_topk", 1, 1);
  const std::vector<int64_t> width = list("moe_intermediate_size", 1, dense.d_ff);
  const std::vector<int64_t> shared = list("num_shared_expert", 1, 1);
  const bool mixed = config.BoolOr({"use_mixed_mlp_moe", ""}, v1);
  for (int l = 0; l < spec->n_layers(); ++l) {
    spec->layers[l].ffn = dense;
    if (experts[l] == 1) continue;
    MoeSpec moe{.n_experts = static_cast<int>(experts[l]),
                .top_k = static_cast<int>(top_k[l]),
                .expert = {.d_ff = width[l]},
                .router = router};
    // The makers leave the probability of a single chosen expert; transformers makes it 1.
    moe.router.renormalize = top_k[l] > 1 || v1_moe;
    if (mixed) moe.shared = FfnSpec{.d_ff = dense.d_ff * shared[l]};
    spec->layers[l].ffn = moe;
  }
  ExpectBool(config, "norm_topk_prob", true);
  ExpectBool(config, "group_limited_greedy", false);
  ExpectBool(config, "moe_drop_tokens", false);
  ExpectNumber(config, "routed_scaling_factor", 1.0);
  ExpectNumber(config, "moe_layer_num_skipped", 0);
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "hunyuan");
  if (!config.Has({"rms_norm_eps", "attention.layer_norm_rms_epsilon"})) spec.norm_eps = 1e-5f;
  const std::string type = config.StringOr({"model_type", ""}, "");
  const bool v1 = type.starts_with("hunyuan_v1");
  const GqaSpec gqa = ReadAttention(config, &spec, v1);
  ReadFfn(config, v1, type == "hunyuan_v1_moe", &spec);
  const bool cross = config.BoolOr({"use_cla", ""}, false);
  const int64_t share = config.IntOr({"cla_share_factor", ""}, 1, 1 << 16, 1);
  for (int l = 0; l < spec.n_layers(); ++l) {
    spec.layers[l].mixer = gqa;
    if (!cross) continue;
    const int owner = static_cast<int>(l - l % share);
    if (owner != l) spec.layers[l].gqa().kv_layer = owner;
    spec.layers[l].gqa().k_norm_on_q = gqa.qk_norm != QkNorm::kNone;
  }
  const std::string norm = config.StringOr({"norm_type", ""}, "rms");
  if (norm != "rms" && norm != "hf_rms") {
    config.Fail(Error(StatusCode::kUnsupported, "'norm_type': expected rms or hf_rms, found '{}'",
                      Printable(norm)));
  }
  ExpectBool(config, "add_classification_head", false);
  // Of other models of the makers, of vision, of training, and of tokenizers.
  for (const char* key : {"moe_random_routing_dropped_token",
                          "capacity_factor",
                          "router_aux_loss_coef",
                          "dense_list",
                          "class_num",
                          "pool_type",
                          "org_vocab_size",
                          "pad_id",
                          "eod_token_id",
                          "skip_cls_token",
                          "kv_lora_rank",
                          "q_lora_rank",
                          "qk_nope_head_dim",
                          "qk_rope_head_dim",
                          "v_head_dim",
                          "n_group",
                          "topk_group",
                          "xdrope_section",
                          "im_start_id",
                          "im_end_id",
                          "im_newline_id",
                          "image_token_id",
                          "mask_init_id",
                          "text_start_id",
                          "text_end_id",
                          "video_start_id",
                          "video_end_id",
                          "num_media_embeds",
                          "anyres_pooling_size",
                          "anyres_vit_max_image_size",
                          "anyres_vit_two_views",
                          "vit_add_patchemb_bias",
                          "vit_input_resolution",
                          "vit_mapping_type",
                          "vit_norm_type",
                          "vit_patch",
                          "vit_path",
                          "vit_remove_prenorm",
                          "vit_token",
                          "vit_type",
                          "vit_used_rms_norm"}) {
    config.Ignore({key, ""});
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer, {.q_norm = "self_attn.query_layernorm.weight",
                          .k_norm = "self_attn.key_layernorm.weight"});
    AddFfnNorm(layer);
    AddFfnTensors(layer, {},
                  {.router = "mlp.gate.wg.weight",
                   .shared = {.gate = "mlp.shared_mlp.gate_proj",
                              .up = "mlp.shared_mlp.up_proj",
                              .down = "mlp.shared_mlp.down_proj"}});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"hunyuan", "hunyuan_v1_dense", "hunyuan_v1_moe"};
constexpr std::string_view kGgufArchs[] = {"hunyuan-dense", "hunyuan-moe"};

}  // namespace

const Family kHunyuan = {"hunyuan", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
