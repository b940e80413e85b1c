#include "text/output/tag_calls.h"

#include <gtest/gtest.h>

#include "tests/text/output/call_util.h"

namespace frugal::output {
namespace {

Fed FeedTags(std::string_view format, std::string_view tools, std::string_view text,
             bool close = false) {
  const auto types = ToolTypes::Parse(tools);
  EXPECT_TRUE(types.ok());
  TagCallParser parser(*FindOutputFormat(format), &*types);
  return Feed(&parser, text, close);
}

TEST(TagCallsTest, DropsOneNewlineAtEitherEndOfAValue) {
  constexpr std::string_view kText =
      "f>\n<parameter=a>\n\n x \n\n</parameter><parameter=b>\n</parameter></function>";
  constexpr std::string_view kString = R"([{"name": "f", "parameters": {"properties":
      {"a": {"type": "string"}, "b": {"type": "string"}}}}])";
  // The same whether the strings are declared, and passed on at once, or not.
  for (const std::string_view tools : {kString, std::string_view("[]")}) {
    const Fed run = FeedTags("qwen3-coder", tools, kText);
    EXPECT_EQ(run.state, CallState::kDone);
    ASSERT_EQ(run.message.tool_calls.size(), 1u);
    EXPECT_EQ(run.message.tool_calls[0].arguments, R"({"a": "\n x \n", "b": ""})");
  }
  // GLM's values stand between their markers as they are.
  const Fed run =
      FeedTags("glm-4.5", kString, "f<arg_key>a</arg_key><arg_value>\nx\n</arg_value></tool_call>");
  EXPECT_EQ(run.message.tool_calls.at(0).arguments, R"({"a": "\nx\n"})");
}

TEST(TagCallsTest, NamesMayBeQuoted) {
  for (const char* text : {"\"f\">", "'f' >", " f>"}) {
    EXPECT_EQ(FeedTags("minimax-m2", "", text).message.tool_calls.at(0).name, "f") << text;
  }
  for (const char* text : {"\"f>", "f g>", ">", "<", "\"f' >"}) {
    const Fed run = FeedTags("minimax-m2", "", text);
    EXPECT_EQ(run.state, CallState::kFailed) << text;
    EXPECT_EQ(run.marked + run.rest, text);
  }
}

// GLM writes bare names: a quoted word after the marker is text, however it is cut.
TEST(TagCallsTest, GlmNamesAreBare) {
  for (const char* text : {"\"f\"</tool_call>", " f</tool_call>", "f g", "\nf"}) {
    const Fed run = FeedTags("glm-4.5", "", text);
    EXPECT_EQ(run.state, CallState::kFailed) << text;
    EXPECT_EQ(run.marked + run.rest, text);
  }
}

TEST(TagCallsTest, CloseGivesTheUnfinishedParameter) {
  const auto arguments = [](std::string_view text) {
    return FeedTags("minimax-m2", "", text, /*close=*/true).message.tool_calls.at(0).arguments;
  };
  EXPECT_EQ(arguments("f>"), "");
  EXPECT_EQ(arguments("f><parameter name=\"ab"), R"({"\"ab)");
  EXPECT_EQ(arguments("f><parameter name=\"a\">1\n2"), R"({"a": "1\n2)");
  EXPECT_EQ(arguments("f><parameter name=\"a\">1</parameter>\n</inv"), R"({"a": 1})");
}

}  // namespace
}  // namespace frugal::output
