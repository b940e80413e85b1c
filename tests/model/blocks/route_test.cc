// The router's choice against a straightforward oracle, for every option.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "model/blocks/moe.h"

namespace frugal {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

struct Choice {
  std::vector<int32_t> experts;  // ascending
  std::vector<double> weights;
};

std::vector<double> Softmax(std::vector<double> x) {
  double largest = kNever;
  for (const double v : x) largest = v > largest ? v : largest;
  double sum = 0.0;
  for (double& v : x) sum += v = std::exp(v - largest);
  for (double& v : x) v /= sum;
  return x;
}

// Indices by falling value; the lower index first among equals, NaN last.
std::vector<int> Ranked(const std::vector<double>& values) {
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    if (std::isnan(values[a])) return false;
    return std::isnan(values[b]) || values[a] > values[b];
  });
  return order;
}

Choice OracleRoute(const MoeSpec& spec, const std::vector<float>& select_bias,
                   const std::vector<float>& logits) {
  const RouterSpec& router = spec.router;
  std::vector<double> scores(logits.begin(), logits.end());
  if (router.softcap > 0.0f) {
    for (double& x : scores) x = router.softcap * std::tanh(x / router.softcap);
  }
  if (router.score == RouterSpec::Score::kSoftmax) scores = Softmax(scores);
  if (router.score == RouterSpec::Score::kSigmoid) {
    for (double& x : scores) x = 1.0 / (1.0 + std::exp(-x));
  }
  std::vector<double> ranked = scores;
  for (size_t e = 0; e < select_bias.size(); ++e) ranked[e] += select_bias[e];
  const int size = spec.n_experts / router.n_group;
  if (router.n_group > 1) {
    std::vector<double> groups;
    for (int g = 0; g < router.n_group; ++g) {
      std::vector<double> members;
      for (int e = g * size; e < (g + 1) * size; ++e) {
        if (!std::isnan(ranked[e])) members.push_back(ranked[e]);
      }
      std::sort(members.begin(), members.end(), std::greater<>());
      members.resize(2, kNever);
      const bool one = router.group_score == RouterSpec::GroupScore::kMax || size == 1;
      groups.push_back(one ? members[0] : members[0] + members[1]);
    }
    const std::vector<int> order = Ranked(groups);
    for (int i = router.topk_group; i < router.n_group; ++i) {
      std::fill_n(ranked.begin() + order[i] * size, size, kNever);
    }
  }
  Choice choice;
  const std::vector<int> order = Ranked(ranked);
  choice.experts.assign(order.begin(), order.begin() + spec.top_k);
  std::sort(choice.experts.begin(), choice.experts.end());
  for (const int e : choice.experts) choice.weights.push_back(scores[e]);
  if (router.score == RouterSpec::Score::kSoftmaxOverTopK) choice.weights = Softmax(choice.weights);
  if (router.renormalize) {
    double sum = router.renorm_eps;
    for (const double w : choice.weights) sum += w;
    sum = std::max(sum, double{router.renorm_min});
    for (double& w : choice.weights) w /= sum;
  }
  for (double& w : choice.weights) w *= router.scale;
  return choice;
}

void ExpectRoutes(const MoeSpec& spec, const std::vector<float>& select_bias,
                  const std::vector<float>& logits) {
  const Choice expected = OracleRoute(spec, select_bias, logits);
  std::vector<float> overwritten = logits;
  std::vector<int32_t> chosen(spec.top_k + 1, -7);
  std::vector<float> weights(spec.top_k + 1, -7.0f);
  Route(spec, select_bias.empty() ? nullptr : select_bias.data(), overwritten, chosen.data(),
        weights.data());
  EXPECT_EQ(chosen.back(), -7) << "written beyond top_k";
  EXPECT_EQ(weights.back(), -7.0f) << "written beyond top_k";
  chosen.pop_back();
  ASSERT_EQ(chosen, expected.experts);
  for (int i = 0; i < spec.top_k; ++i) {
    if (std::isnan(expected.weights[i])) {
      EXPECT_TRUE(std::isnan(weights[i])) << i;
    } else {
      EXPECT_NEAR(weights[i], expected.weights[i], 2e-6 * std::fabs(expected.weights[i]) + 1e-30);
    }
  }
}

