// Qwen2 and Qwen2.5: Llama with biases on Q, K and V, optional windows from a layer on.
// Reference: transformers models/qwen2/modeling_qwen2.py.
#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "qwen2");
  spec.ropes.push_back(ReadRope(config, spec, spec.layers[0].gqa().head_dim));
  SetAttentionBias(&spec, /*qkv=*/true, /*o=*/false);
  ReadWindowLayers(config, &spec);
  return spec;
}

constexpr std::string_view kModelTypes[] = {"qwen2"};
constexpr std::string_view kGgufArchs[] = {"qwen2"};

}  // namespace

const Family kQwen2 = {"qwen2", kModelTypes, kGgufArchs, Parse, DecoderTensors};

}  // namespace frugal
