// Ling and Ring, version 1: Q, K and V in one projection, softmax routing with shared experts, an
// output head whose columns are normalised.
// Reference: inclusionAI/Ling models/modeling_bailing_moe.py.
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

// Their YaRN has defaults of its own.
void SetYarn(ConfigReader& config, RopeSpec* rope) {
  if (config.gguf() || rope->scaling != RopeScaling::kYarn) return;
  const double mscale = config.DoubleOr({"rope_scaling.mscale", ""}, 1.0);
  rope->attention_factor =
      YarnMscale(rope->factor, mscale) / YarnMscale(rope->factor, rope->mscale_all_dim);
  if (!config.Has({"rope_scaling.original_max_position_embeddings", ""})) {
    rope->original_max_position = 4096;
  }
}

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "bailing");
  if (!config.Has({"rms_norm_eps", "attention.layer_norm_rms_epsilon"})) spec.norm_eps = 1e-5f;
  // Converters to GGUF store the head normalised.
  spec.norm_head = config.BoolOr({"norm_head", ""}, false);
  const GqaSpec gqa = ReadGqa(config, spec);
  spec.ropes.push_back(ReadRope(config, spec, gqa.head_dim, {.gguf_interleaved = true}));
  SetYarn(config, &spec.ropes[0]);

  const FfnSpec dense = ReadGlu(config);
  MoeSpec moe = ReadExperts(config, {.renormalize = config.BoolOr({"norm_topk_prob", ""}, true)},
                            {.n_experts = "num_experts"});
  if (moe.top_k == 1) moe.router.renormalize = false;
  ReadSharedExperts(config, "num_shared_experts", &moe);
  const int first = ReadFirstDense(config, spec, 0);
  for (int l = 0; l < spec.n_layers(); ++l) {
    spec.layers[l].mixer = gqa;
    if (l < first) {
      spec.layers[l].ffn = dense;
    } else {
      spec.layers[l].ffn = moe;
    }
  }
  const auto has = [&](const char* name) {
    return config.checkpoint().tensors.Find(name) != nullptr;
  };
  SetAttentionBias(
      &spec, config.gguf() ? has("blk.0.attn_q.bias") : config.BoolOr({"use_qkv_bias", ""}, false),
      config.gguf() ? has("blk.0.attn_output.bias") : config.BoolOr({"use_bias", ""}, true));
  // Training, and settings that the published code does not read.
  for (const char* key : {"embedding_dropout", "output_dropout", "norm_softmax", "sliding_window",
                          "use_sliding_window", "max_window_layers"}) {
    config.Ignore({key, ""});
  }
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table, {.embedding = "model.word_embeddings.weight"});
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer, {.o = "attention.dense", .qkv = "attention.query_key_value"});
    AddFfnNorm(layer);
    AddFfnTensors(layer);
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"bailing_moe"};
constexpr std::string_view kGgufArchs[] = {"bailingmoe"};

}  // namespace

const Family kBailing = {"bailing", kModelTypes, kGgufArchs, Parse, Tensors};

}  // namespace frugal
