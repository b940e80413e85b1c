#include "text/output/call_parser.h"

#include <gtest/gtest.h>

#include "tests/text/output/call_util.h"

namespace frugal::output {
namespace {

// Every format with markers for calls has a parser that takes a call in its grammar.
TEST(CallParserTest, OneForEverySyntax) {
  const std::pair<std::string_view, std::string_view> calls[] = {
      {"hermes", R"({"name": "f", "arguments": {"a": 1}}.)"},
      {"apertus", R"([{"f": {"a": 1}}].)"},
      {"qwen3-coder", "f><parameter=a>1</parameter></function>"},
      {"kimi-k2", "functions.f:0<|tool_call_argument_begin|>{\"a\": 1}<"},
      {"ministral-3", "f[ARGS]{\"a\": 1}."},
      {"llama-3.1", R"({"name": "f", "parameters": {"a": 1}}.)"},
  };
  const auto types = ToolTypes::Parse("");
  ASSERT_TRUE(types.ok());
  for (const auto& [format, text] : calls) {
    const auto parser = MakeCallParser(*FindOutputFormat(format), &*types);
    const Fed run = Feed(parser.get(), text);
    EXPECT_EQ(run.state, CallState::kDone) << format;
    ASSERT_EQ(run.message.tool_calls.size(), 1u) << format;
    EXPECT_EQ(run.message.tool_calls[0].name, "f") << format;
    EXPECT_EQ(run.message.tool_calls[0].arguments, "{\"a\": 1}") << format;
    EXPECT_TRUE(run.message.tool_calls[0].complete) << format;
  }
}

}  // namespace
}  // namespace frugal::output
