// Every golden model in both containers against its published implementation, on every
// instruction set, and batch invariance to the bit.
#include "model/forward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/model/golden.h"

namespace frugal {
namespace {

// The reference and we round float32 sums in different orders; over these sizes and depths that
// comes to 1e-6, and every tensor and setting moves the logits by 1e-3 or more (the generator
// proves it).
constexpr double kTolerance = 1e-5;

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas;
  for (int i = 0; i < kNumIsas; ++i) {
    if (IsaSupported(static_cast<Isa>(i))) isas.push_back(static_cast<Isa>(i));
  }
  return isas;
}

// The sanitizers look at what memory is touched, not at numbers: one pass over each golden shows
// them every set, and what repeats it many times takes the newest alone.
std::vector<Isa> RepeatedIsas() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return {BestIsa()};
#else
  return SupportedIsas();
#endif
}

// Formats the int8 path reads (--compute auto quantises the activations).
bool Quantised(const std::string& name) { return name.starts_with("llama-q"); }

struct Loaded {
  explicit Loaded(const GoldenCase& c)
      : golden(LoadGolden(c.name)), team(1), model(OpenModel(c.path, team)) {}

  Golden golden;
  ThreadTeam team;
  std::unique_ptr<Model> model;
};

// One thread, so that no test waits at barriers for the other's turn on a busy machine;
// ThreadsChangeNoBit ties the larger teams to it.
class GoldenTest : public testing::TestWithParam<GoldenCase> {
 protected:
  GoldenTest()
      : loaded_(LoadOnce(GetParam())),
        golden_(loaded_.golden),
        team_(loaded_.team),
        model_(loaded_.model) {}

  // The models are small: all stay loaded.
  static Loaded& LoadOnce(const GoldenCase& c) {
    static auto* const cache = new std::map<std::string, Loaded>;
    return cache->try_emplace(c.path, c).first->second;
  }

  Loaded& loaded_;
  const Golden& golden_;
  ThreadTeam& team_;
  const std::unique_ptr<Model>& model_;
};

class FastPathTest : public GoldenTest {};

// What is bound is the same from either container: one of them will do.
class InvarianceTest : public GoldenTest {};

std::vector<GoldenCase> OneOfEachModel() {
  std::vector<GoldenCase> cases = GoldenCases();
  std::erase_if(cases, [](const GoldenCase& c) {
    return !c.path.ends_with(".gguf") && std::filesystem::exists(c.path + ".gguf");
  });
  return cases;
}

TEST_P(GoldenTest, LogitsMatchTheReference) {
  for (Isa isa : SupportedIsas()) {
    Forward forward(*model_, team_, {.isa = isa, .exact = true});
    const std::vector<float> logits = RunInChunks(forward, golden_.input_ids, 512, golden_.vocab);
    ASSERT_EQ(logits.size(), golden_.logits.size());
    for (size_t row = 0; row < golden_.input_ids.size(); ++row) {
      const int64_t at = row * golden_.vocab;
      EXPECT_LE(RelativeError(&logits[at], &golden_.logits[at], golden_.vocab), kTolerance)
          << IsaName(isa) << " row " << row;
    }
  }
}

// Latent attention has two forms, which differ by rounding alone.
TEST_P(GoldenTest, ExpandedLatentAttentionMatchesTheReference) {
  if (model_->spec.layers[0].mla() == nullptr) GTEST_SKIP() << "no latent attention";
  for (Isa isa : SupportedIsas()) {
    Forward forward(*model_, team_, {.isa = isa, .exact = true, .expand_rows = 1});
    const std::vector<float> whole = RunInChunks(forward, golden_.input_ids, 512, golden_.vocab);
    for (size_t row = 0; row < golden_.input_ids.size(); ++row) {
      const int64_t at = row * golden_.vocab;
      EXPECT_LE(RelativeError(&whole[at], &golden_.logits[at], golden_.vocab), kTolerance)
          << IsaName(isa) << " row " << row;
    }
    EXPECT_EQ(whole, RunInChunks(forward, golden_.input_ids, 7, golden_.vocab)) << IsaName(isa);
  }
}

