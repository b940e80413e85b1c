#include "model/arch/experts.h"

namespace frugal {
namespace {

constexpr int64_t kMaxCount = 1 << 16;
constexpr int64_t kMaxWidth = int64_t{1} << 20;

// llama.cpp's llama_expert_gating_func_type.
constexpr int64_t kGgufSoftmax = 1;
constexpr int64_t kGgufSigmoid = 2;
constexpr int64_t kGgufSoftmaxOverTopK = 3;

void ReadGgufRouter(ConfigReader& config, RouterSpec* router) {
  using Score = RouterSpec::Score;
  const int64_t fallback = router->score == Score::kSigmoid   ? kGgufSigmoid
                           : router->score == Score::kSoftmax ? kGgufSoftmax
                                                              : kGgufSoftmaxOverTopK;
  const int64_t score = config.IntOr({"", "expert_gating_func"}, 1, 3, fallback);
  router->score = score == kGgufSigmoid   ? Score::kSigmoid
                  : score == kGgufSoftmax ? Score::kSoftmax
                                          : Score::kSoftmaxOverTopK;
  router->renormalize = config.BoolOr({"", "expert_weights_norm"}, router->renormalize);
  // 0 is what converters write for a scale that is not there.
  const double scale = config.DoubleOr({"", "expert_weights_scale"}, router->scale);
  router->scale = scale == 0.0 ? 1.0f : static_cast<float>(scale);
}

}  // namespace

MoeSpec ReadExperts(ConfigReader& config, const RouterSpec& router, const ExpertKeys& keys) {
  MoeSpec moe{.router = router};
  moe.n_experts = static_cast<int>(config.Int({keys.n_experts, "expert_count"}, 1, kMaxCount));
  moe.top_k = static_cast<int>(config.Int({keys.top_k, "expert_used_count"}, 1, kMaxCount));
  // The oldest GGUF files of models without dense layers know one width only.
  const bool own = !config.gguf() || config.Has({"", "expert_feed_forward_length"});
  moe.expert.d_ff = config.Int(
      {keys.d_ff, own ? "expert_feed_forward_length" : "feed_forward_length"}, 1, kMaxWidth);
  if (config.gguf()) ReadGgufRouter(config, &moe.router);
  return moe;
}

void ReadSharedExperts(ConfigReader& config, std::string_view count_key, MoeSpec* moe) {
  const int64_t count = config.IntOr({count_key, "expert_shared_count"}, 0, kMaxCount, 0);
  const int64_t width = config.IntOr({"", "expert_shared_feed_forward_length"}, 0, kMaxWidth,
                                     count * moe->expert.d_ff);
  if (width > 0) moe->shared = FfnSpec{.d_ff = width};
}

void ReadGroups(ConfigReader& config, RouterSpec* router) {
  router->n_group =
      static_cast<int>(config.IntOr({"n_group", "expert_group_count"}, 1, kMaxCount, 1));
  router->topk_group =
      static_cast<int>(config.IntOr({"topk_group", "expert_group_used_count"}, 1, kMaxCount, 1));
}

}  // namespace frugal
