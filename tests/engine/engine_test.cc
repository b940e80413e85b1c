#include "engine/engine.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/model/golden.h"

namespace frugal {
namespace {

constexpr const char* kModel = "qwen3-plain";

std::unique_ptr<Engine> Open(const std::string& path, EngineOptions options = {}) {
  if (options.threads == 0) options.threads = 2;
  Result<std::unique_ptr<Engine>> engine = Engine::Load(path, options);
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  return *std::move(engine);
}

std::unique_ptr<Engine> OpenGolden(EngineOptions options = {}) {
  options.exact = true;
  return Open(TestData(std::string("models/") + kModel), options);
}

struct Outcome {
  std::vector<int32_t> tokens;
  std::string text;
  int finals = 0;  // events with finish set: must come to exactly one
  Event last;
};

void RunAll(Engine& engine, std::map<int64_t, Outcome>* outcomes) {
  for (int steps = 0; !engine.idle(); ++steps) {
    ASSERT_LT(steps, 10000) << "the engine does not come to an end";
    for (const Event& event : engine.Step()) {
      Outcome& outcome = (*outcomes)[event.request];
      outcome.tokens.insert(outcome.tokens.end(), event.tokens.begin(), event.tokens.end());
      outcome.text += event.text;
      if (event.finish != FinishReason::kNone) {
        ++outcome.finals;
        outcome.last = event;
      }
    }
  }
}

Outcome RunOne(Engine& engine, Request request) {
  const Result<int64_t> id = engine.Submit(std::move(request));
  EXPECT_TRUE(id.ok()) << id.status().message();
  std::map<int64_t, Outcome> outcomes;
  RunAll(engine, &outcomes);
  EXPECT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[*id].finals, 1);
  return outcomes[*id];
}

TEST(Engine, GreedyMatchesTheReference) {
  const Golden golden = LoadGolden(kModel);
  for (int max_rows : {1, 5, 512}) {
    auto engine = OpenGolden({.max_rows = max_rows, .max_sequences = 1});
    const Outcome outcome =
        RunOne(*engine, {.prompt = golden.input_ids, .max_tokens = 64, .ignore_stop_ids = true});
    EXPECT_EQ(outcome.tokens, golden.greedy_ids) << max_rows;
    EXPECT_EQ(outcome.last.finish, FinishReason::kLength);
    EXPECT_EQ(outcome.last.answer_tokens, 64);
    EXPECT_EQ(outcome.last.prompt_tokens, static_cast<int64_t>(golden.input_ids.size()));
  }
}

// Many requests of different lengths, admitted at different times, sampled with different seeds,
// in an engine too small to hold them all at once: each answers as it does alone.
TEST(Engine, NeighboursDoNotChangeAnAnswer) {
  const Golden golden = LoadGolden(kModel);
  const auto request = [&](int i) {
    Request r;
    r.prompt.assign(golden.input_ids.begin() + i, golden.input_ids.begin() + i + 5 + 3 * i);
    r.sampling = {.temperature = 1.0f, .top_p = 0.95f, .seed = static_cast<uint64_t>(i)};
    r.max_tokens = 10 + 7 * i;
    r.ignore_stop_ids = true;
    return r;
  };
  std::vector<std::vector<int32_t>> alone;
  for (int i = 0; i < 8; ++i) {
    auto engine = OpenGolden();
    alone.push_back(RunOne(*engine, request(i)).tokens);
    EXPECT_EQ(static_cast<int>(alone.back().size()), 10 + 7 * i);
  }
  auto engine = OpenGolden({.max_rows = 16, .max_sequences = 3});
  std::map<int64_t, int> numbers;
  std::map<int64_t, Outcome> outcomes;
  for (int i = 0; i < 8; ++i) {
    numbers[*engine->Submit(request(i))] = i;
    for (const Event& event : engine->Step()) {
      Outcome& outcome = outcomes[event.request];
      outcome.tokens.insert(outcome.tokens.end(), event.tokens.begin(), event.tokens.end());
      outcome.finals += event.finish != FinishReason::kNone;
    }
  }
  RunAll(*engine, &outcomes);
  ASSERT_EQ(outcomes.size(), 8u);
  for (const auto& [id, outcome] : outcomes) {
    EXPECT_EQ(outcome.finals, 1);
    EXPECT_EQ(outcome.tokens, alone[numbers[id]]) << numbers[id];
  }
}

TEST(Engine, NextTurnTakesOverTheSharedPrefix) {
  const Golden golden = LoadGolden(kModel);
  auto engine = OpenGolden();
  const Outcome first =
      RunOne(*engine, {.prompt = golden.input_ids, .max_tokens = 20, .ignore_stop_ids = true});
  EXPECT_EQ(first.last.cached_tokens, 0);
  Request next{.prompt = golden.input_ids, .max_tokens = 20, .ignore_stop_ids = true};
  next.prompt.insert(next.prompt.end(), first.tokens.begin(), first.tokens.end());
  next.prompt.push_back(5);
  const Outcome second = RunOne(*engine, next);
  // All but the answer's last token, whose keys and values were never needed.
  EXPECT_EQ(second.last.cached_tokens, static_cast<int64_t>(golden.input_ids.size()) + 19);
  auto fresh = OpenGolden();
  EXPECT_EQ(RunOne(*fresh, next).tokens, second.tokens);
  // The same prompt again computes at least its last token.
  const Outcome again = RunOne(*engine, next);
  EXPECT_EQ(again.last.cached_tokens, static_cast<int64_t>(next.prompt.size()) - 1);
  EXPECT_EQ(again.tokens, second.tokens);
}

// A recurrent state is that of all its tokens: a turn that goes on from them takes it over, one
// that shares only a part begins anew.
TEST(Engine, RecurrentStateIsTakenOverWholeOrNotAtAll) {
  constexpr const char* kRecurrent = "minimax-text-01";
  const Golden golden = LoadGolden(kRecurrent);
  const std::string path = TestData(std::string("models/") + kRecurrent);
  auto engine = Open(path, {.exact = true});
  ASSERT_GT(StateBytes(engine->model().spec), 0);
  const auto fresh = [&](const Request& request) {
    return RunOne(*Open(path, {.exact = true}), request).tokens;
  };
  Request next{.prompt = golden.input_ids, .max_tokens = 20, .ignore_stop_ids = true};
  const Outcome first = RunOne(*engine, next);
  EXPECT_EQ(first.last.cached_tokens, 0);
  next.prompt.insert(next.prompt.end(), first.tokens.begin(), first.tokens.end());
  next.prompt.push_back(5);
  const Outcome second = RunOne(*engine, next);
  EXPECT_EQ(second.last.cached_tokens, static_cast<int64_t>(golden.input_ids.size()) + 19);
  EXPECT_EQ(second.tokens, fresh(next));
  // The same prompt again: the state is beyond it.
  const Outcome again = RunOne(*engine, next);
  EXPECT_EQ(again.last.cached_tokens, 0);
  EXPECT_EQ(again.tokens, second.tokens);
  // Another answer than the one that was given.
  next.prompt.insert(next.prompt.end(), again.tokens.begin(), again.tokens.end());
  next.prompt[golden.input_ids.size() + 3] ^= 1;
  const Outcome other = RunOne(*engine, next);
  EXPECT_EQ(other.last.cached_tokens, 0);
  EXPECT_EQ(other.tokens, fresh(next));
}

TEST(Engine, CancelEndsARequestOnceAndFreesIt) {
  const Golden golden = LoadGolden(kModel);
  auto engine = OpenGolden({.max_sequences = 1});
  const int64_t running = *engine->Submit({.prompt = golden.input_ids, .ignore_stop_ids = true});
  const int64_t waiting = *engine->Submit({.prompt = golden.input_ids});
  std::map<int64_t, Outcome> outcomes;
  EXPECT_EQ(engine->Step().size(), 1u);
  engine->Cancel(running);
  engine->Cancel(waiting);
  engine->Cancel(12345);
  RunAll(*engine, &outcomes);
  for (int64_t id : {running, waiting}) {
    EXPECT_EQ(outcomes[id].finals, 1);
    EXPECT_EQ(outcomes[id].last.finish, FinishReason::kCancelled);
  }
}

TEST(Engine, ContextEndsAnAnswer) {
  const Golden golden = LoadGolden(kModel);
  const int64_t prompt = golden.input_ids.size();
  auto engine = OpenGolden({.context = prompt + 3});
  const Outcome outcome = RunOne(*engine, {.prompt = golden.input_ids, .ignore_stop_ids = true});
  EXPECT_EQ(outcome.tokens.size(), 3u);
  EXPECT_EQ(outcome.last.finish, FinishReason::kLength);
  auto full = OpenGolden({.context = prompt});
  const Outcome none = RunOne(*full, {.prompt = golden.input_ids});
  EXPECT_TRUE(none.tokens.empty());
  EXPECT_EQ(none.last.finish, FinishReason::kLength);
}

TEST(Engine, MemoryForKeysAndValuesBoundsARequest) {
  const Golden golden = LoadGolden(kModel);
  // Room for one page of 64 positions.
  auto engine = OpenGolden({.kv_bytes = 1});
  const Outcome outcome = RunOne(*engine, {.prompt = golden.input_ids, .ignore_stop_ids = true});
  EXPECT_EQ(outcome.tokens.size(), 64 - golden.input_ids.size());
  EXPECT_EQ(outcome.last.finish, FinishReason::kLength);
  const Result<int64_t> id = engine->Submit({.prompt = std::vector<int32_t>(65, 1)});
  EXPECT_EQ(id.status().code(), StatusCode::kResourceExhausted);
}

TEST(Engine, StopIdEndsAnAnswer) {
  const Golden golden = LoadGolden(kModel);
  auto engine = OpenGolden();
  ASSERT_FALSE(engine->model().spec.stop_ids.empty());
  const int32_t stop = engine->model().spec.stop_ids[0];
  // Forced at once by its bias.
  const Outcome outcome =
      RunOne(*engine, {.prompt = golden.input_ids, .sampling = {.logit_bias = {{stop, 1e6f}}}});
  EXPECT_TRUE(outcome.tokens.empty());
  EXPECT_EQ(outcome.last.finish, FinishReason::kStop);
}

TEST(Engine, RequestsThatMakeNoSenseAreRefused) {
  auto engine = OpenGolden();
  const int32_t vocab = static_cast<int32_t>(engine->model().spec.vocab);
  const std::pair<const char*, Request> cases[] = {
      {"empty", {}},
      {"outside the vocabulary", {.prompt = {1, vocab}}},
      {"outside the vocabulary", {.prompt = {-1}}},
      {"temperature", {.prompt = {1}, .sampling = {.temperature = -2.0f}}},
      {"tokenizer", {.prompt = {1}, .stop = {"x"}}},
      {"context", {.prompt = std::vector<int32_t>(100000, 1)}},
  };
  for (const auto& [word, request] : cases) {
    const Result<int64_t> id = engine->Submit(request);
    ASSERT_FALSE(id.ok()) << word;
    EXPECT_NE(id.status().message().find(word), std::string::npos) << id.status().message();
  }
  EXPECT_TRUE(engine->idle());
}

TEST(Engine, LoadErrorsAreClear) {
  const auto absent = Engine::Load(TestData("models/no-such-model"), {});
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.status().message().find("no-such-model"), std::string::npos);
  const auto threads = Engine::Load(TestData("models/qwen3-plain"), {.threads = -1});
  EXPECT_EQ(threads.status().code(), StatusCode::kInvalidArgument);
}

