#include "model/config_reader.h"

#include <cmath>

namespace frugal {
namespace {

// Keys of config.json that do not change what a forward pass computes: names, training and
// generation settings, and what the tokenizer reads for itself. A trailing '*' is a prefix.
constexpr std::string_view kHarmlessHf[] = {
    "_*", "architectures", "model_type", "torch_dtype", "dtype", "transformers_version",
    "use_cache", "initializer_range", "auto_map.*", "id2label.*", "label2id.*", "num_labels",
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id",
    "cls_token_id", "decoder_start_token_id", "attention_dropout", "hidden_dropout",
    "resid_pdrop", "embd_pdrop", "return_dict", "output_attentions", "output_hidden_states",
    "output_router_logits", "chunk_size_feed_forward", "is_decoder", "is_encoder_decoder",
    "gradient_checkpointing", "problem_type", "task_specific_params", "finetuning_task",
    "tokenizer_class", "prefix", "pruned_heads.*", "keys_to_ignore_at_inference",
    "use_flash_attn", "attn_implementation", "unsloth_*", "rope_theta_is_default"};

// GGUF keys outside the architecture's prefix: provenance, vocabulary, splits, quantiser notes.
constexpr std::string_view kHarmlessGguf[] = {"general.*", "tokenizer.*", "split.*",
                                              "quantize.*", "GGUF.*"};

template <size_t N>
bool Matches(const std::string_view (&patterns)[N], std::string_view key) {
  for (std::string_view pattern : patterns) {
    if (pattern.back() == '*' ? key.starts_with(pattern.substr(0, pattern.size() - 1))
                              : key == pattern) {
      return true;
    }
  }
  return false;
}

}  // namespace

ConfigReader::ConfigReader(const Checkpoint& checkpoint, std::string arch)
    : checkpoint_(checkpoint), arch_(std::move(arch)) {}

void ConfigReader::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status).WithContext(checkpoint_.path);
}

std::string ConfigReader::Resolve(ConfigKey key) const {
  if (!gguf()) return std::string(key.hf);
  return key.gguf.empty() ? std::string() : arch_ + "." + std::string(key.gguf);
}

bool ConfigReader::Has(ConfigKey key) const {
  const std::string name = Resolve(key);
  return !name.empty() && checkpoint_.metadata.Has(name);
}

const MetaValue* ConfigReader::Find(ConfigKey key) {
  const std::string name = Resolve(key);
  if (name.empty()) return nullptr;
  read_.insert(name);
  return checkpoint_.metadata.Has(name) ? checkpoint_.metadata.Find(name) : nullptr;
}

template <typename T>
bool ConfigReader::Get(Result<T> value, T* out) {
  if (!value.ok()) {
    Fail(value.status());
    return false;
  }
  *out = *std::move(value);
  return true;
}

int64_t ConfigReader::Int(ConfigKey key, int64_t min, int64_t max) {
  if (Find(key) == nullptr) {
    Fail(Error(StatusCode::kCorrupt, "'{}' is missing", Resolve(key)));
    return min;
  }
  return IntOr(key, min, max, min);
}

int64_t ConfigReader::IntOr(ConfigKey key, int64_t min, int64_t max, int64_t fallback) {
  if (Find(key) == nullptr) return fallback;
  const std::string name = Resolve(key);
  int64_t value = fallback;
  if (!Get(checkpoint_.metadata.GetInt(name), &value)) return fallback;
  if (value < min || value > max) {
    Fail(Error(StatusCode::kCorrupt, "'{}': expected {} to {}, found {}", name, min, max, value));
    return fallback;
  }
  return value;
}

double ConfigReader::DoubleOr(ConfigKey key, double fallback) {
  if (Find(key) == nullptr) return fallback;
  double value = fallback;
  if (!Get(checkpoint_.metadata.GetDouble(Resolve(key)), &value)) return fallback;
  if (!std::isfinite(value)) {
    Fail(Error(StatusCode::kCorrupt, "'{}': expected a finite number", Resolve(key)));
    return fallback;
  }
  return value;
}

double ConfigReader::Double(ConfigKey key) {
  if (Find(key) == nullptr) {
    Fail(Error(StatusCode::kCorrupt, "'{}' is missing", Resolve(key)));
    return 1.0;
  }
  return DoubleOr(key, 1.0);
}

bool ConfigReader::BoolOr(ConfigKey key, bool fallback) {
  if (Find(key) == nullptr) return fallback;
  bool value = fallback;
  Get(checkpoint_.metadata.GetBool(Resolve(key)), &value);
  return value;
}

std::string ConfigReader::StringOr(ConfigKey key, std::string_view fallback) {
  std::string value(fallback);
  if (Find(key) != nullptr) Get(checkpoint_.metadata.GetString(Resolve(key)), &value);
  return value;
}

std::vector<std::string> ConfigReader::StringsOr(ConfigKey key) {
  std::vector<std::string> value;
  if (Find(key) != nullptr) Get(checkpoint_.metadata.GetStrings(Resolve(key)), &value);
  return value;
}

std::vector<int64_t> ConfigReader::IntsOr(ConfigKey key) {
  std::vector<int64_t> value;
  const MetaValue* found = Find(key);
  if (found == nullptr) return value;
  if (std::holds_alternative<std::vector<int64_t>>(*found)) {
    Get(checkpoint_.metadata.GetInts(Resolve(key)), &value);
  } else {
    int64_t single = 0;
    if (Get(checkpoint_.metadata.GetInt(Resolve(key)), &single)) value.push_back(single);
  }
  return value;
}

void ConfigReader::Ignore(ConfigKey key) {
  const std::string name = Resolve(key);
  if (!name.empty()) read_.insert(name);
}

Status ConfigReader::CheckAllRead() const {
  for (const auto& [key, value] : checkpoint_.metadata.values) {
    if (std::holds_alternative<MetaNull>(value) || read_.contains(key)) continue;
    const bool harmless = gguf() ? Matches(kHarmlessGguf, key) : Matches(kHarmlessHf, key);
    if (harmless) continue;
    return Error(StatusCode::kUnsupported,
                 "{}: '{}' is a setting that Frugal does not know for {}; it may change the result, "
                 "so the model is not run",
                 checkpoint_.path, key, arch_);
  }
  return OkStatus();
}

}  // namespace frugal
