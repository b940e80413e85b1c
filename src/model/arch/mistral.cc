// Mistral 7B and its kin: Llama with an optional window on every layer, no biases.
// Reference: transformers models/mistral/modeling_mistral.py. (As GGUF it is "llama".)
#include "model/arch/decoder.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadDecoder(config, "mistral");
  spec.ropes.push_back(
      ReadRope(config, spec, spec.layers[0].gqa().head_dim, {.gguf_interleaved = true}));
  // Absent means the published default; null means none.
  const bool named = config.checkpoint().metadata.Find("sliding_window") != nullptr;
  const int64_t window =
      config.IntOr({"sliding_window", ""}, 1, int64_t{1} << 40, /*fallback=*/named ? 0 : 4096);
  for (LayerSpec& layer : spec.layers) layer.gqa().window = window;
  return spec;
}

constexpr std::string_view kModelTypes[] = {"mistral"};

}  // namespace

const Family kMistral = {"mistral", kModelTypes, {}, Parse, DecoderTensors};

}  // namespace frugal
