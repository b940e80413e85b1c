#include <algorithm>

#include "base/check.h"
#include "formats/utf8.h"
#include "model/arch/families.h"
#include "model/arch/family.h"
#include "model/blocks/moe.h"
#include "model/quant_scheme.h"

namespace frugal {
namespace {

constexpr const Family* kFamilies[] = {&kApertus, &kBailing, &kBailing2,  &kDeepSeek,  &kErnie,
                                       &kGlm4,    &kGlm4Moe, &kGptOss,    &kGrok1,     &kGrok2,
                                       &kHunyuan, &kLlama,   &kMiniMax,   &kMiniMaxM2, &kMistral,
                                       &kQwen2,   &kQwen3,   &kQwen3Next, &kSeedOss};

std::string KnownTypes(bool gguf) {
  std::string list;
  for (const Family* family : kFamilies) {
    const auto own = gguf ? family->gguf_archs : family->model_types;
    for (std::string_view type : own.empty() && !gguf ? family->architectures : own) {
      list += (list.empty() ? "" : ", ") + std::string(type);
    }
  }
  return list;
}

// Token ids the checkpoint names as its start and its ends.
Status ReadTokenIds(const Checkpoint& checkpoint, ModelSpec* spec) {
  // generation_config.json speaks last in transformers, and may name several ends.
  ConfigReader config(checkpoint, "tokenizer.ggml");
  std::vector<int64_t> bos = config.IntsOr({"bos_token_id", "bos_token_id"});
  std::vector<int64_t> ends = config.IntsOr({"eos_token_id", "eos_token_id"});
  for (const char* key : {"eot_token_id", "eom_token_id"}) {
    for (int64_t id : config.IntsOr({"", key})) ends.push_back(id);
  }
  if (!checkpoint.generation.values.empty()) {
    const Checkpoint generation{.container = Container::kHuggingFace,
                                .path = checkpoint.path + "/generation_config.json",
                                .metadata = checkpoint.generation};
    ConfigReader reader(generation, "");
    for (int64_t id : reader.IntsOr({"eos_token_id", ""})) ends.push_back(id);
    if (bos.empty()) bos = reader.IntsOr({"bos_token_id", ""});
    RETURN_IF_ERROR(reader.status());
  }
  RETURN_IF_ERROR(config.status());
  const auto inside = [&](int64_t id) { return id >= 0 && id < spec->vocab; };
  if (!bos.empty() && inside(bos[0])) spec->bos_id = static_cast<int32_t>(bos[0]);
  for (int64_t id : ends) {
    // Ids beyond the vocabulary can never be sampled; published configurations do hold some.
    if (inside(id) && std::ranges::find(spec->stop_ids, id) == spec->stop_ids.end()) {
      spec->stop_ids.push_back(static_cast<int32_t>(id));
    }
  }
  return OkStatus();
}

// What the blocks ask of a layer's sizes; messages lack the file's name.
Status Check(const ModelSpec& spec, int l, const GqaSpec& gqa) {
  if (gqa.n_kv_heads < 1 || gqa.n_heads % gqa.n_kv_heads != 0) {
    return Error(StatusCode::kCorrupt,
                 "layer {}: {} attention heads are not a multiple of {} key-value heads", l,
                 gqa.n_heads, gqa.n_kv_heads);
  }
  if (gqa.head_dim < 2 || gqa.head_dim > 4096) {
    return Error(StatusCode::kCorrupt, "layer {}: head_dim: expected 2 to 4096, found {}", l,
                 gqa.head_dim);
  }
  if (gqa.rope < 0) return OkStatus();
  const int rotary = spec.ropes[gqa.rope].rotary_dim;
  if (rotary % 2 != 0 || rotary > gqa.head_dim) {
    return Error(StatusCode::kCorrupt,
                 "layer {}: rotary dimension {}: expected an even number up to head_dim {}", l,
                 rotary, gqa.head_dim);
  }
  return OkStatus();
}

Status Check(const ModelSpec& spec, int l, const MlaSpec& mla) {
  for (const int dim :
       {mla.kv_lora_rank, mla.qk_nope_head_dim, mla.qk_rope_head_dim, mla.v_head_dim}) {
    if (dim < 1 || dim > 8192) {
      return Error(StatusCode::kCorrupt, "layer {}: latent attention: expected 1 to 8192, found {}",
                   l, dim);
    }
  }
  if (mla.qk_rope_head_dim % 2 != 0 || spec.ropes[mla.rope].rotary_dim != mla.qk_rope_head_dim) {
    return Error(StatusCode::kCorrupt,
                 "layer {}: 'qk_rope_head_dim': expected an even number, "
                 "found {}",
                 l, mla.qk_rope_head_dim);
  }
  return OkStatus();
}

Status Check(const ModelSpec&, int l, const GatedDeltaSpec& delta) {
  if (delta.n_v_heads % delta.n_k_heads != 0) {
    return Error(StatusCode::kCorrupt,
                 "layer {}: {} value heads are not a multiple of {} key heads", l, delta.n_v_heads,
                 delta.n_k_heads);
  }
  return OkStatus();
}

Status Check(const ModelSpec&, int, const LightningSpec&) { return OkStatus(); }

Status CheckMoe(int l, const MoeSpec& moe) {
  if (moe.n_experts < 1 || moe.n_experts > kMaxExperts) {
    return Error(StatusCode::kCorrupt, "layer {}: experts: expected 1 to {}, found {}", l,
                 kMaxExperts, moe.n_experts);
  }
  const RouterSpec& router = moe.router;
  if (router.n_group < 1 || moe.n_experts % router.n_group != 0 || router.topk_group < 1 ||
      router.topk_group > router.n_group) {
    return Error(StatusCode::kCorrupt,
                 "layer {}: {} of {} groups of experts: expected groups of equal size for {} "
                 "experts, and at least one of them kept",
                 l, router.topk_group, router.n_group, moe.n_experts);
  }
  const int reachable = moe.n_experts / router.n_group * router.topk_group;
  if (moe.top_k < 1 || moe.top_k > reachable) {
    return Error(StatusCode::kCorrupt, "layer {}: experts per token: expected 1 to {}, found {}", l,
                 reachable, moe.top_k);
  }
  return OkStatus();
}

Status CheckSound(const ModelSpec& spec) {
  const int layers = spec.n_layers() + static_cast<int>(spec.mtp_layers.size());
  for (int l = 0; l < layers; ++l) {
    const LayerSpec& layer = spec.layer(l);
    RETURN_IF_ERROR(
        std::visit([&](const auto& mixer) { return Check(spec, l, mixer); }, layer.mixer));
    if (const MoeSpec* moe = layer.moe()) RETURN_IF_ERROR(CheckMoe(l, *moe));
  }
  return OkStatus();
}

}  // namespace

std::span<const Family* const> AllFamilies() { return kFamilies; }

Result<const Family*> FindFamily(const Checkpoint& checkpoint) {
  const bool gguf = checkpoint.container == Container::kGguf;
  if (const auto list = checkpoint.metadata.GetStrings("architectures");
      !gguf && list.ok() && !list->empty()) {
    for (const Family* family : kFamilies) {
      if (std::ranges::find(family->architectures, list->front()) != family->architectures.end()) {
        return family;
      }
    }
  }
  const char* key = gguf ? "general.architecture" : "model_type";
  Result<std::string> type = checkpoint.metadata.GetString(key);
  if (!type.ok()) return type.status().WithContext(checkpoint.path);
  for (const Family* family : kFamilies) {
    const auto names = gguf ? family->gguf_archs : family->model_types;
    if (std::ranges::find(names, *type) != names.end()) return family;
  }
  return Error(StatusCode::kUnsupported,
               "{}: '{}' is '{}', a family Frugal does not run; known: {}", checkpoint.path, key,
               Printable(*type), KnownTypes(gguf));
}

Result<ModelSpec> ParseModelSpec(const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(const Family* family, FindFamily(checkpoint));
  const std::string arch = checkpoint.container == Container::kGguf
                               ? *checkpoint.metadata.GetString("general.architecture")
                               : std::string(family->name);
  ConfigReader config(checkpoint, arch);
  ReadQuantScheme(config);  // the binder uses it; here its keys are known and its errors seen
  ModelSpec spec = family->parse(config);
  RETURN_IF_ERROR(config.status());
  RETURN_IF_ERROR(config.CheckAllRead());
  if (Status sound = CheckSound(spec); !sound.ok()) {
    return std::move(sound).WithContext(checkpoint.path);
  }
  RETURN_IF_ERROR(ReadTokenIds(checkpoint, &spec));
  return spec;
}

std::vector<TensorDesc> ModelTensors(const ModelSpec& spec) {
  for (const Family* family : kFamilies) {
    if (family->name == spec.family) return family->tensors(spec);
  }
  CHECK(false);
}

}  // namespace frugal
