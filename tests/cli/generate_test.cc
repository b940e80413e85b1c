#include "cli/generate.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

class GenerateTest : public testing::Test {
 protected:
  GenerateTest() {
    Result<std::unique_ptr<Engine>> engine =
        Engine::Load(model_.path(), {.threads = 2, .context = 256});
    EXPECT_TRUE(engine.ok()) << engine.status().message();
    if (engine.ok()) engine_ = *std::move(engine);
  }
  void SetUp() override { ASSERT_NE(engine_, nullptr); }

  // Answers 'H' for ever.
  static Request Steered(int64_t max_tokens) {
    Request request{.prompt = {kTinyBos, 'a', 'b'}, .max_tokens = max_tokens};
    request.sampling.logit_bias = {{'H', 1000.0f}};
    return request;
  }

  TinyModel model_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(GenerateTest, ThePiecesAreTheText) {
  std::string pieces;
  const Result<Answer> answer = Generate(*engine_, Steered(5), [&](std::string_view piece) {
    pieces += piece;
    return OkStatus();
  });
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(pieces, "HHHHH");
  EXPECT_EQ(answer->text, "HHHHH");
  EXPECT_EQ(answer->tokens, std::vector<int32_t>(5, 'H'));
  EXPECT_EQ(answer->finish, FinishReason::kLength);
  EXPECT_EQ(answer->prompt_tokens, 3);
  EXPECT_EQ(answer->cached_tokens, 0);
}

TEST_F(GenerateTest, NoTokensWanted) {
  const Result<Answer> answer =
      Generate(*engine_, Steered(0), [](std::string_view) { return OkStatus(); });
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(answer->text, "");
  EXPECT_TRUE(answer->tokens.empty());
  EXPECT_EQ(answer->finish, FinishReason::kLength);
}

TEST_F(GenerateTest, AFailingSinkEndsTheAnswer) {
  int calls = 0;
  const Result<Answer> answer = Generate(*engine_, Steered(-1), [&](std::string_view) {
    return ++calls < 3 ? OkStatus() : Status(StatusCode::kIo, "no more room");
  });
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.status().message(), "no more room");
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(engine_->idle());
}

TEST_F(GenerateTest, CtrlCEndsTheAnswerAndKeepsWhatThereIs) {
  int calls = 0;
  const Result<Answer> answer = Generate(*engine_, Steered(-1), [&](std::string_view) {
    if (++calls == 4) raise(SIGINT);
    return OkStatus();
  });
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(answer->finish, FinishReason::kCancelled);
  EXPECT_EQ(answer->text, "HHHH");
  EXPECT_TRUE(engine_->idle());
}

TEST_F(GenerateTest, TheNextTurnTakesOverWhatWasComputed) {
  const auto sink = [](std::string_view) { return OkStatus(); };
  const Result<Answer> first = Generate(*engine_, Steered(5), sink);
  ASSERT_TRUE(first.ok());
  Request next = Steered(2);
  next.prompt.insert(next.prompt.end(), first->tokens.begin(), first->tokens.end());
  next.prompt.push_back('?');
  const Result<Answer> second = Generate(*engine_, next, sink);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->prompt_tokens, 9);
  EXPECT_GT(second->cached_tokens, 3);
}

TEST_F(GenerateTest, ARefusedRequestSaysWhy) {
  const Result<Answer> answer = Generate(*engine_, {.prompt = {kTinyVocab}},
                                         [](std::string_view) { return OkStatus(); });
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.status().message().find("263"), std::string::npos) << answer.status().message();
}

TEST(Answer, RatesCountWhatWasComputed) {
  Answer answer;
  answer.prompt_tokens = 30;
  answer.cached_tokens = 10;
  answer.tokens = {1, 2, 3, 4, 5};
  answer.prefill_seconds = 0.5;
  answer.decode_seconds = 2.0;
  EXPECT_DOUBLE_EQ(answer.prefill_tokens_per_s(), 40.0);
  EXPECT_DOUBLE_EQ(answer.decode_tokens_per_s(), 2.0);  // the first token is the prefill's
  EXPECT_EQ(DescribeSpeed(answer), "20 prompt tokens at 40.0/s, 5 tokens at 2.0/s");
}

TEST(Answer, RatesOfNothingAreZero) {
  const Answer answer;
  EXPECT_EQ(answer.prefill_tokens_per_s(), 0.0);
  EXPECT_EQ(answer.decode_tokens_per_s(), 0.0);
  EXPECT_EQ(DescribeSpeed(answer), "0 prompt tokens at 0.0/s, 0 tokens at 0.0/s");
}

}  // namespace
}  // namespace frugal
