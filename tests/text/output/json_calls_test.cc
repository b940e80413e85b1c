#include "text/output/json_calls.h"

#include <gtest/gtest.h>

#include "tests/text/output/call_util.h"

namespace frugal::output {
namespace {

TEST(JsonCallsTest, StopsAfterTheLastObject) {
  JsonCallParser parser(JsonCallStyle::kMembers);
  const Fed run = Feed(&parser, R"( [{"name":"f","arguments":{}} , {"name":"g"}] </tool_calls>)");
  EXPECT_EQ(run.state, CallState::kDone);
  ASSERT_EQ(run.message.tool_calls.size(), 2u);
  EXPECT_EQ(run.message.tool_calls[1].arguments, "{}");
  EXPECT_EQ(run.rest, " </tool_calls>");
}

TEST(JsonCallsTest, KeepsTheTextOfWhatIsNoCall) {
  for (const char* text : {"x", "[1", "{]", R"({"name": ""})", R"({"name" 1)", R"({"a": })",
                           R"({"name": "a b")", "{}", R"({"arguments": 1, "arguments")"}) {
    JsonCallParser parser(JsonCallStyle::kMembers);
    const Fed run = Feed(&parser, text);
    EXPECT_EQ(run.state, CallState::kFailed) << text;
    EXPECT_EQ(run.marked + run.rest, text);
    EXPECT_TRUE(run.message.tool_calls.empty());
  }
}

TEST(JsonCallsTest, StrictObjectsNeedArguments) {
  JsonCallParser answer(JsonCallStyle::kStrictMembers);
  EXPECT_EQ(Feed(&answer, R"({"name": "Bob"})").state, CallState::kFailed);
  JsonCallParser other(JsonCallStyle::kStrictMembers);
  EXPECT_EQ(Feed(&other, R"({"city")").state, CallState::kFailed);
  JsonCallParser call(JsonCallStyle::kStrictMembers);
  EXPECT_EQ(Feed(&call, R"({"type": "function", "name": "f", "parameters": {}}.)").state,
            CallState::kDone);
}

TEST(JsonCallsTest, NamedArgumentsMayBeAnything) {
  JsonCallParser parser(JsonCallStyle::kNamed);
  const Fed run = Feed(&parser, R"([{"f": null}, {"g": [1]}, {"h": "{}"}]!)");
  EXPECT_EQ(run.state, CallState::kDone);
  ASSERT_EQ(run.message.tool_calls.size(), 3u);
  EXPECT_EQ(run.message.tool_calls[0].arguments, "{}");
  EXPECT_EQ(run.message.tool_calls[1].arguments, "[1]");
  EXPECT_EQ(run.message.tool_calls[2].arguments, "{}");
}

}  // namespace
}  // namespace frugal::output
