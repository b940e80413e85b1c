// The sampling flags of run and chat.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/options.h"
#include "engine/sampler.h"
#include "formats/metadata.h"

namespace frugal {

// What the user asked for; what is unset comes from the checkpoint's generation_config.json, and
// else from kDefault… below.
struct SamplingFlags {
  bool greedy = false;
  std::optional<float> temperature;
  std::optional<int64_t> top_k;
  std::optional<float> top_p;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<float> presence_penalty;
  std::optional<float> frequency_penalty;
  std::vector<std::string> logit_bias;  // "ID=VALUE"
  std::optional<int64_t> seed;          // negative: a fresh one
};

constexpr float kDefaultTemperature = 0.8f;
constexpr float kDefaultTopP = 0.95f;

void AddSamplingFlags(Command* command, SamplingFlags* flags);

// Without --seed a fresh one is drawn from the system. kCorrupt names the
// key of generation_config.json that makes no sense.
Result<SamplingOptions> ToSamplingOptions(const SamplingFlags& flags, const Metadata& generation);

}  // namespace frugal
