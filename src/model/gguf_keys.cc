#include "model/gguf_keys.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace frugal {
namespace {

struct Arch {
  std::string_view family;
  std::string_view dense;
  std::string_view sparse;  // with experts
};

constexpr Arch kArchs[] = {{"apertus", "apertus", ""},
                           {"bailing", "", "bailingmoe"},
                           {"bailing2", "", "bailingmoe2"},
                           {"deepseek", "deepseek2", "deepseek2"},
                           {"ernie", "ernie4_5", "ernie4_5-moe"},
                           {"glm4", "glm4", ""},
                           {"glm4_moe", "", "glm4moe"},
                           {"gpt_oss", "", "gpt-oss"},
                           {"grok1", "", "grok"},
                           {"grok2", "", "grok"},
                           {"hunyuan", "hunyuan-dense", "hunyuan-moe"},
                           {"llama", "llama", "llama"},
                           {"minimax_m2", "", "minimax-m2"},
                           {"mistral", "llama", "llama"},
                           {"qwen2", "qwen2", ""},
                           {"qwen3", "qwen3", "qwen3moe"},
                           {"qwen3_next", "", "qwen3next"},
                           {"seed_oss", "seed_oss", ""}};

// llama.cpp's llama_expert_gating_func_type.
int64_t GatingFunction(RouterSpec::Score score) {
  switch (score) {
    case RouterSpec::Score::kSoftmax:
      return 1;
    case RouterSpec::Score::kSigmoid:
      return 2;
    case RouterSpec::Score::kSoftmaxOverTopK:
      return 3;
  }
  return 1;
}

struct KeyWriter {
  const ModelSpec& spec;
  const std::string& arch;
  Metadata metadata;

