#include "tests/text/output/parse_util.h"

#include <random>

#include "text/unicode.h"

namespace frugal {

void CheckOrder(const std::vector<OutputDelta>& deltas) {
  int next = 0;
  bool in_call = false;
  for (const OutputDelta& delta : deltas) {
    switch (delta.kind) {
      case OutputKind::kReasoning:
      case OutputKind::kContent:
        EXPECT_FALSE(in_call);
        EXPECT_FALSE(delta.text.empty());
        break;
      case OutputKind::kToolCallStart:
        EXPECT_FALSE(in_call);
        EXPECT_EQ(delta.index, next++);
        EXPECT_FALSE(delta.name.empty());
        in_call = true;
        break;
      case OutputKind::kToolCallArguments:
        EXPECT_TRUE(in_call);
        EXPECT_EQ(delta.index, next - 1);
        EXPECT_FALSE(delta.text.empty());
        break;
      case OutputKind::kToolCallEnd:
        EXPECT_TRUE(in_call);
        EXPECT_EQ(delta.index, next - 1);
        in_call = false;
        break;
    }
    EXPECT_EQ(ValidUtf8Prefix(delta.text), delta.text.size()) << "half a character";
  }
  EXPECT_FALSE(in_call);
}

OutputMessage ParseCut(const OutputCase& test, const std::vector<size_t>& cuts) {
  const OutputFormat* format = FindOutputFormat(test.format);
  if (format == nullptr) {
    ADD_FAILURE() << "no format " << test.format;
    return {};
  }
  auto parser = OutputParser::Create(*format, test.prompt_tail, test.tools);
  if (!parser.ok()) {
    ADD_FAILURE() << parser.status().message();
    return {};
  }
  std::vector<OutputDelta> all;
  const auto add = [&](std::vector<OutputDelta> deltas) {
    all.insert(all.end(), deltas.begin(), deltas.end());
  };
  size_t from = 0;
  for (const size_t cut : cuts) {
    add(parser->Push(std::string_view(test.text).substr(from, cut - from)));
    from = cut;
  }
  add(parser->Push(std::string_view(test.text).substr(from)));
  add(parser->Finish());
  CheckOrder(all);
  OutputMessage message;
  AddDeltas(all, &message);
  return message;
}

std::string Describe(const OutputMessage& message) {
  std::string text = "reasoning: " + message.reasoning + "\ncontent: " + message.content;
  for (const OutputToolCall& call : message.tool_calls) {
    text += "\ncall " + call.name + " id=" + call.id + (call.complete ? " " : " (incomplete) ") +
            call.arguments;
  }
  return text;
}

void CheckOutput(const OutputCase& test) {
  SCOPED_TRACE(std::string(test.format) + ": " + test.text);
  const std::string expected = Describe(test.expected);
  ASSERT_EQ(Describe(ParseCut(test, {})), expected);
  const size_t size = test.text.size();
  std::vector<size_t> every;
  for (size_t cut = 1; cut < size; ++cut) {
    ASSERT_EQ(Describe(ParseCut(test, {cut})), expected) << "cut at " << cut;
    every.push_back(cut);
  }
  ASSERT_EQ(Describe(ParseCut(test, every)), expected) << "byte by byte";
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<size_t> cuts;
    for (size_t cut = 1; cut < size; ++cut) {
      if (random() % 6 == 0) cuts.push_back(cut);
    }
    ASSERT_EQ(Describe(ParseCut(test, cuts)), expected) << "random cuts, round " << round;
  }
}

}  // namespace frugal
