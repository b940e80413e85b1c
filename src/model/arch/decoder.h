// What the plain decoders (Llama and its kin) share when their metadata is read.
#pragma once

#include <string_view>

#include "model/config_reader.h"
#include "model/spec.h"

namespace frugal {

// Sizes, head counts, norm, activation, tied embedding: a spec whose layers are all alike, with
// plain GQA and a SiLU GLU. The caller changes what differs.
ModelSpec ReadDecoder(ConfigReader& config, std::string_view family);

// Rope of heads of head_dim, both containers and both of Hugging Face's notations
// (rope_theta + rope_scaling, and rope_parameters). `gguf_interleaved`: GGUF files of this
// architecture hold Q and K rows in pair order; Hugging Face files of these families hold halves.
RopeSpec ReadRope(ConfigReader& config, const ModelSpec& spec, int head_dim, bool gguf_interleaved);

// `window` on the layers that layer_types, or use_sliding_window with max_window_layers, names
// (the Qwen2 and Qwen3 convention); Hugging Face only.
void ReadWindowLayers(ConfigReader& config, ModelSpec* spec);

// Sets the same projection biases on all layers.
void SetAttentionBias(ModelSpec* spec, bool qkv, bool o);

}  // namespace frugal
