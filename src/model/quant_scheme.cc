#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/quant_scheme.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <set>

#include "formats/utf8.h"

namespace frugal {
namespace {

constexpr std::string_view kRoot = "quantization_config.";
constexpr int64_t kMaxSize = int64_t{1} << 31;  // of groups and blocks

// The keys under one prefix.
class Section {
 public:
  Section(ConfigReader& config, std::string prefix) : config_(config), prefix_(std::move(prefix)) {}

  std::string Name(std::string_view key) const { return prefix_ + std::string(key); }
  bool Has(std::string_view key) const { return config_.Has({.hf = Name(key), .gguf = ""}); }
  int64_t Int(std::string_view key, int64_t min, int64_t max) {
    return config_.Int({.hf = Name(key), .gguf = ""}, min, max);
  }
  int64_t IntOr(std::string_view key, int64_t min, int64_t max, int64_t fallback) {
    return config_.IntOr({.hf = Name(key), .gguf = ""}, min, max, fallback);
  }
  bool BoolOr(std::string_view key, bool fallback) {
    return config_.BoolOr({.hf = Name(key), .gguf = ""}, fallback);
  }
  std::string StringOr(std::string_view key, std::string_view fallback) {
    return config_.StringOr({.hf = Name(key), .gguf = ""}, fallback);
  }
  std::vector<int64_t> Ints(std::string_view key) {
    return config_.IntsOr({.hf = Name(key), .gguf = ""});
  }
  std::vector<std::string> Strings(std::string_view key) {
    return config_.StringsOr({.hf = Name(key), .gguf = ""});
  }

  // A string that must be one of `known`; the first is what an absent key means.
  std::string OneOf(std::string_view key, std::initializer_list<std::string_view> known) {
    const std::string value = StringOr(key, *known.begin());
    if (std::find(known.begin(), known.end(), value) == known.end()) {
      Refuse(key,
             fmt::format("Frugal reads {}, found '{}'", fmt::join(known, ", "), Printable(value)));
    }
    return value;
  }

  // A boolean that must have this value.
  void Must(std::string_view key, bool value) {
    if (BoolOr(key, value) != value) Refuse(key, fmt::format("only {} is known here", value));
  }

  void Refuse(std::string_view key, const std::string& why) {
    config_.Fail(Error(StatusCode::kUnsupported, "'{}': {}", Name(key), why));
  }

  // Keys without effect on the weights, with everything below them.
  void Ignore(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
      const std::string name = Name(key);
      for (const auto& [found, value] : config_.checkpoint().metadata.values) {
        if (found == name || found.starts_with(name + ".")) {
          config_.Ignore({.hf = found, .gguf = ""});
        }
      }
    }
  }

  // The names one level below `key`.
  std::set<std::string> Members(std::string_view key) const {
    const std::string prefix = Name(key) + ".";
    std::set<std::string> members;
    for (const auto& [found, value] : config_.checkpoint().metadata.values) {
      if (!found.starts_with(prefix)) continue;
      members.insert(found.substr(prefix.size(), found.find('.', prefix.size()) - prefix.size()));
    }
    return members;
  }

  ConfigReader& config() { return config_; }

