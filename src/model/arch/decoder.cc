#include "model/arch/decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "formats/utf8.h"

namespace frugal {
namespace {

// Bounds that no real model comes near; they keep products of sizes far from overflow.
constexpr int64_t kMaxDim = int64_t{1} << 20;
constexpr int64_t kMaxVocab = int64_t{1} << 24;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxPosition = int64_t{1} << 40;
constexpr double kMaxReal = 1e30;  // stays finite as float32

RopeScaling ScalingByName(ConfigReader& config, std::string_view key, const std::string& name) {
  if (name == "default" || name == "none") return RopeScaling::kNone;
  if (name == "linear") return RopeScaling::kLinear;
  if (name == "yarn") return RopeScaling::kYarn;
  // GGUF files of Llama 3 carry their scaling in the tensor rope_freqs.weight instead.
  if (!config.gguf() && name == "dynamic") return RopeScaling::kDynamic;
  if (!config.gguf() && name == "llama3") return RopeScaling::kLlama3;
  config.Fail(
      Error(StatusCode::kUnsupported, "'{}': expected {}, found '{}'", key,
            config.gguf() ? "none, linear or yarn" : "default, linear, dynamic, llama3 or yarn",
            Printable(name)));
  return RopeScaling::kNone;
}

// True when config.json's object `name` is there and not empty.
bool HasObject(const ConfigReader& config, const std::string& name) {
  const auto& values = config.checkpoint().metadata.values;
  const auto it = values.lower_bound(name + ".");
  return it != values.end() && it->first.starts_with(name + ".");
}

void ReadHfRope(ConfigReader& config, const RopeStyle& style, RopeSpec* rope) {
  // transformers 5 writes rope_parameters; files published before hold rope_theta and
  // rope_scaling. Where both are objects transformers takes the latter, and what only the other
  // says stays unread, which is an error.
  const std::string object = HasObject(config, "rope_scaling") ? "rope_scaling" : "rope_parameters";
  std::string name;
  const auto key = [&](const char* leaf) {
    name = object + "." + leaf;
    return ConfigKey{name, ""};
  };
  rope->theta = config.DoubleOr({"rope_theta", ""}, style.default_theta);
  rope->theta = config.DoubleOr(key("rope_theta"), rope->theta);
  config.Ignore(key("finetuned"));  // a note of YaRN's authors
  std::string type = config.StringOr(key("type"), "default");
  type = config.StringOr(key("rope_type"), type);
  rope->scaling = ScalingByName(config, name, type);
  if (style.ntk_alpha && rope->scaling == RopeScaling::kDynamic && config.Has(key("alpha"))) {
    rope->scaling = RopeScaling::kNtkAlpha;
    rope->alpha = config.Double(key("alpha"));
    // YaRN's, and a factor that this scaling does not have.
    for (const char* leaf : {"factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"}) {
      config.Ignore(key(leaf));
    }
    return;
  }
  switch (rope->scaling) {
    case RopeScaling::kNone:
      return;
    case RopeScaling::kLinear:
    case RopeScaling::kDynamic:
      rope->factor = config.Double(key("factor"));
      break;
    case RopeScaling::kLlama3:
      rope->factor = config.Double(key("factor"));
      rope->low_freq_factor = config.Double(key("low_freq_factor"));
      rope->high_freq_factor = config.Double(key("high_freq_factor"));
      break;
    case RopeScaling::kYarn:
      rope->factor = config.DoubleOr(key("factor"), 0.0);  // 0: from the two context lengths
      rope->beta_fast = config.DoubleOr(key("beta_fast"), 32.0);
      rope->beta_slow = config.DoubleOr(key("beta_slow"), 1.0);
      rope->mscale = config.DoubleOr(key("mscale"), 0.0);
      rope->mscale_all_dim = config.DoubleOr(key("mscale_all_dim"), 0.0);
      if (config.Has(key("attention_factor"))) {
        rope->attention_factor = config.Double(key("attention_factor"));
      }
      // DeepSeek-R1-0528-Qwen3-8B writes it; transformers, whose results we give, reads the key
      // above alone.
      config.Ignore(key("attn_factor"));
      rope->truncate = config.BoolOr(key("truncate"), true);
      break;
    default:
      break;
  }
  rope->original_max_position =
      config.IntOr(key("original_max_position_embeddings"), 1, kMaxPosition, rope->max_position);
  if (rope->scaling == RopeScaling::kYarn && rope->factor == 0.0) {
    rope->factor = static_cast<double>(rope->max_position) / rope->original_max_position;
  }
}

void ReadGgufRope(ConfigReader& config, RopeSpec* rope) {
  rope->theta = config.DoubleOr({"", "rope.freq_base"}, 10000.0);
  rope->rotary_dim =
      config.IntOr({"", "rope.dimension_count"}, 2, rope->rotary_dim, rope->rotary_dim);
  // llama.cpp reads a factor without a type as linear; the oldest files have their own key for it.
  const double factor =
      config.DoubleOr({"", "rope.scaling.factor"}, config.DoubleOr({"", "rope.scale_linear"}, 1.0));
  rope->scaling = ScalingByName(config, "rope.scaling.type",
                                config.StringOr({"", "rope.scaling.type"}, "linear"));
  const double attention = config.DoubleOr({"", "rope.scaling.attn_factor"}, 1.0);
  const int64_t original =
      config.IntOr({"", "rope.scaling.original_context_length"}, 1, kMaxPosition, 0);
  rope->beta_fast = config.DoubleOr({"", "rope.scaling.yarn_beta_fast"}, 32.0);
  rope->beta_slow = config.DoubleOr({"", "rope.scaling.yarn_beta_slow"}, 1.0);
  config.Ignore({"", "rope.scaling.finetuned"});
  if (rope->scaling == RopeScaling::kLinear && factor == 1.0) rope->scaling = RopeScaling::kNone;
  if (rope->scaling == RopeScaling::kNone) return;
  rope->factor = factor;
  if (rope->scaling == RopeScaling::kYarn) {
    rope->original_max_position = original > 0 ? original : rope->max_position;
    // ggml multiplies YaRN's own 0.1·ln(factor) + 1 by attn_factor.
    rope->attention_factor = attention * (factor > 1.0 ? 0.1 * std::log(factor) + 1.0 : 1.0);
  }
}

// What kernels/rope.h asks of its callers.
void CheckRope(ConfigReader& config, const RopeSpec& rope) {
  const auto expect = [&](bool sound, const char* what, const char* expected, double found) {
    if (!sound) {
      config.Fail(Error(StatusCode::kCorrupt, "{}: expected {}, found {}", what, expected, found));
    }
  };
  const bool yarn = rope.scaling == RopeScaling::kYarn;
  const char* theta = config.gguf() ? "'rope.freq_base'" : "'rope_theta'";
  expect(rope.theta > 0.0 && rope.theta <= kMaxReal, theta, "a positive number up to 1e30",
         rope.theta);
  if (yarn) expect(rope.theta != 1.0, theta, "another number with yarn scaling", rope.theta);
  expect(rope.factor > 0.0 && rope.factor <= kMaxReal, "the rope scaling's 'factor'",
         "a positive number up to 1e30", rope.factor);
  if (yarn) {
    expect(rope.beta_fast > 0.0, "the rope scaling's 'beta_fast'", "a positive number",
           rope.beta_fast);
    expect(rope.beta_slow > 0.0, "the rope scaling's 'beta_slow'", "a positive number",
           rope.beta_slow);
    const double attention = rope.attention_factor.value_or(1.0);
    expect(attention > 0.0 && attention <= kMaxReal, "the rope scaling's 'attention_factor'",
           "a positive number up to 1e30", attention);
  }
  if (rope.scaling == RopeScaling::kLlama3) {
    expect(rope.low_freq_factor > 0.0, "the rope scaling's 'low_freq_factor'", "a positive number",
           rope.low_freq_factor);
    expect(rope.high_freq_factor > rope.low_freq_factor, "the rope scaling's 'high_freq_factor'",
           "a number above 'low_freq_factor'", rope.high_freq_factor);
  }
  if (rope.scaling == RopeScaling::kNtkAlpha) {
    expect(rope.alpha > 0.0 && rope.alpha <= kMaxReal, "the rope scaling's 'alpha'",
           "a positive number up to 1e30", rope.alpha);
    expect(rope.rotary_dim > 2, "'head_dim'", "more than 2 with dynamic rope scaling",
           rope.rotary_dim);
  }
  if (rope.scaling == RopeScaling::kDynamic) {
    expect(rope.factor >= 1.0, "the rope scaling's 'factor'", "at least 1 with dynamic scaling",
           rope.factor);
    expect(rope.rotary_dim > 2, "'head_dim'", "more than 2 with dynamic rope scaling",
           rope.rotary_dim);
  }
}

}  // namespace

ModelSpec ReadModel(ConfigReader& config, std::string_view family) {
  ModelSpec spec;
  spec.family = std::string(family);
  spec.hidden = config.Int({"hidden_size", "embedding_length"}, 1, kMaxDim);
  int64_t layers = config.Int({"num_hidden_layers", "block_count"}, 1, kMaxLayers);
  // GGUF counts the layers of multi-token prediction among its blocks.
  layers = std::max<int64_t>(1, layers - config.IntOr({"", "nextn_predict_layers"}, 0, 16, 0));
  spec.max_position = config.IntOr({"max_position_embeddings", "context_length"}, 1, kMaxPosition,
                                   /*fallback=*/2048);
  if (config.gguf()) {
    int64_t tokens = 0;
    if (auto list = config.checkpoint().metadata.GetStrings("tokenizer.ggml.tokens"); list.ok()) {
      tokens = static_cast<int64_t>(list->size());
    }
    spec.vocab = tokens > 0 ? config.IntOr({"", "vocab_size"}, 1, kMaxVocab, tokens)
                            : config.Int({"", "vocab_size"}, 1, kMaxVocab);
  } else {
    spec.vocab = config.Int({"vocab_size", ""}, 1, kMaxVocab);
  }
  spec.norm_eps = config.DoubleOr({"rms_norm_eps", "attention.layer_norm_rms_epsilon"}, 1e-6);
  if (!(spec.norm_eps >= 0.0f && spec.norm_eps <= 1.0f)) {
    config.Fail(Error(StatusCode::kCorrupt, "{}: expected 0 to 1, found {}",
                      config.gguf() ? "'attention.layer_norm_rms_epsilon'" : "'rms_norm_eps'",
                      spec.norm_eps));
  }
  // GGUF has no key for it: a file without an output head shares the embedding's table.
  spec.tied_embedding = config.gguf() ? config.checkpoint().tensors.Find("output.weight") == nullptr
                                      : config.BoolOr({"tie_word_embeddings", ""}, false);
  spec.layers.resize(layers);
  return spec;
}

GqaSpec ReadGqa(ConfigReader& config, const ModelSpec& spec, int64_t default_head_dim) {
  const int64_t heads = config.Int({"num_attention_heads", "attention.head_count"}, 1, kMaxDim);
  const int64_t kv_heads =
      config.IntOr({"num_key_value_heads", "attention.head_count_kv"}, 1, kMaxDim, heads);
  const int64_t head_dim =
      config.IntOr({"head_dim", "attention.key_length"}, 1, kMaxDim,
                   !config.gguf() && default_head_dim > 0 ? default_head_dim : spec.hidden / heads);
  if (config.gguf()) {
    const int64_t v_dim =
        config.IntOr({"", "attention.value_length"}, 1, kMaxDim, /*fallback=*/head_dim);
    if (v_dim != head_dim) {
      config.Fail(Error(StatusCode::kUnsupported,
                        "'attention.value_length': expected {} like key_length, found {}", head_dim,
                        v_dim));
    }
  }
  GqaSpec gqa;
  gqa.n_heads = static_cast<int>(heads);
  gqa.n_kv_heads = static_cast<int>(kv_heads);
  gqa.head_dim = static_cast<int>(head_dim);
  gqa.scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  return gqa;
}

FfnSpec ReadGlu(ConfigReader& config) {
  ExpectWord(config, "hidden_act", "silu");
  return {.d_ff = config.Int({"intermediate_size", "feed_forward_length"}, 1, kMaxDim)};
}

ModelSpec ReadDecoder(ConfigReader& config, std::string_view family, int64_t default_head_dim) {
  ModelSpec spec = ReadModel(config, family);
  LayerSpec layer;
  layer.mixer = ReadGqa(config, spec, default_head_dim);
  layer.ffn = ReadGlu(config);
  spec.layers.assign(spec.layers.size(), layer);
  return spec;
}

void ExpectWord(ConfigReader& config, std::string_view key, std::string_view word) {
  const std::string found = config.StringOr({key, ""}, word);
  if (found != word) {
    config.Fail(Error(StatusCode::kUnsupported, "'{}': expected {}, found '{}'", key, word,
                      Printable(found)));
  }
}

void ExpectNumber(ConfigReader& config, std::string_view key, double number) {
  const double found = config.DoubleOr({key, ""}, number);
  if (found != number) {
    config.Fail(Error(StatusCode::kUnsupported, "'{}': expected {}, found {}", key, number, found));
  }
}

void ExpectBool(ConfigReader& config, std::string_view key, bool value) {
  if (config.BoolOr({key, ""}, value) != value) {
    config.Fail(Error(StatusCode::kUnsupported, "'{}': expected {}", key, value));
  }
}

void ReadMtpLayers(ConfigReader& config, const LayerSpec& layer, ModelSpec* spec) {
  const int64_t count =
      config.IntOr({"num_nextn_predict_layers", "nextn_predict_layers"}, 0, 16, 0);
  const bool gguf = config.gguf();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t l = spec->n_layers() + i;
    const std::string name = gguf ? fmt::format("blk.{}.nextn.eh_proj.weight", l)
                                  : fmt::format("model.layers.{}.eh_proj.weight", l);
    // Exports that cannot run these layers leave them out and keep the key.
    if (config.checkpoint().tensors.Find(name) == nullptr) break;
    spec->mtp_layers.push_back(layer);
  }
}