  void Int(const char* key, int64_t value) { metadata.values[arch + "." + key] = value; }
  void Flag(const char* key, bool value) { metadata.values[arch + "." + key] = value; }
  void Text(const char* key, const char* value) {
    metadata.values[arch + "." + key] = std::string(value);
  }
  // Readers expect float32.
  void Real(const char* key, double value) {
    metadata.values[arch + "." + key] = static_cast<double>(static_cast<float>(value));
  }
  void RealUnless(const char* key, double value, double usual) {
    if (value != usual) Real(key, value);
  }
};

void AddRope(KeyWriter& w, const RopeSpec& rope, bool latent) {
  w.Int("rope.dimension_count", rope.rotary_dim);
  double theta = rope.theta;
  if (rope.scaling == RopeScaling::kNtkAlpha) {
    theta *= std::pow(rope.alpha, rope.rotary_dim / (rope.rotary_dim - 2.0));
  }
  w.Real("rope.freq_base", theta);
  if (rope.scaling == RopeScaling::kLinear) {
    w.Text("rope.scaling.type", "linear");
    w.Real("rope.scaling.factor", rope.factor);
  }
  if (rope.scaling != RopeScaling::kYarn && rope.scaling != RopeScaling::kYarnLog) return;
  w.Text("rope.scaling.type", "yarn");
  w.Real("rope.scaling.factor", rope.factor);
  w.Int("rope.scaling.original_context_length", rope.original_max_position);
  w.RealUnless("rope.scaling.yarn_beta_fast", rope.beta_fast, 32.0);
  w.RealUnless("rope.scaling.yarn_beta_slow", rope.beta_slow, 1.0);
  w.RealUnless("rope.scaling.yarn_ext_factor", rope.extrapolation_factor, 1.0);
  if (latent) return;
  // ggml multiplies what is here by YaRN's own factor.
  std::vector<float> inv_freq(rope.rotary_dim / 2);
  float scale = 1.0f;
  RopeInvFreq(rope, 1, inv_freq.data(), &scale);
  const double own = rope.factor > 1.0 ? 0.1 * std::log(rope.factor) + 1.0 : 1.0;
  if (std::abs(scale / own - 1.0) > 1e-6) w.Real("rope.scaling.attn_factor", scale / own);
}

void AddMixers(KeyWriter& w) {
  for (const LayerSpec& layer : w.spec.layers) {
    if (const auto* delta = std::get_if<GatedDeltaSpec>(&layer.mixer)) {
      w.Int("ssm.conv_kernel", delta->conv_kernel);
      w.Int("ssm.state_size", delta->k_head_dim);
      w.Int("ssm.group_count", delta->n_k_heads);
      w.Int("ssm.time_step_rank", delta->n_v_heads);
      w.Int("ssm.inner_size", delta->v_dim());
      const auto full = std::ranges::find_if(w.spec.layers, [](const LayerSpec& other) {
        return std::holds_alternative<GqaSpec>(other.mixer);
      });
      w.Int("full_attention_interval", full - w.spec.layers.begin() + 1);
    }
    if (const MlaSpec* mla = layer.mla()) {
      // As multi-query attention over the latent cache.
      w.Int("attention.head_count", mla->n_heads);
      w.Int("attention.head_count_kv", 1);
      if (mla->q_lora_rank > 0) w.Int("attention.q_lora_rank", mla->q_lora_rank);
      w.Int("attention.kv_lora_rank", mla->kv_lora_rank);
      w.Int("attention.key_length", mla->latent_dim());
      w.Int("attention.value_length", mla->kv_lora_rank);
      w.Int("attention.key_length_mla", mla->qk_head_dim());
      w.Int("attention.value_length_mla", mla->v_head_dim);
      const RopeSpec& rope = w.spec.ropes[mla->rope];
      AddRope(w, rope, /*latent=*/true);
      if (rope.scaling == RopeScaling::kYarn) {
        // What the attention's scale says of mscale_all_dim: llama.cpp has a tenth of it.
        const double mscale = std::sqrt(mla->scale * std::sqrt(double(mla->qk_head_dim())));
        const double per_log = rope.factor > 1.0 ? (mscale - 1.0) / std::log(rope.factor) : 0.0;
        w.Real("rope.scaling.yarn_log_multiplier",
               rope.mscale_all_dim != 0.0 ? 0.1 * rope.mscale_all_dim : per_log);
      }
    }
    const auto* gqa = std::get_if<GqaSpec>(&layer.mixer);
    if (gqa == nullptr) continue;
    w.Int("attention.head_count", gqa->n_heads);
    w.Int("attention.head_count_kv", gqa->n_kv_heads);
    w.Int("attention.key_length", gqa->head_dim);
    w.Int("attention.value_length", gqa->head_dim);
    // The others have no such key.
    const bool windows = w.arch == "llama" || w.arch == "mistral3" || w.arch == "gpt-oss";
    if (windows && gqa->window > 0) w.Int("attention.sliding_window", gqa->window);
    if (gqa->rope >= 0) AddRope(w, w.spec.ropes[gqa->rope], /*latent=*/false);
    if (gqa->q_scale.kind == PositionScale::Kind::kLlama4) {
      w.Real("attention.temperature_scale", gqa->q_scale.beta);
    }
    if (gqa->q_scale.kind == PositionScale::Kind::kGrok) {
      w.Int("attention.temperature_length", gqa->q_scale.length);
    }
    if (w.arch == "grok") {
      w.Real("attention.output_scale", gqa->scale);
      w.Real("attn_logit_softcapping", gqa->logit_cap);
    }
  }
}

// The first layer with experts, and every how many there is another.
void AddExpertLayers(KeyWriter& w) {
  std::vector<int> sparse;
  for (int l = 0; l < w.spec.n_layers(); ++l) {
    if (w.spec.layers[l].moe() != nullptr) sparse.push_back(l);
  }
  const int step = sparse.size() > 1 ? sparse[1] - sparse[0] : 1;
  // ERNIE's layers count from one: layer l has experts where (l + 1) divides by the step.
  if (w.arch == "ernie4_5-moe") {
    w.Int("interleave_moe_layer_step", step);
    w.Int("leading_dense_block_count", sparse[0]);
    return;
  }
  // Elsewhere either the first layers are without, or none is.
  constexpr std::string_view kLeading[] = {"deepseek2", "glm4moe", "bailingmoe", "bailingmoe2"};
  if (std::ranges::find(kLeading, w.arch) != std::end(kLeading)) {
    w.Int("leading_dense_block_count", sparse[0]);
  }
}

void AddExperts(KeyWriter& w, const MoeSpec& moe) {
  w.Int("expert_count", moe.n_experts);
  w.Int("expert_used_count", moe.top_k);
  w.Int("expert_feed_forward_length", moe.expert.d_ff);
  const RouterSpec& router = moe.router;
  w.Int("expert_gating_func", GatingFunction(router.score));
  w.Flag("expert_weights_norm", router.renormalize);
  w.RealUnless("expert_weights_scale", router.scale, 1.0);
  if (router.n_group > 1) {
    w.Int("expert_group_count", router.n_group);
    w.Int("expert_group_used_count", router.topk_group);
  }
  if (w.arch == "grok") w.Real("router_logit_softcapping", router.softcap);
  AddExpertLayers(w);
  if (!moe.shared || w.arch == "grok") return;
  // Three architectures know a number of experts as wide as the others, the rest a width.
  constexpr std::string_view kCounted[] = {"deepseek2", "glm4moe", "bailingmoe"};
  if (std::ranges::find(kCounted, w.arch) != std::end(kCounted)) {
    w.Int("expert_shared_count", moe.shared->d_ff / moe.expert.d_ff);
  } else {
    if (w.arch != "qwen3next") w.Int("expert_shared_count", 1);
    w.Int("expert_shared_feed_forward_length", moe.shared->d_ff);
  }
}

}  // namespace