TEST_P(GoldenTest, ExpertsAreTheReferences) {
  if (golden_.routing.empty()) {
    EXPECT_EQ(MoeLayers(model_->spec), 0);
    return;
  }
  const int64_t n = static_cast<int64_t>(golden_.input_ids.size());
  const size_t size = MoeLayers(model_->spec) * n * MaxTopK(model_->spec);
  ASSERT_EQ(golden_.routing.size(), size);
  for (Isa isa : SupportedIsas()) {
    Forward forward(*model_, team_, {.isa = isa, .exact = true});
    TestSequence sequence(forward.cache_layout(), n);
    std::vector<float> logits;
    std::vector<int32_t> routing(size, -1);
    RunChunk(forward, sequence, golden_.input_ids, 0, n, golden_.vocab, &logits, routing.data());
    EXPECT_EQ(routing, golden_.routing) << IsaName(isa);
  }
}

TEST_P(GoldenTest, GreedyTokensMatchTheReference) {
  ASSERT_EQ(golden_.greedy_ids.size(), 64u);
  for (Isa isa : RepeatedIsas()) {
    Forward forward(*model_, team_, {.isa = isa, .exact = true});
    std::vector<int32_t> ids = golden_.input_ids;
    TestSequence sequence(forward.cache_layout(), ids.size() + 64);
    std::vector<float> logits;
    RunChunk(forward, sequence, ids, 0, ids.size(), golden_.vocab, &logits);
    std::vector<int32_t> greedy;
    while (greedy.size() < 64) {
      const auto last = logits.end() - golden_.vocab;
      greedy.push_back(static_cast<int32_t>(std::max_element(last, logits.end()) - last));
      ids.push_back(greedy.back());
      RunChunk(forward, sequence, ids, ids.size() - 1, ids.size(), golden_.vocab, &logits);
    }
    EXPECT_EQ(greedy, golden_.greedy_ids) << IsaName(isa);
  }
}

// The scalar matmul takes a row at a time, so that its rows cannot see their neighbours; it is also
// most of this program's time.
const std::vector<int64_t> kChunks = {1, 7, 64};
const std::vector<int64_t> kScalarChunks = {7};

TEST_P(InvarianceTest, ChunkingChangesNoBit) {
  for (Isa isa : RepeatedIsas()) {
    for (bool exact : {true, false}) {
      const KvType kv = exact ? KvType::kF32 : KvType::kBf16;
      Forward forward(*model_, team_, {.isa = isa, .exact = exact, .kv_type = kv});
      const auto whole = RunInChunks(forward, golden_.input_ids, 512, golden_.vocab);
      for (int64_t chunk : isa == Isa::kScalar ? kScalarChunks : kChunks) {
        EXPECT_EQ(whole, RunInChunks(forward, golden_.input_ids, chunk, golden_.vocab))
            << IsaName(isa) << " exact " << exact << " chunk " << chunk;
      }
    }
  }
}