RopeSpec ReadRope(ConfigReader& config, const ModelSpec& spec, int rotary_dim,
                  const RopeStyle& style) {
  RopeSpec rope;
  rope.rotary_dim = rotary_dim;
  rope.max_position = spec.max_position;
  rope.interleaved = config.gguf() ? style.gguf_interleaved : style.hf_interleaved;
  if (config.gguf()) {
    ReadGgufRope(config, &rope);
  } else {
    ReadHfRope(config, style, &rope);
  }
  CheckRope(config, rope);
  return rope;
}

void ReadWindowLayers(ConfigReader& config, ModelSpec* spec) {
  // Absent means the published default; null means none.
  const auto& metadata = config.checkpoint().metadata;
  const bool use = config.BoolOr({"use_sliding_window", ""}, false);
  const int64_t window =
      config.IntOr({"sliding_window", ""}, 1, kMaxPosition,
                   /*fallback=*/metadata.Find("sliding_window") != nullptr ? 0 : 4096);
  const int64_t first = config.IntOr({"max_window_layers", ""}, 0, kMaxLayers, /*fallback=*/28);
  const bool listed = config.Has({"layer_types", ""});
  const std::vector<std::string> types = config.StringsOr({"layer_types", ""});
  if (listed && types.size() != spec->layers.size()) {
    config.Fail(Error(StatusCode::kCorrupt, "'layer_types': expected {} entries, found {}",
                      spec->layers.size(), types.size()));
    return;
  }
  for (int l = 0; l < spec->n_layers(); ++l) {
    bool sliding = use && window > 0 && l >= first;
    if (listed) {
      sliding = types[l] == "sliding_attention";
      if (!sliding && types[l] != "full_attention") {
        config.Fail(Error(StatusCode::kUnsupported,
                          "'layer_types[{}]': expected full_attention or sliding_attention, found "
                          "'{}'",
                          l, Printable(types[l])));
      }
      if (sliding && !(use && window > 0)) {
        config.Fail(Error(StatusCode::kCorrupt,
                          "'layer_types[{}]' is sliding_attention, but 'sliding_window' is off",
                          l));
      }
    }
    if (sliding) spec->layers[l].gqa().window = window;
  }
}

