// Seed-OSS: Llama with a head_dim of its own and biases of Q, K, V and of O set apart.
// Reference: transformers models/seed_oss/modeling_seed_oss.py.
#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "seed_oss", /*default_head_dim=*/128);
  spec.ropes.push_back(ReadRope(config, spec, spec.layers[0].gqa().head_dim));
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  const bool qkv =
      config.gguf() ? has("blk.0.attn_q.bias") : config.BoolOr({"attention_bias", ""}, true);
  const bool o = config.gguf() ? has("blk.0.attn_output.bias")
                               : config.BoolOr({"attention_out_bias", ""}, false);
  SetAttentionBias(&spec, qkv, o);
  const bool mlp = config.BoolOr({"mlp_bias", ""}, false);
  for (LayerSpec& layer : spec.layers) layer.glu().bias = mlp;
  config.Ignore({"residual_dropout", ""});  // of training
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table = DecoderTensors(spec);
  // llama.cpp has the norm before the FFN under another name here.
  for (TensorDesc& desc : table) {
    if (desc.role == Role::kFfnNorm) {
      desc.gguf.name.replace(desc.gguf.name.find("ffn_norm"), 8, "post_attention_norm");
    }
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"seed_oss"};
constexpr std::string_view kGgufArchs[] = {"seed_oss"};

}  // namespace

const Family kSeedOss = {"seed_oss", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
