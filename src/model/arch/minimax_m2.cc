// MiniMax-M2: RMSNorm over the whole of Q and of K, rope on part of each head, experts everywhere,
// chosen by sigmoid with a learned correction. Reference: transformers models/minimax_m2, with
// rotary_dim as the published configuration has it.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "minimax_m2");
  GqaSpec gqa = ReadGqa(config, spec);
  const bool norm = config.gguf()
                        ? config.checkpoint().tensors.Find("blk.0.attn_q_norm.weight") != nullptr
                        : config.BoolOr({"use_qk_norm", ""}, true);
  if (norm) gqa.qk_norm = QkNorm::kFullPreRope;
  ExpectWord(config, "qk_norm_type", "per_layer");
  int rotary = ReadRotaryDim(config, gqa.head_dim, 1.0);
  rotary = static_cast<int>(config.IntOr({"rotary_dim", ""}, 2, gqa.head_dim, rotary));
  spec.ropes.push_back(ReadRope(config, spec, rotary, {.default_theta = 5e6}));
  MoeSpec moe = ReadExperts(config,
                            {.score = RouterSpec::Score::kSigmoid,
                             .select_bias = config.BoolOr({"use_routing_bias", ""}, true),
                             .renormalize = true},
                            {.n_experts = "num_local_experts", .d_ff = "intermediate_size"});
  config.Ignore({"", "feed_forward_length"});  // repeats the experts' width
  ExpectWord(config, "hidden_act", "silu");
  config.Ignore({"", "feed_forward_length"});  // the experts' own, once more
  ExpectWord(config, "scoring_func", "sigmoid");
  ExpectNumber(config, "shared_intermediate_size", 0);
  ExpectNumber(config, "router_jitter_noise", 0.0);
  for (int64_t kind : config.IntsOr({"attn_type_list", ""})) {
    if (kind != 1) {
      config.Fail(Error(StatusCode::kUnsupported,
                        "'attn_type_list': expected 1 (softmax attention) throughout, found {}",
                        kind));
    }
  }
  for (const char* key : {"router_aux_loss_coef", "shared_moe_mode", "mlp_intermediate_size",
                          "layernorm_full_attention_beta", "layernorm_linear_attention_beta",
                          "layernorm_mlp_beta", "num_mtp_modules", "mtp_transformer_layers",
                          "use_mtp", "max_model_len", "output_dropout"}) {
    config.Ignore({key, ""});  // not read by the published code
  }
  for (LayerSpec& layer : spec.layers) {
    layer.mixer = gqa;
    layer.ffn = moe;
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table);
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer);
    AddFfnNorm(layer);
    AddMoeTensors(layer,
                  {.router = "block_sparse_moe.gate.weight",
                   .select_bias = "block_sparse_moe.e_score_correction_bias",
                   .expert = {"block_sparse_moe.experts.{e}.w1", "block_sparse_moe.experts.{e}.w3",
                              "block_sparse_moe.experts.{e}.w2"}});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"minimax_m2"};
constexpr std::string_view kGgufArchs[] = {"minimax-m2"};

}  // namespace

const Family kMiniMaxM2 = {"minimax_m2", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
