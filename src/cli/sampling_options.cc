#include "cli/sampling_options.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "cli/command.h"

namespace frugal {
namespace {

constexpr double kFloatMax = std::numeric_limits<float>::max();
constexpr int kMaxTopK = std::numeric_limits<int>::max();

// What the checkpoint recommends, where it says something.
Result<double> Recommended(const Metadata& generation, const char* key, double fallback, double low,
                           double high) {
  if (!generation.Has(key)) return fallback;
  const Result<double> value = generation.GetDouble(key);
  if (!value.ok()) return value.status().WithContext("generation_config.json");
  if (*value >= low && *value <= high) return *value;
  return Error(StatusCode::kCorrupt,
               "generation_config.json: key '{}': expected {} to {}, found {}; the flag of that "
               "name overrides it",
               key, low, high, *value);
}

Result<std::pair<int32_t, float>> ParseBias(const std::string& text) {
  int32_t token = 0;
  float bias = 0.0f;
  const char* end = text.data() + text.size();
  const auto id = std::from_chars(text.data(), end, token);
  if (id.ec == std::errc() && id.ptr != end && *id.ptr == '=') {
    const auto value = std::from_chars(id.ptr + 1, end, bias);
    if (value.ec == std::errc() && value.ptr == end) return std::make_pair(token, bias);
  }
  return Error(StatusCode::kInvalidArgument, "expected ID=VALUE as in 42=-100, found '{}'", text);
}

}  // namespace

void AddSamplingFlags(Command* command, SamplingFlags* flags) {
  const std::vector<Option> added = {
      {.names = "--greedy", .value = &flags->greedy, .help = "always take the most probable token"},
      {.names = "--temp",
       .value = &flags->temperature,
       .help = "temperature; 0 is greedy (default: the model's, or 0.8)",
       .check = NumberIn(0.0)},
      {.names = "--top-k",
       .value = &flags->top_k,
       .help = "keep the K most probable tokens; 0 keeps all (default: the model's, or 0)",
       .check = IntegerIn(0, kMaxTopK)},
      {.names = "--top-p",
       .value = &flags->top_p,
       .help = "keep the smallest set with probability P (default: the model's, or 0.95)",
       .check = NumberIn(0.0, 1.0)},
      {.names = "--min-p",
       .value = &flags->min_p,
       .help = "keep tokens with at least P × the largest probability (default: the model's, or 0)",
       .check = NumberIn(0.0, 1.0)},
      {.names = "--repeat-penalty",
       .value = &flags->repetition_penalty,
       .help = "weaken tokens already seen; 1 is off (default: the model's, or 1)",
       .check = NumberIn(0.01)},
      {.names = "--presence-penalty",
       .value = &flags->presence_penalty,
       .help = "subtracted from the logits of tokens already answered",
       .check = NumberIn(-kFloatMax)},
      {.names = "--frequency-penalty",
       .value = &flags->frequency_penalty,
       .help = "the same, once for each time a token was answered",
       .check = NumberIn(-kFloatMax)},
      {.names = "--logit-bias",
       .value = &flags->logit_bias,
       .help = "add VALUE to a token's logit; -inf forbids it (repeatable)",
       .check = [](const std::string& text) { return ParseBias(text).status().message(); },
       .value_name = "ID=VALUE"},
      {.names = "-s,--seed",
       .value = &flags->seed,
       .help = "the same seed gives the same answer; negative: a fresh one (default)",
       .check = IntegerIn(std::numeric_limits<int64_t>::min())}};
  for (const Option& option : added) {
    command->options.push_back(option);
    command->options.back().group = kSamplingGroup;
  }
}

Result<SamplingOptions> ToSamplingOptions(const SamplingFlags& flags, const Metadata& generation) {
  // Greedy means the model's own first choice: what the checkpoint recommends for sampling (a
  // repetition penalty, say) must not bend it unless asked for.
  const bool greedy = flags.greedy || (flags.temperature && *flags.temperature == 0.0f);
  const auto choose = [&](const auto& flag, const char* key, double fallback, double low,
                          double high) -> Result<double> {
    if (flag) return static_cast<double>(*flag);
    return greedy ? fallback : Recommended(generation, key, fallback, low, high);
  };
  SamplingOptions options;
  ASSIGN_OR_RETURN(options.temperature,
                   choose(flags.temperature, "temperature", kDefaultTemperature, 0.0, kFloatMax));
  const Result<bool> sample = generation.GetBool("do_sample");
  const bool model_greedy = sample.ok() && !*sample && !flags.temperature;
  if (flags.greedy || model_greedy) options.temperature = 0.0f;
  ASSIGN_OR_RETURN(const double top_k, choose(flags.top_k, "top_k", 0, -1, kMaxTopK));
  options.top_k = std::max(0, static_cast<int>(top_k));  // some checkpoints write -1 for "all"
  ASSIGN_OR_RETURN(const double top_p, choose(flags.top_p, "top_p", kDefaultTopP, 0.0, 1.0));
  // 0 keeps the most probable token only, and so does any tiny p.
  options.top_p = std::max(static_cast<float>(top_p), std::numeric_limits<float>::min());
  ASSIGN_OR_RETURN(options.min_p, choose(flags.min_p, "min_p", 0.0, 0.0, 1.0));
  ASSIGN_OR_RETURN(options.repetition_penalty,
                   choose(flags.repetition_penalty, "repetition_penalty", 1.0, 0.01, kFloatMax));
  options.presence_penalty = flags.presence_penalty.value_or(0.0f);
  options.frequency_penalty = flags.frequency_penalty.value_or(0.0f);
  for (const std::string& text : flags.logit_bias) {
    ASSIGN_OR_RETURN(auto bias, ParseBias(text));
    options.logit_bias.push_back(bias);
  }
  if (flags.seed && *flags.seed >= 0) {
    options.seed = *flags.seed;
  } else {
    std::random_device device;
    options.seed = (uint64_t{device()} << 21) ^ device();  // below 2^53: exact in JSON readers
  }
  return options;
}

}  // namespace frugal
