// Qwen3: RMSNorm on every head of Q and K before rope, a head_dim of its own; Qwen3-MoE with
// experts in all layers, in every decoder_sparse_step-th, or in all but mlp_only_layers.
// References: transformers models/qwen3/modeling_qwen3.py, models/qwen3_moe.
#include <algorithm>

#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// Layers without experts keep the GLU.
void ReadMoeLayers(ConfigReader& config, ModelSpec* spec) {
  const bool moe_type = config.gguf()
                            ? config.Has({"", "expert_count"})
                            : *config.checkpoint().metadata.GetString("model_type") == "qwen3_moe";
  if (!moe_type) return;
  const RouterSpec router = {.renormalize = config.BoolOr({"norm_topk_prob", ""}, config.gguf())};
  const MoeSpec moe = ReadExperts(config, router, {.n_experts = "num_experts"});
  const int64_t step = config.IntOr({"decoder_sparse_step", ""}, 1, 1 << 16, 1);
  const std::vector<int64_t> dense = config.IntsOr({"mlp_only_layers", ""});
  for (int l = 0; l < spec->n_layers(); ++l) {
    if ((l + 1) % step == 0 && std::ranges::find(dense, l) == dense.end()) {
      spec->layers[l].ffn = moe;
    }
  }
  config.Ignore({"router_aux_loss_coef", ""});
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "qwen3", /*default_head_dim=*/128);
  const bool bias = config.BoolOr({"attention_bias", ""}, false);
  for (LayerSpec& layer : spec.layers) layer.gqa().qk_norm = QkNorm::kHeadPreRope;
  spec.ropes.push_back(ReadRope(config, spec, spec.layers[0].gqa().head_dim));
  SetAttentionBias(&spec, bias, bias);
  ReadWindowLayers(config, &spec);
  ReadMoeLayers(config, &spec);
  return spec;
}

constexpr std::string_view kModelTypes[] = {"qwen3", "qwen3_moe"};
constexpr std::string_view kGgufArchs[] = {"qwen3", "qwen3moe"};

}  // namespace

const Family kQwen3 = {"qwen3", kModelTypes, kGgufArchs, Parse, DecoderTensors};

}  // namespace frugal
