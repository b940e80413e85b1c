#include "cli/sampling_options.h"

#include <charconv>
#include <random>

namespace frugal {
namespace {

// The checkpoint's own recommendation, where it has one.
template <typename T>
T Recommended(const Metadata& generation, const char* key, T fallback) {
  const Result<double> value = generation.GetDouble(key);
  return value.ok() ? static_cast<T>(*value) : fallback;
}

Result<std::pair<int32_t, float>> ParseBias(const std::string& text) {
  const size_t equals = text.find('=');
  int32_t token = 0;
  float bias = 0.0f;
  const char* end = text.data() + text.size();
  if (equals != std::string::npos) {
    const char* middle = text.data() + equals;
    if (std::from_chars(text.data(), middle, token).ptr == middle &&
        std::from_chars(middle + 1, end, bias).ptr == end && middle + 1 != end) {
      return std::make_pair(token, bias);
    }
  }
  return Error(StatusCode::kInvalidArgument,
               "--logit-bias: expected ID=VALUE as in 42=-100, found '{}'", text);
}

}  // namespace

void AddSamplingFlags(CLI::App* app, SamplingFlags* flags) {
  app->add_flag("--greedy", flags->greedy, "always take the most probable token");
  app->add_option("--temp", flags->temperature, "temperature; 0 is greedy (default: the model's, or 0.8)");
  app->add_option("--top-k", flags->top_k, "keep the K most probable tokens; 0 keeps all");
  app->add_option("--top-p", flags->top_p, "keep the smallest set with probability P (default: the model's, or 0.95)");
  app->add_option("--min-p", flags->min_p, "keep tokens with at least P × the largest probability");
  app->add_option("--repeat-penalty", flags->repetition_penalty, "weaken tokens already seen (1 = off)");
  app->add_option("--presence-penalty", flags->presence_penalty, "subtracted from tokens already answered");
  app->add_option("--frequency-penalty", flags->frequency_penalty, "subtracted for each time a token was answered");
  app->add_option("--logit-bias", flags->logit_bias, "ID=VALUE: add VALUE to a token's logit (repeatable)");
  app->add_option("--seed", flags->seed, "random seed: the same seed gives the same answer");
}

Result<SamplingOptions> ToSamplingOptions(const SamplingFlags& flags, const Metadata& generation) {
  SamplingOptions options;
  const Result<bool> sample = generation.GetBool("do_sample");
  const bool model_greedy = sample.ok() && !*sample;
  options.temperature = flags.temperature.value_or(
      model_greedy ? 0.0f : Recommended(generation, "temperature", kDefaultTemperature));
  options.top_k = flags.top_k.value_or(Recommended(generation, "top_k", 0));
  options.top_p = flags.top_p.value_or(Recommended(generation, "top_p", kDefaultTopP));
  options.min_p = flags.min_p.value_or(Recommended(generation, "min_p", 0.0f));
  options.repetition_penalty =
      flags.repetition_penalty.value_or(Recommended(generation, "repetition_penalty", 1.0f));
  options.presence_penalty = flags.presence_penalty.value_or(0.0f);
  options.frequency_penalty = flags.frequency_penalty.value_or(0.0f);
  if (flags.greedy) {
    // Greedy means the model's own first choice: what the checkpoint recommends for sampling
    // (a repetition penalty, say) must not bend it unless asked for.
    options.temperature = 0.0f;
    options.repetition_penalty = flags.repetition_penalty.value_or(1.0f);
  }
  for (const std::string& text : flags.logit_bias) {
    ASSIGN_OR_RETURN(auto bias, ParseBias(text));
    options.logit_bias.push_back(bias);
  }
  if (flags.seed) {
    options.seed = *flags.seed;
  } else {
    std::random_device device;
    options.seed = (uint64_t{device()} << 21) ^ device();  // below 2^53: exact in JSON readers
  }
  return options;
}

}  // namespace frugal