 private:
  ConfigReader& config_;
  std::string prefix_;
};

void ReadBlock(Section& section, std::string_view key, QuantGroup* group) {
  const std::vector<int64_t> block = section.Ints(key);
  const bool sound = block.size() == 2 && std::ranges::all_of(block, [](int64_t size) {
                       return size > 0 && size <= kMaxSize;
                     });
  if (!sound) {
    section.Refuse(key, "expected two positive integers, rows and columns");
    return;
  }
  group->sharing = ScaleSharing::kBlock;
  group->block_rows = block[0];
  group->block_cols = block[1];
}

// A positive size, or −1: the whole row.
void ReadGroupSize(Section& section, QuantGroup* group) {
  const int64_t size = section.Int("group_size", -1, kMaxSize);
  if (size == 0) section.Refuse("group_size", "expected a positive number, or -1 for whole rows");
  group->sharing = size > 0 ? ScaleSharing::kGroup : ScaleSharing::kChannel;
  group->group_size = size;
}

void Append(std::vector<std::string> more, std::vector<std::string>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

// ---- One function per method -------------------------------------------------------------------

void ReadFp8(Section& section, QuantScheme* scheme) {
  section.OneOf("fmt", {"e4m3", "float8_e4m3fn"});
  section.OneOf("scale_fmt", {"float", "ue8m0"});  // ue8m0: powers of two, stored as they are
  section.OneOf("expert_dtype", {"fp8"});
  QuantGroup group{.is_float = true, .bits = 8, .sharing = ScaleSharing::kTensorOrChannel};
  if (section.Has("weight_block_size")) ReadBlock(section, "weight_block_size", &group);
  Append(section.Strings("modules_to_not_convert"), &scheme->ignore);
  Append(section.Strings("ignored_layers"), &scheme->ignore);
  // How activations are rounded elsewhere; what a loader does with the weights.
  section.Ignore({"activation_scheme", "kv_cache_scheme", "dequantize", "modules_to_convert"});
  scheme->groups.push_back(group);
}

QuantGroup ReadCompressedGroup(Section& section) {
  QuantGroup group;
  group.is_float = section.OneOf("type", {"int", "float"}) == "float";
  group.bits = static_cast<int>(section.IntOr("num_bits", 1, 64, 8));
  group.symmetric = section.BoolOr("symmetric", true);
  section.Must("dynamic", false);
  if (group.bits != 8 && (group.is_float || group.bits != 4)) {
    section.Refuse("num_bits", fmt::format("Frugal reads {}, found {}",
                                           group.is_float ? "8-bit floats" : "4 or 8-bit integers",
                                           group.bits));
  }
  if (!group.symmetric && (group.is_float || group.bits != 4)) {
    section.Refuse("symmetric", "zero points are known for 4-bit integers only");
  }
  const int64_t size = section.IntOr("group_size", -1, kMaxSize, 0);
  std::string_view by_size = size > 0 ? "group" : size < 0 ? "channel" : "tensor";
  const std::string strategy =
      section.Has("strategy") ? section.StringOr("strategy", "") : std::string(by_size);
  if (strategy == "tensor") {
    group.sharing = ScaleSharing::kTensor;
  } else if (strategy == "channel") {
    group.sharing = ScaleSharing::kChannel;
  } else if (strategy == "group") {
    ReadGroupSize(section, &group);
  } else if (strategy == "block") {
    ReadBlock(section, "block_structure", &group);
  } else {
    section.Refuse("strategy", fmt::format("Frugal reads tensor, channel, group and block, "
                                           "found '{}'",
                                           Printable(strategy)));
  }
  // How the values were found; types that the tensors show; an order that weight_g_idx shows.
  section.Ignore(
      {"observer", "observer_kwargs", "scale_dtype", "zp_dtype", "actorder", "block_structure"});
  return group;
}

void CheckFormat(Section& section) {
  section.OneOf("format", {"pack-quantized", "float-quantized", "int-quantized", "naive-quantized",
                           "mixed-precision"});
}

void ReadCompressedTensors(Section& section, QuantScheme* scheme) {
  CheckFormat(section);
  section.OneOf("quantization_status", {"compressed"});
  if (section.Has("sparsity_config.format")) section.OneOf("sparsity_config.format", {"dense"});
  Append(section.Strings("ignore"), &scheme->ignore);
  section.Ignore({"kv_cache_scheme", "global_compression_ratio", "version", "run_compressed",
                  "sparsity_config"});
  for (const std::string& name : section.Members("config_groups")) {
    Section one(section.config(), section.Name("config_groups." + name + "."));
    Section weights(section.config(), one.Name("weights."));
    CheckFormat(one);
    // The patterns say what the file's tensors show.
    one.Ignore({"targets", "input_activations", "output_activations"});
    if (one.Members("weights").empty()) {
      one.Refuse("weights", "expected a description of the weights");
      return;
    }
    scheme->groups.push_back(ReadCompressedGroup(weights));
  }
  if (scheme->groups.empty()) section.Refuse("config_groups", "expected at least one group");
}

void ReadMxfp4(Section& section, QuantScheme* scheme) {
  Append(section.Strings("modules_to_not_convert"), &scheme->ignore);
  section.Ignore({"dequantize"});
  scheme->groups.push_back({.group_size = 32});
}

void ReadAwq(Section& section, QuantScheme* scheme) {
  QuantGroup group{.symmetric = false};
  group.bits = static_cast<int>(section.Int("bits", 4, 4));
  ReadGroupSize(section, &group);
  section.Must("zero_point", true);
  section.OneOf("version", {"gemm", "GEMM"});
  section.OneOf("format", {"gemm"});
  Append(section.Strings("modules_to_not_convert"), &scheme->ignore);
  section.Ignore({"backend", "do_fuse", "modules_to_fuse", "fuse_max_seq_len", "exllama_config"});
  scheme->groups.push_back(group);
}

void ReadGptq(Section& section, QuantScheme* scheme) {
  QuantGroup group{.symmetric = false};
  group.bits = static_cast<int>(section.Int("bits", 2, 8));
  if (group.bits != 4 && group.bits != 8) section.Refuse("bits", "Frugal reads 4 and 8");
  ReadGroupSize(section, &group);
  // Older and newer writers' names for the same.
  for (const std::string_view key : {"checkpoint_format", "format"}) {
    if (section.OneOf(key, {"gptq", "gptq_v2"}) == "gptq_v2") scheme->gptq_zero_as_is = true;
  }
  section.OneOf("pack_dtype", {"int32"});
  section.Must("is_marlin_format", false);
  Append(section.Strings("modules_to_not_convert"), &scheme->ignore);
  // How the values were found, and other runtimes' kernels; zeros and g_idx are in the file.
  section.Ignore({"sym",
                  "desc_act",
                  "static_groups",
                  "true_sequential",
                  "damp_percent",
                  "damp_auto_increment",
                  "mse",
                  "act_group_aware",
                  "dataset",
                  "tokenizer",
                  "batch_size",
                  "pad_token_id",
                  "model_seqlen",
                  "model_name_or_path",
                  "model_file_base_name",
                  "block_name_to_quantize",
                  "module_name_preceding_first_block",
                  "modules_in_block_to_quantize",
                  "cache_block_outputs",
                  "use_cuda_fp16",
                  "use_exllama",
                  "disable_exllama",
                  "exllama_config",
                  "max_input_length",
                  "backend",
                  "lm_head",
                  "meta",
                  "quantizer",
                  "offload_to_disk"});
  scheme->groups.push_back(group);
}

struct Method {
  std::string_view name;
  QuantMethod method;
  void (*read)(Section&, QuantScheme*);
};
constexpr Method kMethods[] = {
    {"fp8", QuantMethod::kFp8, ReadFp8},
    {"compressed-tensors", QuantMethod::kCompressedTensors, ReadCompressedTensors},
    {"mxfp4", QuantMethod::kMxfp4, ReadMxfp4},
    {"awq", QuantMethod::kAwq, ReadAwq},
    {"gptq", QuantMethod::kGptq, ReadGptq}};

// True when `pattern` matches at the start of `text`. What is no pattern, or takes too long,
// does not match.
bool MatchesStart(const std::string& pattern, const std::string& text) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code, void (*)(pcre2_code*)> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_ANCHORED,
                    &error, &at, nullptr),
      pcre2_code_free);
  if (code == nullptr) return false;
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> context(
      pcre2_match_context_create(nullptr), pcre2_match_context_free);
  if (match == nullptr || context == nullptr) return false;
  pcre2_set_match_limit(context.get(), 100000);
  return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                     match.get(), context.get()) >= 0;
}

}  // namespace

