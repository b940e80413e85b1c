// Grok-1 in its Hugging Face form: experts everywhere, a norm on both sides of each block, capped
// attention logits, the chosen experts' weights as the softmax gave them.
// Reference: xai-org/grok-1 model.py; names and configuration of hpcai-tech/grok-1. (As GGUF it is
// "grok": grok2.cc.)
#include "model/arch/decoder.h"
#include "model/arch/experts.h"
#include "model/arch/families.h"

namespace frugal {
namespace {

ModelSpec Parse(ConfigReader& config) {
  ModelSpec spec = ReadModel(config, "grok1");
  if (!config.Has({"tie_word_embeddings", ""})) spec.tied_embedding = true;
  if (!config.Has({"rms_norm_eps", ""})) spec.norm_eps = 1e-5f;
  spec.embedding_scale =
      static_cast<float>(config.DoubleOr({"embedding_multiplier_scale", ""}, 78.38367176906169));
  spec.logit_scale =
      static_cast<float>(config.DoubleOr({"output_multiplier_scale", ""}, 0.5773502691896257));
  GqaSpec gqa = ReadGqa(config, spec);
  // Of the logits, whatever the key's name says.
  gqa.scale =
      static_cast<float>(config.DoubleOr({"attn_output_multiplier", ""}, 0.08838834764831845));
  gqa.logit_cap = static_cast<float>(config.DoubleOr({"max_attn_value", ""}, 30.0));
  spec.ropes.push_back(ReadRope(config, spec, gqa.head_dim));
  MoeSpec moe = ReadExperts(config, {}, {.n_experts = "num_experts", .d_ff = "intermediate_size"});
  moe.expert.activation = Activation::kGeluTanh;
  ExpectWord(config, "hidden_act", "gelu");
  for (LayerSpec& layer : spec.layers) {
    layer.mixer = gqa;
    layer.ffn = moe;
    layer.post_mixer_norm = layer.post_ffn_norm = true;
  }
  config.Ignore({"router_aux_loss_coef", ""});  // training
  return spec;
}

std::vector<TensorDesc> Tensors(const ModelSpec& spec) {
  std::vector<TensorDesc> table;
  AddModelTensors(spec, &table, {.norm = "model.norm.scale"});
  for (int l = 0; l < spec.n_layers(); ++l) {
    const LayerTable layer(spec, l, &table);
    AddGqaTensors(layer, {.norm = "pre_attn_norm.scale",
                          .q = "attn.q_proj",
                          .k = "attn.k_proj",
                          .v = "attn.v_proj",
                          .o = "attn.o_proj"});
    layer.Norm(Role::kPostMixerNorm, "attn_output_norm.weight", "post_attn_norm.scale",
               spec.hidden);
    AddFfnNorm(layer, "pre_moe_norm.scale");
    AddMoeTensors(layer, {.router = "moe_block.gate.weight",
                          .expert = {.gate = "moe_block.experts.{e}.linear",
                                     .up = "moe_block.experts.{e}.linear_v",
                                     .down = "moe_block.experts.{e}.linear_1"}});
    layer.Norm(Role::kPostFfnNorm, "post_ffw_norm.weight", "post_moe_norm.scale", spec.hidden);
  }
  return table;
}

constexpr std::string_view kModelTypes[] = {"grok-1"};

}  // namespace

const Family kGrok1 = {"grok1", kModelTypes, {}, Parse, Tensors};

}  // namespace frugal