TEST(Engine, LogitsAreTheForwardPassesOwn) {
  const Golden golden = LoadGolden(kModel);
  auto engine = OpenGolden();
  for (int64_t chunk : {1, 7, 512}) {
    std::vector<float> all;
    ASSERT_TRUE(engine
                    ->Logits(golden.input_ids, chunk, /*last_only=*/false,
                             [&](std::span<const float> row) {
                               all.insert(all.end(), row.begin(), row.end());
                               return OkStatus();
                             })
                    .ok());
    ASSERT_EQ(all.size(), golden.logits.size());
    EXPECT_LE(RelativeError(all.data(), golden.logits.data(), all.size()), 1e-5);
    std::vector<float> last;
    ASSERT_TRUE(engine
                    ->Logits(golden.input_ids, chunk, /*last_only=*/true,
                             [&](std::span<const float> row) {
                               last.assign(row.begin(), row.end());
                               return OkStatus();
                             })
                    .ok());
    EXPECT_EQ(last, std::vector<float>(all.end() - golden.vocab, all.end()));
  }
  const Status failed = engine->Logits(golden.input_ids, 8, false, [](std::span<const float>) {
    return Error(StatusCode::kIo, "the sink is full");
  });
  EXPECT_EQ(failed.message(), "the sink is full");
}