// Two sequences at different positions and of different lengths share batches.
TEST_P(InvarianceTest, NeighboursChangeNoBit) {
  for (Isa isa : RepeatedIsas()) {
    for (bool exact : {true, false}) {
      if (exact && isa == Isa::kScalar) continue;
      Forward forward(*model_, team_, {.isa = isa, .exact = exact, .kv_type = KvType::kBf16});
      const std::vector<int32_t>& a = golden_.input_ids;
      std::vector<int32_t> b(golden_.input_ids.rbegin(), golden_.input_ids.rend());
      b.resize(b.size() * 2 / 3);
      const auto alone_a = RunInChunks(forward, a, 512, golden_.vocab);
      const auto alone_b = RunInChunks(forward, b, 512, golden_.vocab);

      TestSequence kv_a(forward.cache_layout(), a.size());
      TestSequence kv_b(forward.cache_layout(), b.size());
      uint8_t* const* const pages[] = {kv_a.pages(), kv_b.pages()};
      float* const states[] = {kv_a.state(), kv_b.state()};
      std::vector<float> together_a, together_b;
      size_t at_a = 0, at_b = 0;
      for (int turn = 0; at_a < a.size() || at_b < b.size(); ++turn) {
        std::vector<BatchRow> rows;
        const size_t end_a = std::min(a.size(), at_a + 1 + turn % 5);
        const size_t end_b = std::min(b.size(), at_b + (turn % 3 == 0 ? 4 : 1));
        for (size_t p = at_a; p < end_a; ++p) {
          rows.push_back({a[p], 0, static_cast<int64_t>(p), true});
        }
        for (size_t p = at_b; p < end_b; ++p) {
          rows.push_back({b[p], 1, static_cast<int64_t>(p), true});
        }
        std::vector<float> logits(rows.size() * golden_.vocab);
        forward.Run({.rows = rows, .pages = pages, .states = states}, logits.data());
        const auto middle = logits.begin() + (end_a - at_a) * golden_.vocab;
        together_a.insert(together_a.end(), logits.begin(), middle);
        together_b.insert(together_b.end(), middle, logits.end());
        at_a = end_a;
        at_b = end_b;
      }
      EXPECT_EQ(together_a, alone_a) << IsaName(isa) << " exact " << exact;
      EXPECT_EQ(together_b, alone_b) << IsaName(isa) << " exact " << exact;
    }
  }
}

TEST_P(InvarianceTest, ThreadsChangeNoBit) {
  Forward one(*model_, team_, {.isa = BestIsa(), .kv_type = KvType::kBf16});
  const auto expected = RunInChunks(one, golden_.input_ids, 16, golden_.vocab);
  for (int threads : {2, 3, 5}) {
    ThreadTeam team(threads);
    Forward forward(*model_, team, {.isa = BestIsa(), .kv_type = KvType::kBf16});
    EXPECT_EQ(expected, RunInChunks(forward, golden_.input_ids, 16, golden_.vocab)) << threads;
  }
}

// The largest row error that the fast path's rounding makes in the reference, for the models whose
// generator simulates it.
Result<std::string> SimulatedError(const std::string& name) {
  return LoadGolden(name).metadata.GetString(Quantised(name) ? "int8_activations_max"
                                                             : "bf16_activations_max");
}

std::vector<GoldenCase> WithSimulatedError() {
  std::vector<GoldenCase> cases = GoldenCases();
  std::erase_if(cases, [](const GoldenCase& c) { return !SimulatedError(c.name).ok(); });
  return cases;
}

// The fast path rounds activations to int8 or bfloat16 and keeps bfloat16 keys and values. Twice
// the simulated error is the bound: the roundings fall differently, but are no larger.
TEST_P(FastPathTest, StaysWithinItsRounding) {
  const double bound = 2.0 * std::stod(*SimulatedError(GetParam().name));
  ASSERT_GT(bound, 0.0);
  ASSERT_LT(bound, 0.2);
  for (Isa isa : SupportedIsas()) {
    Forward forward(*model_, team_, {.isa = isa, .exact = false, .kv_type = KvType::kBf16});
    const auto logits = RunInChunks(forward, golden_.input_ids, 512, golden_.vocab);
    for (size_t row = 0; row < golden_.input_ids.size(); ++row) {
      const int64_t at = row * golden_.vocab;
      EXPECT_LE(RelativeError(&logits[at], &golden_.logits[at], golden_.vocab), bound)
          << IsaName(isa) << " row " << row;
    }
  }
}

std::string CaseName(const testing::TestParamInfo<GoldenCase>& info) {
  std::string name = std::filesystem::path(info.param.path).filename();
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenTest, testing::ValuesIn(GoldenCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Models, FastPathTest, testing::ValuesIn(WithSimulatedError()), CaseName);
INSTANTIATE_TEST_SUITE_P(Models, InvarianceTest, testing::ValuesIn(OneOfEachModel()), CaseName);

}  // namespace
}  // namespace frugal
