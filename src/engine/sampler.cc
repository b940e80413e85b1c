#include "engine/sampler.h"

#include <algorithm>
#include <cmath>

namespace frugal {
namespace {

using Candidate = std::pair<float, int32_t>;  // (logit, token)

// Larger logit first, lower id among equals: a total order, so every sort has one result.
bool Before(const Candidate& a, const Candidate& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

// 53 random bits as a number in [0, 1); std::uniform_real_distribution differs between libraries.
double Uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

void KeepLargest(std::vector<Candidate>* candidates, size_t count) {
  if (count >= candidates->size()) return;
  std::nth_element(candidates->begin(), candidates->begin() + count, candidates->end(), Before);
  candidates->resize(count);
}

// The smallest set of the most probable that sums to at least p. Sorts only as many as it needs:
// with a large vocabulary a few hundred usually suffice.
void KeepTopP(std::vector<Candidate>* candidates, float temperature, float p) {
  const float best = std::min_element(candidates->begin(), candidates->end(), Before)->first;
  const auto weight = [&](const Candidate& c) {
    return std::exp(static_cast<double>(c.first - best) / temperature);
  };
  double total = 0.0;
  for (const Candidate& c : *candidates) total += weight(c);
  double sum = 0.0;
  size_t sorted = 0;
  for (size_t block = 256; sorted < candidates->size(); block *= 4) {
    const size_t end = std::min(candidates->size(), sorted + block);
    std::partial_sort(candidates->begin() + sorted, candidates->begin() + end, candidates->end(),
                      Before);
    for (; sorted < end; ++sorted) {
      sum += weight((*candidates)[sorted]);
      if (sum >= p * total) {
        candidates->resize(sorted + 1);
        return;
      }
    }
  }
}

}  // namespace

Status CheckSamplingOptions(const SamplingOptions& options, int64_t vocab) {
  const auto bad = [](const char* name, const char* expected, double found) {
    return Error(StatusCode::kInvalidArgument, "{}: expected {}, found {}", name, expected, found);
  };
  if (!(options.temperature >= 0.0f) || !std::isfinite(options.temperature)) {
    return bad("temperature", "a number of at least 0", options.temperature);
  }
  if (options.top_k < 0) return bad("top_k", "0 (all) or more", options.top_k);
  if (!(options.top_p > 0.0f && options.top_p <= 1.0f)) {
    return bad("top_p", "more than 0, at most 1", options.top_p);
  }
  if (!(options.min_p >= 0.0f && options.min_p <= 1.0f)) {
    return bad("min_p", "0 to 1", options.min_p);
  }
  if (!(options.repetition_penalty > 0.0f) || !std::isfinite(options.repetition_penalty)) {
    return bad("repetition_penalty", "a positive number", options.repetition_penalty);
  }
  if (!std::isfinite(options.presence_penalty)) {
    return bad("presence_penalty", "a finite number", options.presence_penalty);
  }
  if (!std::isfinite(options.frequency_penalty)) {
    return bad("frequency_penalty", "a finite number", options.frequency_penalty);
  }
  for (const auto& [token, bias] : options.logit_bias) {
    if (token < 0 || token >= vocab) {
      return Error(StatusCode::kInvalidArgument,
                   "logit_bias: token {} is outside the vocabulary (0 to {})", token, vocab - 1);
    }
    if (std::isnan(bias)) {
      return Error(StatusCode::kInvalidArgument, "logit_bias: token {}: not a number", token);
    }
  }
  return OkStatus();
}

Sampler::Sampler(const SamplingOptions& options) : options_(options), random_(options.seed) {}

Sampler::Seen& Sampler::Find(int32_t token) {
  auto it = std::lower_bound(seen_.begin(), seen_.end(), token,
                             [](const Seen& s, int32_t t) { return s.token < t; });
  if (it == seen_.end() || it->token != token) it = seen_.insert(it, {token, 0});
  return *it;
}

void Sampler::ObservePrompt(int32_t token) { Find(token); }
void Sampler::ObserveAnswer(int32_t token) { ++Find(token).answer_count; }

void Sampler::Penalise(std::span<float> logits) const {
  for (const auto& [token, bias] : options_.logit_bias) logits[token] += bias;
  for (const Seen& seen : seen_) {
    float& logit = logits[seen.token];
    if (options_.repetition_penalty != 1.0f) {
      logit =
          logit > 0.0f ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
    }
    if (seen.answer_count > 0) {
      logit -= options_.presence_penalty + options_.frequency_penalty * seen.answer_count;
    }
  }
}

Result<int32_t> Sampler::Sample(std::span<float> logits) {
  Penalise(logits);
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) {
      return Error(StatusCode::kCorrupt,
                   "the model's output for token {} is not a number; its weights may be damaged",
                   i);
    }
  }
  const float best = *std::max_element(logits.begin(), logits.end());
  if (!std::isfinite(best)) {
    return Error(StatusCode::kCorrupt,
                 "the model's largest output is {}; its weights may be damaged, or logit_bias "
                 "forbids every token",
                 best);
  }
  if (options_.temperature == 0.0f) {
    return static_cast<int32_t>(std::find(logits.begin(), logits.end(), best) - logits.begin());
  }

  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > -INFINITY) candidates_.emplace_back(logits[i], static_cast<int32_t>(i));
  }
  if (options_.top_k > 0) KeepLargest(&candidates_, options_.top_k);
  if (options_.top_p < 1.0f) KeepTopP(&candidates_, options_.temperature, options_.top_p);
  if (options_.min_p > 0.0f) {
    const float limit = best + std::log(options_.min_p) * options_.temperature;
    std::erase_if(candidates_, [&](const Candidate& c) { return c.first < limit; });
  }
  double total = 0.0;
  for (const Candidate& c : candidates_) {
    total += std::exp(static_cast<double>(c.first - best) / options_.temperature);
  }
  // Which candidate the draw hits depends on their order, which nth_element leaves open.
  std::sort(candidates_.begin(), candidates_.end(), Before);
  double left = Uniform(random_) * total;
  for (const Candidate& c : candidates_) {
    left -= std::exp(static_cast<double>(c.first - best) / options_.temperature);
    if (left < 0.0) return c.second;
  }
  return candidates_.back().second;
}

}  // namespace frugal