Result<std::string> GgufArch(const ModelSpec& spec) {
  const bool sparse = MoeLayers(spec) > 0;
  std::string known;
  for (const Arch& arch : kArchs) {
    const std::string_view name = sparse ? arch.sparse : arch.dense;
    if (arch.family != spec.family || name.empty()) continue;
    const auto* gqa = std::get_if<GqaSpec>(&spec.layers[0].mixer);
    const bool scaled = gqa != nullptr && gqa->q_scale.kind == PositionScale::Kind::kLlama4;
    return std::string(arch.family == "mistral" && scaled ? "mistral3" : name);
  }
  return Error(StatusCode::kUnsupported,
               "GGUF has no name for this kind of model ({}{}); Frugal runs it from its own files",
               spec.family, sparse ? " with experts" : "");
}

Metadata MakeGgufKeys(const ModelSpec& spec, const std::string& arch) {
  KeyWriter w{.spec = spec, .arch = arch, .metadata = {}};
  w.metadata.values["general.architecture"] = arch;
  w.metadata.values["general.type"] = std::string("model");
  w.Int("block_count", spec.n_layers() + static_cast<int64_t>(spec.mtp_layers.size()));
  if (!spec.mtp_layers.empty()) {
    w.Int("nextn_predict_layers", static_cast<int64_t>(spec.mtp_layers.size()));
  }
  w.Int("context_length", spec.max_position);
  w.Int("embedding_length", spec.hidden);
  w.Int("vocab_size", spec.vocab);
  w.Real("attention.layer_norm_rms_epsilon", spec.norm_eps);
  AddMixers(w);
  // Of the layers without experts, else of the experts.
  const FfnSpec* dense = nullptr;
  const MoeSpec* moe = nullptr;
  for (const LayerSpec& layer : spec.layers) {
    if (layer.moe() != nullptr) {
      moe = layer.moe();
    } else {
      dense = &layer.glu();
    }
  }
  if (dense == nullptr && arch == "grok" && moe->shared) dense = &*moe->shared;
  w.Int("feed_forward_length", dense != nullptr ? dense->d_ff : moe->expert.d_ff);
  if (moe != nullptr) AddExperts(w, *moe);
  if (arch == "grok") {
    w.Real("embedding_scale", spec.embedding_scale);
    w.Real("logit_scale", spec.logit_scale);
    if (spec.logit_cap > 0.0f) w.Real("final_logit_softcapping", spec.logit_cap);
  }
  return std::move(w.metadata);
}

std::vector<float> GgufRopeFactors(const RopeSpec& rope) {
  if (rope.scaling != RopeScaling::kLlama3) return rope.freq_factors;
  const size_t n = rope.rotary_dim / 2;
  std::vector<float> stretched(n), plain(n), factors(n);
  float scale = 1.0f;
  RopeInvFreq(rope, 1, stretched.data(), &scale);
  RopeSpec unscaled = rope;
  unscaled.scaling = RopeScaling::kNone;
  RopeInvFreq(unscaled, 1, plain.data(), &scale);
  for (size_t i = 0; i < n; ++i) {
    factors[i] = plain[i] / stretched[i];
    // The neighbour whose quotient is the frequency itself, where there is one.
    for (const float next :
         {factors[i], std::nextafter(factors[i], 0.0f), std::nextafter(factors[i], INFINITY)}) {
      if (plain[i] / next == stretched[i]) {
        factors[i] = next;
        break;
      }
    }
  }
  return factors;
}

}  // namespace frugal
