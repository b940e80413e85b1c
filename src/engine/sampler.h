// From logits to the next token.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"

namespace frugal {

// Applied in this order: logit bias, repetition, presence and frequency penalties, temperature,
// top-k, top-p, min-p, draw.
struct SamplingOptions {
  float temperature = 0.0f;         // 0 = greedy: the largest logit, the lowest id among equals
  int top_k = 0;                    // keep the k largest; 0 = all
  float top_p = 1.0f;               // keep the smallest set whose probabilities sum to at least p
  float min_p = 0.0f;               // keep what has at least p × the largest probability
  float repetition_penalty = 1.0f;  // > 1 weakens tokens of prompt and answer (Keskar et al.)
  float presence_penalty = 0.0f;    // subtracted once from tokens of the answer
  float frequency_penalty = 0.0f;   // subtracted per occurrence in the answer
  std::vector<std::pair<int32_t, float>> logit_bias;  // (token, added to its logit)
  uint64_t seed = 0;
};

// kInvalidArgument names the option that makes no sense.
Status CheckSamplingOptions(const SamplingOptions& options, int64_t vocab);

// One per request: holds the random state and the counts of tokens seen. The same options, history
// and logits give the same token on every machine.
class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options);

  // Tells the sampler of a token of the prompt or of the answer.
  void ObservePrompt(int32_t token);
  void ObserveAnswer(int32_t token);

  // Picks the next token; `logits` are changed. kCorrupt when none of them is a usable number.
  Result<int32_t> Sample(std::span<float> logits);

 private:
  struct Seen {
    int32_t token;
    int32_t answer_count;
  };
  void Penalise(std::span<float> logits) const;
  Seen& Find(int32_t token);

  SamplingOptions options_;
  std::mt19937_64 random_;
  std::vector<Seen> seen_;                             // sorted by token
  std::vector<std::pair<float, int32_t>> candidates_;  // kept between calls
};

}  // namespace frugal
