#include "model/config_reader.h"

#include <cmath>
#include <span>

#include "formats/utf8.h"

namespace frugal {
namespace {

// Keys of config.json that do not change what a forward pass computes: names, training and
// generation settings, and what the tokenizer reads for itself. A trailing '*' is a prefix.
constexpr std::string_view kHarmless[] = {
    "_*", "architectures", "model_type", "torch_dtype", "dtype", "transformers_version",
    "transformers.js_config.*", "is_llama_config", "use_cache", "auto_map.*", "unsloth_*",
    "attn_implementation", "use_flash_attn",
    // vocabulary and heads of other tasks
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
    "decoder_start_token_id", "tokenizer_class", "prefix", "id2label.*", "label2id.*", "num_labels",
    "problem_type", "task_specific_params.*", "finetuning_task",
    // training
    "initializer_range", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop",
    "gradient_checkpointing", "pretraining_tp", "max_sequence_length", "tf_legacy_loss",
    // what calls return
    "return_dict", "return_dict_in_generate", "output_attentions", "output_hidden_states",
    "output_router_logits", "output_scores", "keys_to_ignore_at_inference",
    "chunk_size_feed_forward", "pruned_heads.*", "torchscript", "use_bfloat16", "is_decoder",
    // generation, which older files keep here
    "max_length", "max_new_tokens", "min_length", "do_sample", "early_stopping", "num_beams",
    "num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p", "typical_p",
    "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
    "bad_words_ids", "num_return_sequences", "forced_bos_token_id", "forced_eos_token_id",
    "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
    "begin_suppress_tokens"};

// Settings that published files name only to say that they are not used: accepted at this value
// (booleans count as 0 and 1), refused at any other.
struct Neutral {
  std::string_view key;
  double value;
};
constexpr Neutral kNeutralHf[] = {{"use_mrope", 0},           {"rope_interleaved", 0},
                                  {"attention_bias", 0},      {"mlp_bias", 0},
                                  {"use_sliding_window", 0},  {"qk_layer_norms", 0},
                                  {"add_cross_attention", 0}, {"is_encoder_decoder", 0},
                                  {"tie_encoder_decoder", 0}, {"partial_rotary_factor", 1}};
constexpr Neutral kNeutralGguf[] = {  // without the architecture's prefix
    {"expert_count", 0},
    {"expert_used_count", 0},
    {"attention.causal", 1}};

bool IsHarmless(std::string_view key) {
  for (std::string_view pattern : kHarmless) {
    if (pattern.back() == '*' ? key.starts_with(pattern.substr(0, pattern.size() - 1))
                              : key == pattern) {
      return true;
    }
  }
  return false;
}

bool IsNeutral(std::span<const Neutral> table, std::string_view key, const MetaValue& value) {
  double number = 0.0;
  if (const auto* boolean = std::get_if<bool>(&value)) {
    number = *boolean ? 1.0 : 0.0;
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    number = static_cast<double>(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    number = *real;
  } else {
    return false;
  }
  for (const Neutral& neutral : table) {
    if (neutral.key == key) return neutral.value == number;
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
  const std::string prefix = arch_ + ".";
  for (const auto& [key, value] : checkpoint_.metadata.values) {
    if (std::holds_alternative<MetaNull>(value) || read_.contains(key)) continue;
    if (gguf()) {
      // What lies outside the prefix is the tokenizer's, or provenance under anybody's name.
      if (!key.starts_with(prefix)) continue;
      if (IsNeutral(kNeutralGguf, std::string_view(key).substr(prefix.size()), value)) continue;
    } else if (IsHarmless(key) || IsNeutral(kNeutralHf, key, value)) {
      continue;
    }
    return Error(
        StatusCode::kUnsupported,
        "{}: '{}' is a setting that Frugal does not know for {}; it may change the result, "
        "so the model is not run",
        checkpoint_.path, Printable(key), arch_);
  }
  return OkStatus();
}

}  // namespace frugal