QuantScheme ReadQuantScheme(ConfigReader& config) {
  QuantScheme scheme;
  if (config.gguf()) return scheme;
  Section section(config, std::string(kRoot));
  const auto& values = config.checkpoint().metadata.values;
  const auto first = values.lower_bound(kRoot);
  if (first == values.end() || !first->first.starts_with(kRoot)) return scheme;
  const std::string name = section.StringOr("quant_method", "");
  for (const Method& method : kMethods) {
    if (name != method.name) continue;
    scheme.method = method.method;
    method.read(section, &scheme);
    return scheme;
  }
  section.Refuse("quant_method",
                 fmt::format("Frugal reads fp8, compressed-tensors, mxfp4, awq and gptq, found "
                             "'{}'",
                             Printable(name)));
  return scheme;
}

bool Packs(const QuantScheme& scheme, const std::string& module) {
  if (scheme.method == QuantMethod::kNone) return false;
  for (const std::string& entry : scheme.ignore) {
    if (scheme.method == QuantMethod::kCompressedTensors) {
      if (entry == module) return false;
      if (entry.starts_with("re:") && MatchesStart(entry.substr(3), module)) return false;
    } else if (module.ends_with(entry) ||
               MatchesStart("(?:" + entry + R"()(?:(?<=\.)|(?=\.|$)))", module)) {
      return false;
    }
  }
  return true;
}

}  // namespace frugal