// ---- With a real tokenizer --------------------------------------------------------------------

constexpr const char* kStory =
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball.";

TEST(Engine, RealModelTellsItsStory) {
  SKIP_WITHOUT_SHARED("models/stories260K");
  for (const char* form : {"models/stories260K", "models/stories260K-f32.gguf"}) {
    for (int i = 0; i < kNumIsas; ++i) {
      const Isa isa = static_cast<Isa>(i);
      if (!IsaSupported(isa)) continue;
      auto engine = Open(Shared(form), {.isa = isa});
      ASSERT_NE(engine->tokenizer(), nullptr) << engine->tokenizer_status().message();
      const Outcome outcome = RunOne(*engine, {.prompt = {1}, .max_tokens = 200});
      EXPECT_EQ(outcome.tokens.size(), 200u);
      EXPECT_TRUE(outcome.text.starts_with(kStory)) << outcome.text;
    }
  }
}

TEST(Engine, StopStringEndsAnAnswerBeforeIt) {
  SKIP_WITHOUT_SHARED("models/stories260K");
  auto engine = Open(Shared("models/stories260K"));
  const Outcome outcome =
      RunOne(*engine, {.prompt = {1}, .max_tokens = 200, .stop = {" named Lily", "zzz"}});
  EXPECT_EQ(outcome.text, "Once upon a time, there was a little girl");
  EXPECT_EQ(outcome.last.finish, FinishReason::kStop);
}

}  // namespace
}  // namespace frugal
