#include "engine/bench.h"

#include <gtest/gtest.h>

#include "tests/test_util.h"

namespace frugal {
namespace {

constexpr Roofs kRoofs = {
    .threads = 1, .read_bytes_per_s = 1e9, .operations_per_s = {1e9, 2e9, 4e9}};

std::unique_ptr<Engine> Load(const std::string& name, EngineOptions options = {}) {
  options.threads = 1;
  Result<std::unique_ptr<Engine>> engine = Engine::Load(TestData("models/" + name), options);
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  return engine.ok() ? *std::move(engine) : nullptr;
}

std::vector<BenchResult> Measure(Engine& engine, const BenchOptions& options) {
  std::vector<BenchResult> results;
  const Status status = RunBench(
      engine, kRoofs, options, [](const std::string&) {},
      [&](const BenchResult& result) { results.push_back(result); });
  EXPECT_TRUE(status.ok()) << status.message();
  return results;
}

TEST(Bench, EveryDepthAndBatchIsATest) {
  // Keys and values; a recurrent state; latents and experts.
  for (const char* name : {"llama2-plain", "qwen3-next", "deepseek-v3"}) {
    SCOPED_TRACE(name);
    const std::unique_ptr<Engine> engine = Load(name);
    ASSERT_NE(engine, nullptr);
    const std::vector<BenchResult> results = Measure(*engine, {.prompt_tokens = 8,
                                                               .answer_tokens = 3,
                                                               .repeats = 2,
                                                               .depths = {0, 70},
                                                               .batches = {1, 4}});
    std::vector<std::string> tests;
    for (const BenchResult& r : results) {
      tests.push_back(r.test);
      EXPECT_GT(r.tokens_per_s, 0.0);
      EXPECT_GE(r.stddev, 0.0);
      EXPECT_GT(r.bytes_per_token, 0.0);
      EXPECT_GT(r.operations_per_token, 0.0);
      EXPECT_GT(r.roof, 0.0);
      EXPECT_DOUBLE_EQ(r.roof_share(), r.tokens_per_s / r.roof);
    }
    EXPECT_EQ(tests, (std::vector<std::string>{"pp8", "tg3", "tg3@b4", "pp8@d70", "tg3@d70",
                                               "tg3@d70@b4"}));
    ASSERT_EQ(results.size(), 6u);
    // What more context costs, and what sharing the weights saves.
    EXPECT_GT(results[4].bytes_per_token, results[1].bytes_per_token);
    EXPECT_LT(results[2].bytes_per_token, results[1].bytes_per_token);
    EXPECT_GT(results[2].roof, results[1].roof);
  }
}

TEST(Bench, RoofIsTheNearerOfTheTwo) {
  const std::unique_ptr<Engine> engine = Load("llama2-plain");
  ASSERT_NE(engine, nullptr);
  const BenchOptions options = {.prompt_tokens = 0, .answer_tokens = 1, .repeats = 1};
  const std::vector<BenchResult> results = Measure(*engine, options);
  ASSERT_EQ(results.size(), 1u);
  const Model& model = engine->model();
  const Result<WeightCost> weights = CountWeights(model.checkpoint, model.spec, false);
  ASSERT_TRUE(weights.ok());
  const PassCost cost = CostOfPass(*weights, model.spec, KvType::kBf16, {.context = 1});
  EXPECT_DOUBLE_EQ(results[0].bytes_per_token, cost.bytes);
  EXPECT_DOUBLE_EQ(results[0].roof,
                   1.0 / std::max(ReadSeconds(cost, kRoofs), ComputeSeconds(cost, kRoofs)));
  EXPECT_EQ(results[0].memory_bound, ReadSeconds(cost, kRoofs) > ComputeSeconds(cost, kRoofs));
}

TEST(Bench, LeavesTheEngineAsItWas) {
  const std::unique_ptr<Engine> engine = Load("llama2-plain");
  ASSERT_NE(engine, nullptr);
  const int64_t free = engine->kv_pool().free_pages();
  Measure(*engine, {.prompt_tokens = 4, .answer_tokens = 2, .repeats = 1, .batches = {2}});
  EXPECT_EQ(engine->kv_pool().free_pages(), free);
  EXPECT_TRUE(engine->idle());
}

TEST(Bench, RefusesWhatMakesNoSense) {
  const std::unique_ptr<Engine> engine = Load("llama2-plain", {.context = 100});
  ASSERT_NE(engine, nullptr);
  const auto status = [&](const BenchOptions& options) {
    return RunBench(
        *engine, kRoofs, options, [](const std::string&) {}, [](const BenchResult&) {});
  };
  for (const BenchOptions& options :
       {BenchOptions{.prompt_tokens = 0, .answer_tokens = 0}, BenchOptions{.repeats = 0},
        BenchOptions{.prompt_tokens = 4, .answer_tokens = 4, .depths = {}},
        BenchOptions{.prompt_tokens = 4, .answer_tokens = 4, .batches = {0}},
        BenchOptions{.prompt_tokens = 4, .answer_tokens = 4, .batches = {100000}},
        BenchOptions{.prompt_tokens = 4, .answer_tokens = 4, .depths = {97}},
        BenchOptions{.prompt_tokens = 4, .answer_tokens = 4, .depths = {-1}},
        BenchOptions{.prompt_tokens = 101}}) {
    EXPECT_EQ(status(options).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_NE(status({.prompt_tokens = 4, .depths = {99}}).message().find("--ctx"),
            std::string::npos);
  const std::unique_ptr<Engine> small = Load("llama2-plain", {.kv_bytes = 1});
  ASSERT_NE(small, nullptr);
  const Status full = RunBench(
      *small, kRoofs, {.prompt_tokens = 100, .answer_tokens = 0, .repeats = 1},
      [](const std::string&) {}, [](const BenchResult&) {});
  EXPECT_EQ(full.code(), StatusCode::kResourceExhausted) << full.message();
}

TEST(Bench, MedianAndDeviation) {
  EXPECT_DOUBLE_EQ(Median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_DOUBLE_EQ(Median({7}), 7);
  EXPECT_DOUBLE_EQ(StdDev({1, 2, 3}), 1);
  EXPECT_DOUBLE_EQ(StdDev({5}), 0);
}

}  // namespace
}  // namespace frugal