constexpr int kExperts = 12;

// Every score with every grouping, and each of the other options on and off.
std::vector<MoeSpec> Options() {
  std::vector<MoeSpec> all;
  for (const auto score : {RouterSpec::Score::kSoftmax, RouterSpec::Score::kSigmoid,
                           RouterSpec::Score::kSoftmaxOverTopK}) {
    for (const int n_group : {1, 4, 3, 12}) {
      for (const auto group_score :
           {RouterSpec::GroupScore::kMax, RouterSpec::GroupScore::kTop2Sum}) {
        for (const int top_k : {1, 3, 5, 12}) {
          for (int options = 0; options < 8; ++options) {
            MoeSpec spec = {.n_experts = kExperts, .top_k = top_k, .expert = {}, .shared = {}};
            spec.router.score = score;
            spec.router.n_group = n_group;
            spec.router.topk_group = std::min(n_group, 2);
            spec.router.group_score = group_score;
            spec.router.renormalize = options & 1;
            if (options & 1) spec.router.renorm_eps = options & 2 ? 1e-20f : 0.0f;
            if (options & 2) spec.router.renorm_min = 0.9f;
            if (options & 2) spec.router.softcap = 1.5f;
            if (options & 4) spec.router.scale = 2.5f;
            all.push_back(spec);
          }
        }
      }
    }
  }
  return all;
}

TEST(Route, EqualsTheOracleForEveryOption) {
  std::mt19937 rng(11);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  for (const MoeSpec& spec : Options()) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      std::vector<float> logits(kExperts), bias(repeat % 2 == 0 ? 0 : kExperts);
      for (float& x : logits) x = normal(rng);
      for (float& x : bias) x = 0.3f * normal(rng);
      SCOPED_TRACE(testing::Message()
                   << "score " << static_cast<int>(spec.router.score) << " groups "
                   << spec.router.n_group << " top_k " << spec.top_k);
      ExpectRoutes(spec, bias, logits);
    }
  }
}

// Equal logits, infinities and NaN: the choice is still one, and the same everywhere.
TEST(Route, TiesAndWhatIsNotANumber) {
  std::vector<std::vector<float>> cases = {std::vector<float>(kExperts, 0.5f),
                                           {1, 2, 2, 1, 2, 2, 1, 1, 2, 2, 2, 1},
                                           {0, 0, 0, -kInf, -kInf, -kInf, 1, -kInf, -kInf, 0, 1, 2},
                                           std::vector<float>(kExperts, -kInf),
                                           {kNan, 1, 2, 3, 4, 5, kNan, 7, 8, 9, 10, 11},
                                           {11, 10, 9, kNan, kNan, kNan, 3, 2, 1, 0, kNan, kNan},
                                           std::vector<float>(kExperts, kNan)};
  for (const MoeSpec& spec : Options()) {
    // A softmax over infinities alone, or a sum with them, is no number in either.
    for (const std::vector<float>& logits : cases) {
      SCOPED_TRACE(testing::Message()
                   << "score " << static_cast<int>(spec.router.score) << " groups "
                   << spec.router.n_group << " top_k " << spec.top_k);
      ExpectRoutes(spec, {}, logits);
    }
  }
}

// The bias moves the choice and not the weights; renorm_min keeps weights from growing.
TEST(Route, ByHand) {
  MoeSpec spec = {.n_experts = 4, .top_k = 2, .expert = {}, .shared = {}};
  spec.router.score = RouterSpec::Score::kSigmoid;
  const float bias[] = {0.0f, 0.0f, 5.0f, 5.0f};
  std::vector<float> logits = {3.0f, 2.0f, 0.0f, 0.0f};
  int32_t chosen[2];
  float weights[2];
  Route(spec, bias, logits, chosen, weights);
  EXPECT_EQ(chosen[0], 2);
  EXPECT_EQ(chosen[1], 3);
  EXPECT_FLOAT_EQ(weights[0], 0.5f);
  spec.router.renormalize = true;
  spec.router.renorm_min = 4.0f;
  logits = {3.0f, 2.0f, 0.0f, 0.0f};
  Route(spec, bias, logits, chosen, weights);
  EXPECT_FLOAT_EQ(weights[1], 0.125f);
}

}  // namespace
}  // namespace frugal
