#include "text/output/header_calls.h"

#include <gtest/gtest.h>

#include "tests/text/output/call_util.h"

namespace frugal::output {
namespace {

Fed FeedHeader(std::string_view format, std::string_view text) {
  SeparatedCallParser parser(*FindOutputFormat(format));
  return Feed(&parser, text);
}

TEST(HeaderCallsTest, DeepSeekNamesStandOnEitherSideOfTheSeparator) {
  Fed run = FeedHeader("deepseek-v3.1", "f<｜tool▁sep｜>{\"a\": 1}<");
  EXPECT_EQ(run.state, CallState::kDone);
  EXPECT_EQ(run.message.tool_calls.at(0).name, "f");
  EXPECT_EQ(run.rest, "<");
  run = FeedHeader("deepseek-v3", "function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```<");
  EXPECT_EQ(run.message.tool_calls.at(0).name, "f");
  EXPECT_EQ(run.message.tool_calls.at(0).arguments, "{\"a\": 1}");
  EXPECT_EQ(run.rest, "<");
  run = FeedHeader("deepseek-v3", "function<｜tool▁sep｜>f\n{}<");  // no fence
  EXPECT_EQ(run.message.tool_calls.at(0).arguments, "{}");
}

TEST(HeaderCallsTest, KimiIdsHoldTheName) {
  constexpr std::string_view kSeparator = "<|tool_call_argument_begin|>";
  const auto call = [&](std::string head) {
    return FeedHeader("kimi-k2", head + std::string(kSeparator) + "{}<").message.tool_calls.at(0);
  };
  EXPECT_EQ(call("functions.a.b:10").name, "a.b");
  EXPECT_EQ(call("functions.a.b:10").id, "functions.a.b:10");
  EXPECT_EQ(call("functions.x:y").name, "x:y");
  EXPECT_EQ(FeedHeader("kimi-k2", "two words").state, CallState::kFailed);
}

TEST(HeaderCallsTest, ArgumentsThatAreNoObjectComeAsTheyAre) {
  const Fed run = FeedHeader(
      "kimi-k2", "functions.f:0<|tool_call_argument_begin|>[1] <|tool_call|> x<|tool_call_end|>");
  EXPECT_EQ(run.message.tool_calls.at(0).arguments, "[1] <|tool_call|> x");
  EXPECT_FALSE(run.message.tool_calls.at(0).complete);
}

TEST(HeaderCallsTest, MistralTakesBothForms) {
  const auto feed = [](std::string_view text) {
    MistralCallParser parser(*FindOutputFormat("mistral"));
    return Feed(&parser, text);
  };
  EXPECT_EQ(feed(R"([{"name": "f", "arguments": {}}]!)").message.tool_calls.at(0).name, "f");
  EXPECT_EQ(feed(R"(f[CALL_ID]x[ARGS]{"a": 1}!)").message.tool_calls.at(0).id, "x");
  EXPECT_EQ(feed("f[CALL_ID]x[CALL_ID]").state, CallState::kFailed);
  EXPECT_EQ(feed("f g").state, CallState::kFailed);
  EXPECT_EQ(feed("[ARGS]").state, CallState::kFailed);
}

TEST(HeaderCallsTest, LlamaCallsAPythonMethod) {
  const auto feed = [](std::string_view text) {
    LlamaCallParser parser;
    return Feed(&parser, text, /*close=*/true);
  };
  EXPECT_EQ(feed("f.call()").message.tool_calls.at(0).arguments, "{}");
  EXPECT_EQ(feed("f.call( a = 1, b=\"x, y\" )").message.tool_calls.at(0).arguments,
            "{\"a\": 1, \"b\": \"x, y\\\" )");  // the quote before a blank does not end the value
  EXPECT_EQ(feed("a.b.call(q=\"\")").message.tool_calls.at(0).name, "a.b");
  EXPECT_EQ(feed("f.call(x)").message.tool_calls.at(0).arguments, R"({"x": null})");
  for (const char* text : {"f(1)", ".call(", "import os", "f.call x"}) {
    EXPECT_EQ(feed(text).state, CallState::kFailed) << text;
  }
}

}  // namespace
}  // namespace frugal::output
