// Llama 2, 3, 3.1, 3.2. GGUF's architecture "llama" also holds Mistral, window
// included, and Mixtral.
// Reference: transformers models/llama/modeling_llama.py.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "llama");
  spec.ropes.push_back(
      ReadRope(config, spec, spec.layers[0].gqa().head_dim, {.gguf_interleaved = true}));
  // GGUF has no keys for biases: the tensors tell.
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  const bool attention_bias =
      config.gguf() ? has("blk.0.attn_q.bias") : config.BoolOr({"attention_bias", ""}, false);
  const bool o_bias = config.gguf() ? has("blk.0.attn_output.bias") : attention_bias;
  const bool mlp_bias =
      config.gguf() ? has("blk.0.ffn_gate.bias") : config.BoolOr({"mlp_bias", ""}, false);
  SetAttentionBias(&spec, attention_bias, o_bias);
  const int64_t window = config.IntOr({"", "attention.sliding_window"}, 0, int64_t{1} << 40, 0);
  for (LayerSpec& layer : spec.layers) {
    layer.glu().bias = mlp_bias;
    layer.gqa().window = window;
  }
  // Mixtral.
  if (config.IntOr({"", "expert_count"}, 0, 1 << 16, 0) > 0) {
    const MoeSpec moe = ReadExperts(config, {.renormalize = true});
    for (LayerSpec& layer : spec.layers) layer.ffn = moe;
  }
  config.Ignore({"", "tensor_data_layout"});  // says what every converter does
  return spec;
}

constexpr std::string_view kModelTypes[] = {"llama"};
constexpr std::string_view kGgufArchs[] = {"llama"};

}  // namespace

const Family kLlama = {"llama", kModelTypes, kGgufArchs, Parse, DecoderTensors};

}  // namespace frugal
