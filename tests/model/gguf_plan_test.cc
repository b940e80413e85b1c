#include "model/gguf_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

std::vector<int64_t> Sources(const RopeOrder& order, int64_t rows) {
  std::vector<int64_t> sources;
  for (int64_t row = 0; row < rows; ++row) sources.push_back(order.SourceRow(row));
  return sources;
}

TEST(GgufPlan, RopeOrderBothWays) {
  using Rows = std::vector<int64_t>;
  // Two heads of six rows, the four after the first turned: halves become neighbours.
  const RopeOrder there = {.head = 6, .offset = 1, .rotary = 4, .to_neighbours = true};
  EXPECT_EQ(Sources(there, 12), (Rows{0, 1, 3, 2, 4, 5, 6, 7, 9, 8, 10, 11}));
  RopeOrder back = there;
  back.to_neighbours = false;
  for (int64_t row = 0; row < 12; ++row) EXPECT_EQ(there.SourceRow(back.SourceRow(row)), row);
  EXPECT_EQ(Sources({}, 3), (Rows{0, 1, 2}));
  const RopeOrder whole = {.head = 6, .rotary = 6, .to_neighbours = true};
  EXPECT_EQ(Sources(whole, 6), (Rows{0, 3, 1, 4, 2, 5}));
}

struct Opened {
  Checkpoint checkpoint;
  ModelSpec spec;
  TensorReader reader;
};

std::unique_ptr<Opened> Open(const std::string& name) {
  Result<Checkpoint> checkpoint = OpenCheckpoint(TestData("models/" + name));
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  auto opened = std::make_unique<Opened>();
  opened->checkpoint = *std::move(checkpoint);
  opened->spec = SpecOf(opened->checkpoint);
  Result<TensorReader> reader = OpenTensors(opened->checkpoint, opened->spec);
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  opened->reader = *std::move(reader);
  return opened;
}

const PlanTensor* Find(const GgufPlan& plan, const std::string& name) {
  const auto it = std::ranges::find(plan.tensors, name, &PlanTensor::name);
  return it == plan.tensors.end() ? nullptr : &*it;
}

TEST(GgufPlan, LlamaTurnsQueriesAndKeysAlone) {
  const auto source = Open("llama3-scaled");
  const auto plan = PlanGguf(source->checkpoint, source->spec, source->reader, {});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->arch, "llama");
  EXPECT_TRUE(Find(*plan, "blk.0.attn_q.weight")->parts[0].order.to_neighbours);
  EXPECT_EQ(Find(*plan, "blk.0.attn_k.weight")->parts[0].order.head,
            source->spec.layers[0].gqa().head_dim);
  EXPECT_EQ(Find(*plan, "blk.0.attn_v.weight")->parts[0].order.head, 0);
  // The stretched rope is a tensor.
  const PlanTensor* factors = Find(*plan, "rope_freqs.weight");
  ASSERT_NE(factors, nullptr);
  EXPECT_EQ(static_cast<int>(factors->values.size()), source->spec.ropes[0].rotary_dim / 2);
}

TEST(GgufPlan, LatentAttentionInTwoHalves) {
  const auto source = Open("deepseek-v2-lite");
  const auto plan = PlanGguf(source->checkpoint, source->spec, source->reader, {});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const MlaSpec& mla = *source->spec.layers[0].mla();
  const PlanTensor* k_b = Find(*plan, "blk.0.attn_k_b.weight");
  ASSERT_NE(k_b, nullptr);
  EXPECT_TRUE(k_b->parts[0].transposed_heads);
  EXPECT_EQ(k_b->shape, (Shape{mla.n_heads, mla.kv_lora_rank, mla.qk_nope_head_dim}));
  EXPECT_EQ(Find(*plan, "blk.0.attn_v_b.weight")->shape,
            (Shape{mla.n_heads, mla.v_head_dim, mla.kv_lora_rank}));
  EXPECT_EQ(Find(*plan, "blk.0.attn_kv_b.weight"), nullptr);
}

TEST(GgufPlan, RefusesWhatTheArchitectureCannotSay) {
  const auto windows = Open("qwen2-window");
  const auto plan = PlanGguf(windows->checkpoint, windows->spec, windows->reader, {});
  ASSERT_FALSE(plan.ok());
  ExpectRefused(plan.status(), StatusCode::kUnsupported, windows->checkpoint.path,
                {"'qwen2'", "window"});
  const auto dynamic = Open("llama-dynamic");
  const auto refused = PlanGguf(dynamic->checkpoint, dynamic->spec, dynamic->reader, {});
  ASSERT_FALSE(refused.ok());
  ExpectRefused(refused.status(), StatusCode::kUnsupported, dynamic->checkpoint.path,
                {"'llama'", "rope frequency"});
}

TEST(GgufPlan, GgufKeepsItsKeysButNotHowItWasSplit) {
  const auto source = Open("llama2-plain.gguf");
  source->checkpoint.metadata.values["split.count"] = int64_t{1};
  source->checkpoint.metadata.values["general.name"] = std::string("mine");
  Metadata extra;
  extra.values["general.name"] = std::string("theirs");
  const auto plan = PlanGguf(source->checkpoint, source->spec, source->reader, extra);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_FALSE(plan->metadata.Has("split.count"));
  EXPECT_EQ(*plan->metadata.GetString("general.name"), "mine");
  EXPECT_EQ(plan->tensors.size(), source->checkpoint.tensors.tensors.size());
}

}  // namespace
}  // namespace frugal
