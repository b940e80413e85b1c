#include "model/arch/experts.h"

#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

MoeSpec Read(const Checkpoint& checkpoint, const RouterSpec& router = {}) {
  ConfigReader config(checkpoint, "test");
  MoeSpec moe = ReadExperts(config, router);
  ReadSharedExperts(config, "n_shared_experts", &moe);
  ReadGroups(config, &moe.router);
  EXPECT_TRUE(config.status().ok()) << config.status().message();
  return moe;
}

TEST(ReadExperts, OfConfig) {
  const MoeSpec moe = Read(HfConfig(R"({"n_routed_experts": 12, "num_experts_per_tok": 3,
      "moe_intermediate_size": 40, "n_shared_experts": 2, "n_group": 4, "topk_group": 3})"));
  EXPECT_EQ(moe.n_experts, 12);
  EXPECT_EQ(moe.top_k, 3);
  EXPECT_EQ(moe.expert.d_ff, 40);
  EXPECT_EQ(moe.shared->d_ff, 80);
  EXPECT_EQ(moe.router.n_group, 4);
  EXPECT_EQ(moe.router.topk_group, 3);
}

TEST(ReadExperts, OfGguf) {
  GgufKeys keys = {{"general.architecture", std::string("test")},
                   {"test.expert_count", int64_t{6}},
                   {"test.expert_used_count", int64_t{2}},
                   {"test.feed_forward_length", int64_t{10}}};
  MoeSpec moe = Read(GgufConfig(keys));
  EXPECT_EQ(moe.expert.d_ff, 10) << "the only width there is";
  EXPECT_FALSE(moe.shared.has_value());
  EXPECT_EQ(moe.router.scale, 1.0f);
  keys = With(keys, "test.expert_feed_forward_length", int64_t{7});
  keys = With(keys, "test.expert_shared_count", int64_t{3});
  keys = With(keys, "test.expert_gating_func", int64_t{2});
  keys = With(keys, "test.expert_weights_norm", true);
  keys = With(keys, "test.expert_weights_scale", 2.5);
  moe = Read(GgufConfig(keys));
  EXPECT_EQ(moe.expert.d_ff, 7);
  EXPECT_EQ(moe.shared->d_ff, 21);
  EXPECT_EQ(moe.router.score, RouterSpec::Score::kSigmoid);
  EXPECT_TRUE(moe.router.renormalize);
  EXPECT_EQ(moe.router.scale, 2.5f);
  moe = Read(GgufConfig(With(keys, "test.expert_weights_scale", 0.0)));
  EXPECT_EQ(moe.router.scale, 1.0f) << "0 means none";
}

TEST(ReadExperts, MissingCountsAreNamed) {
  const Checkpoint checkpoint = HfConfig(R"({"num_experts_per_tok": 3})");
  ConfigReader config(checkpoint, "test");
  ReadExperts(config, {});
  ExpectRefused(config.status(), StatusCode::kCorrupt, kModelPath, {"'n_routed_experts'"});
}

}  // namespace
}  // namespace frugal
