// What the plain decoders (Llama and its kin) share when their metadata is read.
#pragma once

#include <string_view>
#include <vector>

#include "model/config_reader.h"
#include "model/spec.h"

namespace frugal {

// Sizes, norm, tied embedding, and the number of layers, which are still empty.
ModelSpec ReadModel(ConfigReader& config, std::string_view family);
// Heads; default_head_dim is Hugging Face's where the key is absent, 0 for hidden / heads.
GqaSpec ReadGqa(ConfigReader& config, const ModelSpec& spec, int64_t default_head_dim = 0);
// Width of a SiLU GLU.
FfnSpec ReadGlu(ConfigReader& config);

// All three: a spec whose layers are all alike. The caller changes what differs.
ModelSpec ReadDecoder(ConfigReader& config, std::string_view family, int64_t default_head_dim = 0);

// A key of config.json that published files name at one value only: absent or that, else refused.
void ExpectWord(ConfigReader& config, std::string_view key, std::string_view word);
void ExpectNumber(ConfigReader& config, std::string_view key, double number);
void ExpectBool(ConfigReader& config, std::string_view key, bool value);

// Layers of multi-token prediction, each like `layer`, where the checkpoint holds them.
void ReadMtpLayers(ConfigReader& config, const LayerSpec& layer, ModelSpec* spec);

// Whether the pairs that rope turns are neighbours in Q's and K's rows, or lie half a head apart:
// each container has its own order.
struct RopeStyle {
  bool hf_interleaved = false;
  bool gguf_interleaved = false;
  double default_theta = 10000.0;
  bool ntk_alpha = false;  // "dynamic" scaling with an alpha is the fixed one of Hunyuan
};

// Rope of the first rotary_dim elements of each head, both containers and both of Hugging Face's
// notations (rope_theta + rope_scaling, and rope_parameters).
RopeSpec ReadRope(ConfigReader& config, const ModelSpec& spec, int rotary_dim,
                  const RopeStyle& style = {});

// Elements of a head that rope turns: partial_rotary_factor of them (Hugging Face; GGUF says it
// with the rope).
int ReadRotaryDim(ConfigReader& config, int head_dim, double default_factor);

// YaRN's factor m·0.1·ln(factor) + 1 of the attention, which DeepSeek applies to the logits.
double YarnMscale(double factor, double mscale);

// 'layer_types' as booleans: entry l is true where the type is `yes` and false where it is `no`;
// anything else fails. Empty when the key is absent.
std::vector<bool> ReadLayerTypes(ConfigReader& config, const ModelSpec& spec, std::string_view yes,
                                 std::string_view no);

// Layers with experts: from first_k_dense_replace on (GGUF leading_dense_block_count).
int ReadFirstDense(ConfigReader& config, const ModelSpec& spec, int fallback);

// `window` on the layers that layer_types, or use_sliding_window with max_window_layers, names
// (the Qwen2 and Qwen3 convention); Hugging Face only.
void ReadWindowLayers(ConfigReader& config, ModelSpec* spec);

// Sets the same projection biases on all layers.
void SetAttentionBias(ModelSpec* spec, bool qkv, bool o);

}  // namespace frugal
