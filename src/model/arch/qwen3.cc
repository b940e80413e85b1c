// Qwen3 (dense): RMSNorm on every head of Q and K before rope, a head_dim of its own.
// Reference: transformers models/qwen3/modeling_qwen3.py.
#include <cmath>

#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "qwen3");
  // transformers' own default where the key is absent, unlike its kin's (and ggml's) hidden /
  // heads.
  const int64_t head_dim = config.IntOr({"head_dim", "attention.key_length"}, 1, 1 << 16,
                                        config.gguf() ? spec.layers[0].gqa().head_dim : 128);
  const bool bias = config.BoolOr({"attention_bias", ""}, false);
  for (LayerSpec& layer : spec.layers) {
    layer.gqa().head_dim = static_cast<int>(head_dim);
    layer.gqa().scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
    layer.gqa().qk_norm = QkNorm::kHeadPreRope;
  }
  spec.ropes.push_back(ReadRope(config, spec, static_cast<int>(head_dim)));
  SetAttentionBias(&spec, bias, bias);
  ReadWindowLayers(config, &spec);
  return spec;
}

constexpr std::string_view kModelTypes[] = {"qwen3"};
constexpr std::string_view kGgufArchs[] = {"qwen3"};

}  // namespace

const Family kQwen3 = {"qwen3", kModelTypes, kGgufArchs, Parse, DecoderTensors};

}  // namespace frugal
