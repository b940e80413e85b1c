#include "text/output/text_machine.h"

#include <gtest/gtest.h>

namespace frugal::output {
namespace {

OutputMessage RunText(std::string_view format, std::string_view tail, std::string_view text) {
  auto types = ToolTypes::Parse("");
  EXPECT_TRUE(types.ok());
  TextMachine machine(*FindOutputFormat(format), tail, *std::move(types));
  InputBuffer in;
  DeltaSink out;
  in.Append(text);
  in.Close();
  machine.Run(&in, &out);
  OutputMessage message;
  AddDeltas(out.Take(), &message);
  return message;
}

TEST(TextMachineTest, ThePromptsEndSaysWhetherReasoningIsOpen) {
  EXPECT_EQ(RunText("think", "x<think>\n", "a</think>b").reasoning, "a");
  EXPECT_EQ(RunText("think", "x<think> y", "a").content, "a");
  EXPECT_EQ(RunText("think", "<think></think>\n", "\n a").content, " a");
  EXPECT_EQ(RunText("deepseek-r1", "", "a").reasoning, "a");
  EXPECT_EQ(RunText("deepseek-r1", "<think>\n</think>\n", "a").content, "a");
}

TEST(TextMachineTest, MarkersWithinTextAreText) {
  EXPECT_EQ(RunText("think", "", "Use <think> and </think>.").content, "Use <think> and </think>.");
  EXPECT_EQ(RunText("think", "", "<think>a<think>b</think>c").reasoning, "a<think>b");
  EXPECT_EQ(RunText("minimax-m2", "", "a <invoke name=\"f\"></invoke>").reasoning,
            "a <invoke name=\"f\"></invoke>");
  EXPECT_EQ(RunText("hermes", "", "see </tool_call>").content, "see </tool_call>");
}

TEST(TextMachineTest, SeveralBlocksOfReasoning) {
  const OutputMessage message = RunText("ministral-3", "", "[THINK]a[/THINK]b[THINK]c[/THINK]d");
  EXPECT_EQ(message.reasoning, "a\nc");
  EXPECT_EQ(message.content, "bd");
}

TEST(TextMachineTest, DraftsStayReasoningWhereTheFamilySaysSo) {
  constexpr std::string_view kText =
      "<think><tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call></think>x";
  EXPECT_TRUE(RunText("ernie-4.5-thinking", "", kText).tool_calls.empty());
  EXPECT_EQ(RunText("ernie-4.5-thinking", "", kText).content, "x");
  EXPECT_EQ(RunText("hermes", "", kText).tool_calls.size(), 1u);
  EXPECT_EQ(RunText("hermes", "", kText).content, "x");
}

}  // namespace
}  // namespace frugal::output
