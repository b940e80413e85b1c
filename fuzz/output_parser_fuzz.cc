// Any bytes as a model's output in any format: nothing is lost without a trace, pieces come in
// order, and the result does not depend on where the text was cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "text/output_parser.h"
#include "text/unicode.h"

namespace {

using frugal::OutputDelta;
using frugal::OutputKind;
using frugal::OutputMessage;
using frugal::OutputParser;

constexpr std::string_view kTools = R"([{"type": "function", "function": {"name": "f",
  "parameters": {"type": "object", "properties": {"a": {"type": "string"},
  "b": {"type": "integer"}, "c": {"type": "object"}, "d": {"type": ["string", "null"]}}}}}])";

void CheckOrder(const std::vector<OutputDelta>& deltas, bool valid_utf8) {
  int calls = 0;
  bool in_call = false;
  for (const OutputDelta& delta : deltas) {
    const bool text = delta.kind == OutputKind::kReasoning || delta.kind == OutputKind::kContent;
    const bool start = delta.kind == OutputKind::kToolCallStart;
    CHECK(in_call == (!text && !start));
    if (start) CHECK(delta.index == calls++ && !delta.name.empty());
    if (!text && !start) CHECK(delta.index == calls - 1);
    in_call = start || delta.kind == OutputKind::kToolCallArguments;
    if (valid_utf8) CHECK(frugal::ValidUtf8Prefix(delta.text) == delta.text.size());
  }
  CHECK(!in_call);
}

// Pieces of `step` bytes and a few more each time, so that cuts fall everywhere.
OutputMessage Parse(const frugal::OutputFormat& format, std::string_view tail,
                    std::string_view tools, std::string_view text, size_t step, bool valid_utf8) {
  auto parser = OutputParser::Create(format, tail, tools);
  CHECK(parser.ok());
  std::vector<OutputDelta> all;
  const auto add = [&](std::vector<OutputDelta> deltas) {
    all.insert(all.end(), deltas.begin(), deltas.end());
  };
  for (size_t piece = step; !text.empty(); piece = piece % (3 * step) + step) {
    add(parser->Push(text.substr(0, piece)));
    text.remove_prefix(std::min(piece, text.size()));
  }
  add(parser->Finish());
  CheckOrder(all, valid_utf8);
  OutputMessage message;
  AddDeltas(all, &message);
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto names = frugal::OutputFormatNames();
  const frugal::OutputFormat& format = *frugal::FindOutputFormat(names[data[0] % names.size()]);
  constexpr std::string_view kTails[] = {"", "<think>\n", "</think>", "<|start|>assistant"};
  const std::string_view tail = kTails[data[1] % 4];
  const std::string_view tools = (data[1] & 4) != 0 ? kTools : "";
  const size_t step = 1 + data[1] / 8;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool valid = frugal::ValidUtf8Prefix(text) == text.size();

  const OutputMessage whole = Parse(format, tail, tools, text, text.size() + 1, valid);
  CHECK(whole == Parse(format, tail, tools, text, 1, valid));
  CHECK(whole == Parse(format, tail, tools, text, step, valid));

  // Letters come back unless markers or dropped members of a call hold them.
  if (text.find_first_of("<[{") == std::string_view::npos &&
      frugal::OutputFormatName(format) != "hunyuan-a13b" &&
      frugal::OutputFormatName(format) != "harmony") {
    const std::string all = whole.reasoning + whole.content;
    const auto letters = [](std::string_view from) {
      std::string out;
      for (const char c : from) {
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
      }
      return out;
    };
    CHECK(letters(all) == letters(text));
    CHECK(whole.tool_calls.empty());
  }
  return 0;
}
