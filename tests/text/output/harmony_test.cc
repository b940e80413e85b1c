#include "text/output/harmony.h"

#include <gtest/gtest.h>

namespace frugal::output {
namespace {

OutputMessage RunHarmony(std::string_view tail, std::string_view text) {
  HarmonyMachine machine(tail);
  InputBuffer in;
  DeltaSink out;
  in.Append(text);
  in.Close();
  machine.Run(&in, &out);
  OutputMessage message;
  AddDeltas(out.Take(), &message);
  return message;
}

TEST(HarmonyTest, RecipientsStandInEitherPlace) {
  for (const char* text : {" to=functions.f<|channel|>commentary json<|message|>{}<|call|>",
                           "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}",
                           "<|channel|>analysis to=functions.f<|message|>"
                           "{}<|end|>"}) {
    const OutputMessage message = RunHarmony("<|start|>assistant", text);
    ASSERT_EQ(message.tool_calls.size(), 1u) << text;
    EXPECT_EQ(message.tool_calls[0].name, "f");
    EXPECT_EQ(message.tool_calls[0].arguments, "{}");
    EXPECT_TRUE(message.tool_calls[0].complete);
  }
}

TEST(HarmonyTest, BuiltInToolsKeepTheirNames) {
  const OutputMessage message =
      RunHarmony("", "<|channel|>analysis to=python code<|message|>print(1)<|call|>");
  EXPECT_EQ(message.tool_calls.at(0).name, "python");
  EXPECT_EQ(message.tool_calls.at(0).arguments, "print(1)");
}

TEST(HarmonyTest, CallsWithoutArguments) {
  EXPECT_EQ(RunHarmony("", "to=functions.f<|message|><|call|>").tool_calls.at(0).arguments, "{}");
  EXPECT_FALSE(RunHarmony("", "to=functions.f<|message|>").tool_calls.at(0).complete);
}

TEST(HarmonyTest, TextBetweenMessagesIsContent) {
  const OutputMessage message = RunHarmony(
      "", "<|channel|>analysis<|message|>a<|end|>b<|start|>assistant<|channel|>final<|message|>c");
  EXPECT_EQ(message.reasoning, "a");
  EXPECT_EQ(message.content, "b\nc");
}

TEST(HarmonyTest, ThePromptMayHoldTheHeader) {
  EXPECT_EQ(RunHarmony("x<|start|>assistant<|channel|>analysis<|message|>", "a").reasoning, "a");
  EXPECT_EQ(RunHarmony("<|start|>assistant<|channel|>final<|message|>Yes", ", a").content, ", a");
  EXPECT_EQ(RunHarmony("<|start|>assistant<|channel|>", "final<|message|>a").content, "a");
}

TEST(HarmonyTest, NoHeaderIsLongerThanAKilobyte) {
  const std::string text = "<|channel|>" + std::string(2000, 'x') + "<|message|>y";
  EXPECT_EQ(RunHarmony("", text).content, text);
}

}  // namespace
}  // namespace frugal::output
