// Ling and Ring 2.0: norms on the heads of Q and K, rope on part of each head, DeepSeek-V3's
// routing, and a layer of multi-token prediction in some.
// Reference: inclusionAI/Ling-V2 models/modeling_bailing_moe_v2.py.
#include <fmt/core.h>

#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

RouterSpec ReadRouter(ConfigReader& config) {
  RouterSpec router{.score = RouterSpec::Score::kSigmoid, .select_bias = true};
  if (config.gguf()) {
    const int64_t first = config.IntOr({"", "leading_dense_block_count"}, 0, 4096, 0);
    router.select_bias =
        config.checkpoint().tensors.Find(fmt::format("blk.{}.exp_probs_b.bias", first)) != nullptr;
  }
  ReadGroups(config, &router);
  if (!config.gguf() && !config.Has({"n_group", ""})) router.n_group = 8;
  if (!config.gguf() && !config.Has({"topk_group", ""})) router.topk_group = 4;
  // The code does not read norm_topk_prob.
  router.renormalize = true;
  config.Ignore({"norm_topk_prob", ""});
  router.renorm_eps = 1e-20f;
  router.scale = static_cast<float>(config.DoubleOr({"routed_scaling_factor", ""}, 1.0));
  ExpectWord(config, "score_function", "sigmoid");
  return router;
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "bailing2");
  LayerSpec sparse;
  GqaSpec gqa = ReadGqa(config, spec, /*default_head_dim=*/128);
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  if (config.gguf() ? has("blk.0.attn_q_norm.weight") : config.BoolOr({"use_qk_norm", ""}, true)) {
    gqa.qk_norm = QkNorm::kHeadPreRope;
  }
  gqa.q_bias = gqa.k_bias = gqa.v_bias =
      config.gguf() ? has("blk.0.attn_qkv.bias") : config.BoolOr({"use_qkv_bias", ""}, false);
  gqa.o_bias =
      config.gguf() ? has("blk.0.attn_output.bias") : config.BoolOr({"use_bias", ""}, false);
  spec.ropes.push_back(ReadRope(config, spec, ReadRotaryDim(config, gqa.head_dim, 1.0),
                                {.default_theta = 600000.0}));
  sparse.mixer = gqa;

  const FfnSpec dense = ReadGlu(config);
  MoeSpec moe = ReadExperts(config, ReadRouter(config), {.n_experts = "num_experts"});
  if (moe.top_k == 1) moe.router.renormalize = false;
  ReadSharedExperts(config, "num_shared_experts", &moe);
  if (!config.gguf() && !config.Has({"num_shared_experts", ""})) {
    moe.shared = FfnSpec{.d_ff = moe.expert.d_ff};
  }
  sparse.ffn = moe;
  const int first = ReadFirstDense(config, spec, config.gguf() ? 0 : 1);
  for (int l = 0; l < spec.n_layers(); ++l) {
    spec.layers[l] = sparse;
    if (l < first) spec.layers[l].ffn = dense;
  }
  ReadMtpLayers(config, sparse, &spec);
  ExpectBool(config, "norm_head", false);
  ExpectBool(config, "use_rmsnorm", true);
  // Training, and settings that the published code does not read.
  for (const char* key : {"embedding_dropout", "output_dropout", "norm_softmax", "sliding_window",
                          "use_sliding_window", "max_window_layers", "rotary_dim", "router_dtype",
                          "moe_router_enable_expert_bias", "moe_shared_expert_intermediate_size",
                          "mtp_loss_scaling_factor", "router_aux_loss_coef"}) {
    config.Ignore({key, ""});
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table, {.embedding = "model.word_embeddings.weight"});
  const int layers = spec.n_layers() + static_cast<int>(spec.mtp_layers.size());
  for (int l = 0; l < layers; ++l) {
    const LayerTable layer(spec, l, &table);
    if (l >= spec.n_layers()) {
      AddMtpTensors(layer, "layer_output_norm.weight", "final_layernorm.weight");
    }
    AddGqaTensors(layer, {.o = "attention.dense",
                          .qkv = "attention.query_key_value",
                          .q_norm = "attention.query_layernorm.weight",
                          .k_norm = "attention.key_layernorm.weight",
                          .gguf_qkv = "attn_qkv"});
    AddFfnNorm(layer);
    AddFfnTensors(layer, {}, {.select_bias = "mlp.gate.expert_bias"});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"bailing_moe_v2"};
constexpr std::string_view kGgufArchs[] = {"bailingmoe2"};
// Ling-mini-2.0's model_type is version 1's.
constexpr std::string_view kArchitectures[] = {"BailingMoeV2ForCausalLM"};

}  // namespace

const Family kBailing2 = {"bailing2", kModelTypes, kGgufArchs, Parse, Tensors, kArchitectures};

}  // namespace frugal
