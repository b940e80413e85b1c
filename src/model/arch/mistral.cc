// Mistral 7B and its kin: Llama with an optional window on every layer; Mixtral with experts in
// every layer; Ministral with windows in some; Ministral 3 with YaRN and queries that grow with
// their position. (As GGUF the first two are "llama".)
// References: transformers models/mistral, mixtral, ministral, ministral3.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

constexpr int64_t kMaxWindow = int64_t{1} << 40;

// Ministral 3's factor of the queries.
PositionScale ReadQueryScale(ConfigReader& config) {
  const ConfigKey key = {"rope_parameters.llama_4_scaling_beta", "attention.temperature_scale"};
  if (!config.Has(key)) return {};
  PositionScale scale{.kind = PositionScale::Kind::kLlama4};
  scale.beta = config.Double(key);
  scale.length = config.Int(
      {"rope_parameters.original_max_position_embeddings", "rope.scaling.original_context_length"},
      1, kMaxWindow);
  return scale;
}

ModelSpec Parse(ConfigReader& config) {
  const std::string type =
      config.gguf() ? "" : *config.checkpoint().metadata.GetString("model_type");
  ModelSpec spec = ReadDecoder(config, "mistral", type == "ministral3" ? 128 : 0);
  spec.ropes.push_back(
      ReadRope(config, spec, spec.layers[0].gqa().head_dim,
               {.gguf_interleaved = true, .default_theta = type == "mixtral" ? 1e6 : 10000.0}));
  const PositionScale q_scale = ReadQueryScale(config);
  // Absent means the published default; null means none.
  const bool named = config.checkpoint().metadata.Find("sliding_window") != nullptr;
  const int64_t window =
      config.IntOr({"sliding_window", "attention.sliding_window"}, 1, kMaxWindow,
                   /*fallback=*/named || config.gguf() || type != "mistral" ? 0 : 4096);
  std::vector<bool> sliding;
  if (type.starts_with("ministral")) {
    sliding = ReadLayerTypes(config, spec, "sliding_attention", "full_attention");
  }
  for (int l = 0; l < spec.n_layers(); ++l) {
    GqaSpec& gqa = spec.layers[l].gqa();
    gqa.window = sliding.empty() || sliding[l] ? window : 0;
    gqa.q_scale = q_scale;
  }
  if (type == "mixtral") {
    const MoeSpec moe =
        ReadExperts(config, {.renormalize = true},
                    {.n_experts = "num_local_experts", .d_ff = "intermediate_size"});
    for (LayerSpec& layer : spec.layers) layer.ffn = moe;
    ExpectNumber(config, "router_jitter_noise", 0.0);  // of training alone
    config.Ignore({"router_aux_loss_coef", ""});
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
    AddFfnTensors(layer, {},
                  {.router = "block_sparse_moe.gate.weight",
                   .expert = {"block_sparse_moe.experts.{e}.w1", "block_sparse_moe.experts.{e}.w3",
                              "block_sparse_moe.experts.{e}.w2"}});
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"mistral", "mixtral", "ministral", "ministral3"};
constexpr std::string_view kGgufArchs[] = {"mistral3"};

}  // namespace

const Family kMistral = {"mistral", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
