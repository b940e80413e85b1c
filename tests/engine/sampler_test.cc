#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace frugal {
namespace {

std::map<int32_t, int> Histogram(const SamplingOptions& options, const std::vector<float>& logits,
                                 int draws) {
  Sampler sampler(options);
  std::map<int32_t, int> counts;
  for (int i = 0; i < draws; ++i) {
    std::vector<float> copy = logits;
    const Result<int32_t> token = sampler.Sample(copy);
    EXPECT_TRUE(token.ok()) << token.status().message();
    ++counts[*token];
  }
  return counts;
}

int32_t SampleOnce(Sampler& sampler, std::vector<float> logits) {
  const Result<int32_t> token = sampler.Sample(logits);
  EXPECT_TRUE(token.ok()) << token.status().message();
  return token.ok() ? *token : -1;
}

TEST(Sampler, GreedyTakesTheLargestAndTheLowestOfEquals) {
  Sampler sampler({});
  EXPECT_EQ(SampleOnce(sampler, {0.0f, 3.0f, 1.0f, 3.0f}), 1);
  EXPECT_EQ(SampleOnce(sampler, {-5.0f, -7.0f}), 0);
}

// Pearson's chi-squared against the exact distribution: 7 degrees of freedom, p = 1e-6.
TEST(Sampler, DrawsFollowTheTemperature) {
  const std::vector<float> logits = {0.5f, -1.0f, 2.0f, 0.0f, 1.0f, -0.5f, 1.5f, -2.0f};
  for (float temperature : {0.5f, 1.0f, 2.0f}) {
    const int draws = 40000;
    const auto counts = Histogram({.temperature = temperature, .seed = 7}, logits, draws);
    double total = 0.0;
    for (float x : logits) total += std::exp(double{x} / temperature);
    double chi = 0.0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double expected = draws * std::exp(double{logits[i]} / temperature) / total;
      const auto it = counts.find(static_cast<int32_t>(i));
      const double seen = it == counts.end() ? 0 : it->second;
      chi += (seen - expected) * (seen - expected) / expected;
    }
    EXPECT_LT(chi, 40.5) << temperature;
  }
}

std::vector<int32_t> Support(const SamplingOptions& options, const std::vector<float>& logits) {
  std::vector<int32_t> tokens;
  for (const auto& [token, count] : Histogram(options, logits, 5000)) tokens.push_back(token);
  return tokens;
}

TEST(Sampler, TopKTopPAndMinPCutTheTail) {
  // Probabilities 0.4, 0.3, 0.2, 0.1 for tokens 3, 0, 2, 1.
  const std::vector<float> logits = {std::log(0.3f), std::log(0.1f), std::log(0.2f),
                                     std::log(0.4f)};
  using V = std::vector<int32_t>;
  EXPECT_EQ(Support({.temperature = 1.0f}, logits), (V{0, 1, 2, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .top_k = 2}, logits), (V{0, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .top_k = 99}, logits), (V{0, 1, 2, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .top_p = 0.35f}, logits), (V{3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .top_p = 0.65f}, logits), (V{0, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .top_p = 0.85f}, logits), (V{0, 2, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .min_p = 0.6f}, logits), (V{0, 3}));
  EXPECT_EQ(Support({.temperature = 1.0f, .min_p = 1.0f}, logits), (V{3}));
  // top-p counts within what top-k kept: 0.4 of 0.7 is already 0.57.
  EXPECT_EQ(Support({.temperature = 1.0f, .top_k = 2, .top_p = 0.5f}, logits), (V{3}));
}

// The growing sort of top-p against a full sort, with more tokens than its first block.
TEST(Sampler, TopPOverALargeVocabulary) {
  std::mt19937_64 random(5);
  std::vector<float> logits(5000);
  for (float& x : logits) x = static_cast<float>(random() % 1000) / 250.0f;
  std::vector<std::pair<double, int32_t>> sorted;
  double total = 0.0;
  for (size_t i = 0; i < logits.size(); ++i) {
    sorted.emplace_back(-std::exp(double{logits[i]}), static_cast<int32_t>(i));
    total += std::exp(double{logits[i]});
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<bool> allowed(logits.size(), false);
  double sum = 0.0;
  for (const auto& [weight, token] : sorted) {
    allowed[token] = true;
    sum -= weight;
    if (sum >= 0.6 * total) break;
  }
  const int kept = static_cast<int>(std::count(allowed.begin(), allowed.end(), true));
  ASSERT_GT(kept, 256);
  Sampler sampler({.temperature = 1.0f, .top_p = 0.6f, .seed = 3});
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(allowed[SampleOnce(sampler, logits)]);
}

TEST(Sampler, SameSeedSameAnswer) {
  std::vector<float> logits(100);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i));
  Sampler a({.temperature = 1.0f, .top_k = 40, .top_p = 0.9f, .seed = 11});
  Sampler b({.temperature = 1.0f, .top_k = 40, .top_p = 0.9f, .seed = 11});
  Sampler c({.temperature = 1.0f, .top_k = 40, .top_p = 0.9f, .seed = 12});
  std::vector<int32_t> from_a, from_b, from_c;
  for (int i = 0; i < 50; ++i) {
    from_a.push_back(SampleOnce(a, logits));
    from_b.push_back(SampleOnce(b, logits));
    from_c.push_back(SampleOnce(c, logits));
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
  // The generator's sequence is fixed by its standard: these tokens must not change.
  EXPECT_EQ(std::vector<int32_t>(from_a.begin(), from_a.begin() + 6),
            (std::vector<int32_t>{8, 84, 64, 26, 77, 39}));
}