int ReadRotaryDim(ConfigReader& config, int head_dim, double default_factor) {
  if (config.gguf()) return head_dim;
  const double factor =
      config.DoubleOr({"rope_parameters.partial_rotary_factor", ""},
                      config.DoubleOr({"partial_rotary_factor", ""}, default_factor));
  if (!(factor > 0.0 && factor <= 1.0)) {
    config.Fail(Error(StatusCode::kCorrupt,
                      "'partial_rotary_factor': expected a number above 0, up to 1, found {}",
                      factor));
    return head_dim;
  }
  return static_cast<int>(head_dim * factor);
}

double YarnMscale(double factor, double mscale) {
  return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

std::vector<bool> ReadLayerTypes(ConfigReader& config, const ModelSpec& spec, std::string_view yes,
                                 std::string_view no) {
  std::vector<bool> flags;
  if (!config.Has({"layer_types", ""})) {
    config.Ignore({"layer_types", ""});
    return flags;
  }
  const std::vector<std::string> types = config.StringsOr({"layer_types", ""});
  if (static_cast<int>(types.size()) != spec.n_layers()) {
    config.Fail(Error(StatusCode::kCorrupt, "'layer_types': expected {} entries, found {}",
                      spec.n_layers(), types.size()));
  }
  for (size_t l = 0; l < types.size(); ++l) {
    if (types[l] != yes && types[l] != no) {
      config.Fail(Error(StatusCode::kUnsupported,
                        "'layer_types[{}]': expected {} or {}, found '{}'", l, no, yes,
                        Printable(types[l])));
    }
    flags.push_back(types[l] == yes);
  }
  flags.resize(spec.layers.size());
  return flags;
}

int ReadFirstDense(ConfigReader& config, const ModelSpec& spec, int fallback) {
  return static_cast<int>(config.IntOr({"first_k_dense_replace", "leading_dense_block_count"}, 0,
                                       spec.n_layers(), fallback));
}

void SetAttentionBias(ModelSpec* spec, bool qkv, bool o) {
  for (LayerSpec& layer : spec->layers) {
    layer.gqa().q_bias = layer.gqa().k_bias = layer.gqa().v_bias = qkv;
    layer.gqa().o_bias = o;
  }
}

}  // namespace frugal