TEST(Sampler, RepetitionPenaltyWeakensPromptAndAnswer) {
  Sampler sampler({.repetition_penalty = 2.0f});
  sampler.ObservePrompt(0);
  EXPECT_EQ(SampleOnce(sampler, {3.0f, 2.0f, -1.0f}), 1);  // 3 / 2 < 2
  sampler.ObserveAnswer(1);
  EXPECT_EQ(SampleOnce(sampler, {-3.0f, -2.0f, -3.9f}), 2);  // −6, −4, −3.9
}

TEST(Sampler, PresenceAndFrequencyCountTheAnswerOnly) {
  Sampler presence({.presence_penalty = 1.0f});
  presence.ObservePrompt(0);
  EXPECT_EQ(SampleOnce(presence, {2.0f, 1.5f}), 0);
  presence.ObserveAnswer(0);
  presence.ObserveAnswer(0);
  EXPECT_EQ(SampleOnce(presence, {2.0f, 1.5f}), 1);
  EXPECT_EQ(SampleOnce(presence, {2.6f, 1.5f}), 0);  // once, however often

  Sampler frequency({.frequency_penalty = 1.0f});
  frequency.ObserveAnswer(0);
  EXPECT_EQ(SampleOnce(frequency, {2.6f, 1.5f}), 0);
  frequency.ObserveAnswer(0);
  EXPECT_EQ(SampleOnce(frequency, {2.6f, 1.5f}), 1);
}

TEST(Sampler, LogitBiasForcesAndForbids) {
  const float infinity = std::numeric_limits<float>::infinity();
  Sampler sampler({.logit_bias = {{0, -infinity}, {2, 10.0f}}});
  EXPECT_EQ(SampleOnce(sampler, {50.0f, 5.0f, 0.0f}), 2);
  Sampler never({.temperature = 1.0f, .logit_bias = {{0, -infinity}}});
  for (int i = 0; i < 200; ++i) EXPECT_EQ(SampleOnce(never, {50.0f, 0.0f}), 1);
}

TEST(Sampler, DamagedLogitsAreAnErrorNotAToken) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (float temperature : {0.0f, 1.0f}) {
    Sampler sampler({.temperature = temperature});
    for (std::vector<float> logits :
         {std::vector<float>{1.0f, nan, 2.0f}, std::vector<float>{-infinity, -infinity},
          std::vector<float>{1.0f, infinity}}) {
      const Result<int32_t> token = sampler.Sample(logits);
      ASSERT_FALSE(token.ok());
      EXPECT_EQ(token.status().code(), StatusCode::kCorrupt);
    }
  }
}

TEST(Sampler, OptionsThatMakeNoSenseAreNamed) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::pair<const char*, SamplingOptions> cases[] = {
      {"temperature", {.temperature = -1.0f}},
      {"temperature", {.temperature = nan}},
      {"top_k", {.top_k = -1}},
      {"top_p", {.top_p = 0.0f}},
      {"top_p", {.top_p = 1.5f}},
      {"min_p", {.min_p = -0.1f}},
      {"repetition_penalty", {.repetition_penalty = 0.0f}},
      {"presence_penalty", {.presence_penalty = nan}},
      {"frequency_penalty", {.frequency_penalty = nan}},
      {"logit_bias", {.logit_bias = {{100, 1.0f}}}},
      {"logit_bias", {.logit_bias = {{-1, 1.0f}}}},
      {"logit_bias", {.logit_bias = {{5, nan}}}},
  };
  for (const auto& [name, options] : cases) {
    const Status status = CheckSamplingOptions(options, 100);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
  }
  EXPECT_TRUE(CheckSamplingOptions({.temperature = 1.0f, .top_k = 5, .top_p = 0.5f}, 100).ok());
}

}  // namespace
}  // namespace frugal
