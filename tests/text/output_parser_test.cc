#include "text/output_parser.h"

#include <set>

#include "tests/text/output/parse_util.h"

namespace frugal {
namespace {

constexpr std::string_view kTools = R"([
  {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"},
                   "units": {"type": "array", "items": {"type": "string"}},
                   "detailed": {"type": "boolean"}}}}},
  {"type": "function", "function": {"name": "write_file", "parameters": {"type": "object",
    "properties": {"path": {"type": "string"}, "text": {"type": "string"}}}}}])";

OutputToolCall Call(std::string name, std::string arguments, std::string id = {}) {
  return {.id = std::move(id),
          .name = std::move(name),
          .arguments = std::move(arguments),
          .complete = true};
}

OutputToolCall Broken(std::string name, std::string arguments, std::string id = {}) {
  OutputToolCall call = Call(std::move(name), std::move(arguments), std::move(id));
  call.complete = false;
  return call;
}

void CheckAll(const std::vector<OutputCase>& cases) {
  for (const OutputCase& test : cases) CheckOutput(test);
}

TEST(OutputParserTest, TextWithoutMarkersStaysAsItIs) {
  for (const std::string_view format : OutputFormatNames()) {
    if (format == "deepseek-r1" || format == "minimax-m2" || format == "ernie-4.5-thinking") {
      continue;  // theirs is reasoning, at first
    }
    for (const char* text : {"Hello.", "\n\n  indented\n\tlines \n\n", "", "a < b && b > c {x} [y]",
                             "天气 <b>好</b> 😀\n", " <", "```json\n{}\n```"}) {
      CheckOutput({format, text, {.reasoning = "", .content = text, .tool_calls = {}}});
    }
  }
}

TEST(OutputParserTest, Hermes) {
  CheckAll({
      {"hermes",
       "<think>\nThe user greets.\n\n</think>\n\nHello!\n",
       {"The user greets.", "Hello!\n", {}}},
      {"hermes", "<think>\n\n</think>\n\n    code\n", {"", "    code\n", {}}},
      // The prompt has opened the reasoning (QwQ), or closed it (Qwen3 told not to think).
      {"hermes", "Okay.\n</think>\n\nHi", {"Okay.", "Hi", {}}, "<|im_start|>assistant\n<think>\n"},
      {"hermes", "<think>\nOkay.\n</think>\n\nHi", {"Okay.", "Hi", {}}, "assistant\n<think>\n"},
      {"hermes", "Hi <think> there", {"", "Hi <think> there", {}}, "<think>\n\n</think>\n\n"},
      {"hermes", "Never closed\n", {"Never closed\n", "", {}}, "<think>\n"},
      {"hermes",
       "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n"
       "</tool_call>",
       {"", "", {Call("get_weather", "{\"city\": \"Paris\"}")}}},
      {"hermes",
       "<think>\nBoth.\n</think>\n\nLet me check.\n<tool_call>\n{\"name\": \"f\", \"arguments\": "
       "{}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {\"a\": [1, {\"b\": "
       "null}]}}\n</tool_call>\n",
       {"Both.", "Let me check.", {Call("f", "{}"), Call("g", "{\"a\": [1, {\"b\": null}]}")}}},
      // Braces, quotes and markers within strings.
      {"hermes",
       R"(<tool_call>{"name":"f","arguments":{"q":"} \" </tool_call> {[\\","é":"日本 \u00e9"}}</tool_call>)",
       {"", "", {Call("f", R"({"q":"} \" </tool_call> {[\\","é":"日本 \u00e9"})")}}},
      // Arguments before the name, as a string, as null, or missing; other members; an id.
      {"hermes",
       R"(<tool_call>{"arguments": {"a": 1}, "name": "f"}</tool_call>)",
       {"", "", {Call("f", R"({"a": 1})")}}},
      {"hermes",
       R"(<tool_call>{"name": "f", "arguments": "{\"a\": \"\\n\"}"}</tool_call>)",
       {"", "", {Call("f", R"({"a": "\n"})")}}},
      {"hermes",
       R"(<tool_call>{"name": "f", "arguments": null}</tool_call><tool_call>{"name": "g"}</tool_call>)",
       {"", "", {Call("f", "{}"), Call("g", "{}")}}},
      {"hermes",
       R"(<tool_call>{"x": [1, "}"], "id": "7", "name": "f", "parameters": {}, "y": 1.5}</tool_call>)",
       {"", "", {Call("f", "{}", "7")}}},
      {"hermes",
       R"(<tool_call>{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}</tool_call>)",
       {"", "", {Call("f", R"({"a": 1})")}}},
      // Text between and after calls; its line break stays.
      {"hermes",
       "One.\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>\nTwo.\n",
       {"", "One.\nTwo.\n", {Call("f", "{}")}}},
      // A call ends unclosed reasoning; a mention does not.
      {"hermes",
       "<think>\nI need <tool_call> now.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n"
       "</tool_call>",
       {"I need <tool_call> now.", "", {Call("f", "{}")}}},
  });
}

TEST(OutputParserTest, Qwen3Coder) {
  const std::string tools(kTools);
  CheckAll({
      {"qwen3-coder",
       "I'll look.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n"
       "<parameter=days>\n3\n</parameter>\n<parameter=units>\n[\"C\", \"km\"]\n</parameter>\n"
       "<parameter=detailed>\nTrue\n</parameter>\n</function>\n</tool_call>",
       {"",
        "I'll look.",
        {Call("get_weather",
              R"({"city": "Paris", "days": 3, "units": ["C", "km"], "detailed": true})")}},
       "",
       tools},
      // Strings keep their inner lines, quotes and markup; numbers stay strings if declared so.
      {"qwen3-coder",
       "<tool_call>\n<function=write_file>\n<parameter=path>\n42\n</parameter>\n<parameter=text>\n"
       "\n  if a < b:\n\t\"x\\y\"</p>\n\n</parameter>\n</function>\n</tool_call>",
       {"",
        "",
        {Call("write_file", R"({"path": "42", "text": "\n  if a < b:\n\t\"x\\y\"</p>\n"})")}},
       "",
       tools},
      // Without a schema: JSON where it reads as JSON.
      {"qwen3-coder",
       "<tool_call><function=f><parameter=a>1.5</parameter><parameter=b>{\"c\": [null]}"
       "</parameter><parameter=d>\"quoted\"</parameter><parameter=e>12 apples</parameter>"
       "<parameter=g></parameter></function></tool_call>",
       {"",
        "",
        {Call("f",
              R"({"a": 1.5, "b": {"c": [null]}, "d": "\"quoted\"", "e": "12 apples", "g": ""})")}}},
      {"qwen3-coder",
       "<think>\nHm.\n</think>\n\n<tool_call>\n<function=f>\n</function>\n</tool_call>\n<tool_call>"
       "\n<function=g>\n</function>\n</tool_call>",
       {"Hm.", "", {Call("f", "{}"), Call("g", "{}")}}},
      {"qwen3-coder",
       "<function=f>\n</function>\n</tool_call>",
       {"", "</tool_call>", {Call("f", "{}")}}},
      {"qwen3-coder",
       "Write <tool_call> and <function=f> so.",
       {"", "Write <tool_call> and <function=f> so.", {}}},
  });
}

TEST(OutputParserTest, DeepSeek) {
  CheckAll({
      {"deepseek-v3",
       "Checking.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n"
       "```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function"
       "<｜tool▁sep｜>f\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       {"", "Checking.", {Call("get_weather", "{\"city\": \"Paris\"}"), Call("f", "{}")}}},
      {"deepseek-v3", "Plain.", {"", "Plain.", {}}},
      {"deepseek-v3",
       "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n"
       "{\"s\": \"```<｜tool▁call▁end｜>\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       {"", "", {Call("f", "{\"s\": \"```<｜tool▁call▁end｜>\"}")}}},
      // R1: the prompt opens the reasoning; older templates left that to the model.
      {"deepseek-r1", "Let me think.\n</think>\n\nIt is 4.", {"Let me think.", "It is 4.", {}}},
      {"deepseek-r1", "<think>\nHm.\n</think>\n\n4", {"Hm.", "4", {}}, "<｜Assistant｜>"},
      {"deepseek-r1", "Hm.</think>4", {"Hm.", "4", {}}, "<｜Assistant｜><think>\n"},
      {"deepseek-r1",
       "I call.\n</think>\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n"
       "```json\n{\"a\":1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       {"I call.", "", {Call("f", "{\"a\":1}")}}},
      {"deepseek-v3.1",
       "Sure.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": {\"b\": 1}}"
       "<｜tool▁call▁end｜><｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
       "<｜tool▁calls▁end｜>",
       {"", "Sure.", {Call("f", "{\"a\": {\"b\": 1}}"), Call("g", "{}")}},
       "<｜Assistant｜></think>"},
      {"deepseek-v3.1", "Why?</think>Because.", {"Why?", "Because.", {}}, "<｜Assistant｜><think>"},
      {"deepseek-v3.1", "<think></think>Because.", {"", "Because.", {}}},
      {"deepseek-v3.1", "</think>Because.", {"", "Because.", {}}},
  });
}

TEST(OutputParserTest, KimiK2) {
  CheckAll({
      {"kimi-k2",
       "Let me look.<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0"
       "<|tool_call_argument_begin|>{\"city\": \"Paris\"}<|tool_call_end|><|tool_call_begin|>"
       "functions.a.b-c:12<|tool_call_argument_begin|>{}<|tool_call_end|>"
       "<|tool_calls_section_end|>",
       {"",
        "Let me look.",
        {Call("get_weather", "{\"city\": \"Paris\"}", "functions.get_weather:0"),
         Call("a.b-c", "{}", "functions.a.b-c:12")}}},
      {"kimi-k2", "<think>First.</think>Then.", {"First.", "Then.", {}}},
      // The section's marker ends reasoning that was not closed.
      {"kimi-k2",
       "<think>Call it.<|tool_calls_section_begin|> <|tool_call_begin|> functions.f:3 "
       "<|tool_call_argument_begin|> {\"a\": \"<|tool_call_end|>\"} <|tool_call_end|> "
       "<|tool_calls_section_end|>",
       {"Call it.", "", {Call("f", "{\"a\": \"<|tool_call_end|>\"}", "functions.f:3")}}},
  });
}

TEST(OutputParserTest, Glm45) {
  const std::string tools(kTools);
  CheckAll({
      {"glm-4.5",
       "\n<think>Look it up.</think>\nOne moment.\n<tool_call>get_weather\n<arg_key>city</arg_key>"
       "\n<arg_value>New York</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n"
       "</tool_call>",
       {"Look it up.", "One moment.", {Call("get_weather", R"({"city": "New York", "days": 2})")}},
       "<|assistant|>",
       tools},
      {"glm-4.5",
       "\n<think></think>\n<tool_call>write_file\n<arg_key>text</arg_key>\n<arg_value>\n{\"a\": 1}"
       "\n</arg_value>\n</tool_call>\n<tool_call>f\n</tool_call>",
       {"", "", {Call("write_file", R"({"text": "\n{\"a\": 1}\n"})"), Call("f", "{}")}},
       "",
       tools},
      // Without line breaks, as 4.7 writes it.
      {"glm-4.5",
       "<tool_call>f<arg_key>a</arg_key><arg_value>{\"b\": [1]}</arg_value></tool_call>",
       {"", "", {Call("f", R"({"a": {"b": [1]}})")}}},
      {"glm-4.5", "\n\nNo thoughts.", {"", "No thoughts.", {}}, "<|assistant|>\n<think></think>"},
      {"glm-4.5",
       "Use <tool_call> and </tool_call>.",
       {"", "Use <tool_call> and </tool_call>.", {}}},
  });
}

TEST(OutputParserTest, Harmony) {
  CheckAll({
      {"harmony",
       "<|channel|>analysis<|message|>Simple sum.<|end|><|start|>assistant<|channel|>final"
       "<|message|>It is 4.<|return|>",
       {"Simple sum.", "It is 4.", {}},
       "<|start|>assistant"},
      {"harmony",
       "<|channel|>analysis<|message|>Need weather.<|end|><|start|>assistant<|channel|>commentary "
       "to=functions.get_weather <|constrain|>json<|message|>{\"city\":\"Paris\"}<|call|>",
       {"Need weather.", "", {Call("get_weather", "{\"city\":\"Paris\"}")}}},
      // The template's order; the server has cut the closing marker off.
      {"harmony",
       " to=functions.f<|channel|>commentary json<|message|>{\"a\": \"<|end\"}",
       {"", "", {Call("f", "{\"a\": \"<|end\"}")}}},
      // A preamble, two calls, a built-in tool, several thoughts.
      {"harmony",
       "<|channel|>analysis<|message|>A<|end|><|start|>assistant<|channel|>commentary<|message|>"
       "I will call.<|end|><|start|>assistant<|channel|>commentary to=functions.f<|message|>{}"
       "<|call|><|start|>assistant<|channel|>analysis<|message|>B<|end|><|start|>assistant"
       "<|channel|>analysis to=browser.search code<|message|>{\"query\":\"x\"}<|call|><|start|>"
       "assistant<|channel|>final<|message|>Done.",
       {"A\nB",
        "I will call.\nDone.",
        {Call("f", "{}"), Call("browser.search", "{\"query\":\"x\"}")}}},
      // The prompt has begun the message.
      {"harmony", "Yes.", {"", "Yes.", {}}, "<|start|>assistant<|channel|>final<|message|>"},
      {"harmony", "<|message|>Hm", {"Hm", "", {}}, "<|start|>assistant<|channel|>analysis"},
      {"harmony", "to be or not", {"", "to be or not", {}}},
      {"harmony", "<|channel|>final", {"", "<|channel|>final", {}}},
      {"harmony", "<|channel|>analysis<|message|>a<|channel|>final<|message|>b", {"a", "b", {}}},
  });
}

TEST(OutputParserTest, Mistral) {
  CheckAll({
      {"mistral",
       R"([TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "call00001"}])",
       {"", "", {Call("get_weather", R"({"city": "Paris"})", "call00001")}}},
      {"mistral",
       R"([TOOL_CALLS][{"name": "f", "arguments": {"a": "]}"}}, {"name": "g", "arguments": {}}])",
       {"", "", {Call("f", R"({"a": "]}"})"), Call("g", "{}")}}},
      {"mistral", "Text [TOOL_CALL] [1]", {"", "Text [TOOL_CALL] [1]", {}}},
      {"mistral", R"(Here.[TOOL_CALLS]f[ARGS]{"a": 1})", {"", "Here.", {Call("f", R"({"a": 1})")}}},
      {"ministral-3",
       R"([THINK]I think.[/THINK]Let me.[TOOL_CALLS]f[ARGS]{"q": "[TOOL_CALLS]"}[TOOL_CALLS]g[ARGS]{})",
       {"I think.", "Let me.", {Call("f", R"({"q": "[TOOL_CALLS]"})"), Call("g", "{}")}}},
      {"ministral-3",
       R"([TOOL_CALLS]f[CALL_ID]abc123def[ARGS]{"a": [1]}[TOOL_CALLS]g{"b": 2})",
       {"", "", {Call("f", R"({"a": [1]})", "abc123def"), Call("g", R"({"b": 2})")}}},
      {"ministral-3", "Before.[THINK]In.[/THINK]After.", {"In.", "Before.After.", {}}},
      {"ministral-3", "On.[/THINK]Off.", {"On.", "Off.", {}}, "[/INST][THINK]"},
  });
}

TEST(OutputParserTest, MiniMax) {
  const std::string tools(kTools);
  const std::string tail = "]~b]ai\n<think>\n";
  CheckAll({
      {"minimax-m2",
       "Check both.\n</think>\n\nOne moment.\n<minimax:tool_call>\n<invoke name=\"get_weather\">\n"
       "<parameter name=\"city\">Paris</parameter>\n<parameter name=\"days\">5</parameter>\n"
       "</invoke>\n<invoke name=\"write_file\">\n<parameter name=\"text\">7</parameter>\n</invoke>"
       "\n</minimax:tool_call>",
       {"Check both.",
        "One moment.",
        {Call("get_weather", R"({"city": "Paris", "days": 5})"),
         Call("write_file", R"({"text": "7"})")}},
       tail,
       tools},
      {"minimax-m2", "Hm.\n</think>\n\nHi.", {"Hm.", "Hi.", {}}},
      {"minimax-m2",
       "a <minimax:tool_call> draft\n</think>\n<minimax:tool_call>\n<invoke name='f'>\n</invoke>\n"
       "</minimax:tool_call>\nDone.",
       {"a <minimax:tool_call> draft", "Done.", {Call("f", "{}")}},
       tail},
      {"minimax-m1",
       "<think>\nM1.\n</think>\n\n<tool_calls>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n"
       "{\"name\": \"g\", \"arguments\": {}}\n</tool_calls>",
       {"M1.", "", {Call("f", "{\"a\": 1}"), Call("g", "{}")}}},
      {"minimax-m1", "Only <tool_calls> text", {"", "Only <tool_calls> text", {}}},
      {"minimax-m1",
       "<tool_calls>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_calls>",
       {"", "", {Call("f", "{}")}}},
  });
}

TEST(OutputParserTest, SeedOss) {
  const std::string tools(kTools);
  CheckAll({
      {"seed-oss",
       "<seed:think>\nStart.\n<seed:cot_budget_reflect>I have used 129 tokens, and there are 383 "
       "tokens remaining for use.</seed:cot_budget_reflect>\nEnd.\n</seed:think>\nHello.",
       {"Start.\n<seed:cot_budget_reflect>I have used 129 tokens, and there are 383 tokens "
        "remaining for use.</seed:cot_budget_reflect>\nEnd.",
        "Hello.",
        {}}},
      {"seed-oss",
       "<seed:cot_budget_reflect>I have used 0.</seed:cot_budget_reflect>\nHello.",
       {"I have used 0.", "Hello.", {}}},
      {"seed-oss",
       "Looking.\n\n<seed:tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n"
       "<parameter=units>['C', \"it's\"]</parameter>\n<parameter=detailed>False</parameter>\n"
       "</function>\n</seed:tool_call>\n<seed:tool_call>\n<function=f>\n</function>\n"
       "</seed:tool_call>",
       {"",
        "Looking.",
        {Call("get_weather", R"({"city": "Paris", "units": ["C", "it's"], "detailed": false})"),
         Call("f", "{}")}},
       "",
       tools},
      {"seed-oss",
       "Hello.",
       {"", "Hello.", {}},
       "<seed:think>\n<seed:cot_budget_reflect>0</seed:cot_budget_reflect>\n</seed:think>"},
  });
}

TEST(OutputParserTest, Ernie) {
  const std::string tail = "<|im_start|>assistant\n<think>\n";
  CheckAll({
      {"ernie-4.5-thinking",
       "abc\n</think>\n\n\n<response>\ndef\n</response>\n",
       {"abc", "def", {}},
       tail},
      {"ernie-4.5-thinking",
       "abc\n</think>\n\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>"
       "\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>\n",
       {"abc", "", {Call("f", "{\"a\": 1}"), Call("g", "{}")}},
       tail},
      {"ernie-4.5-thinking", "abc\n</think>\n\ndef <response>", {"abc", "def <response>", {}}},
  });
}

TEST(OutputParserTest, Hunyuan) {
  CheckAll({
      {"hunyuan-a13b",
       "<think>\nOK.\n</think>\n<answer>\nIt is 4.\n</answer>",
       {"OK.", "It is 4.", {}}},
      {"hunyuan-a13b", "<think>\n\n</think>\n<answer>\n助手：你好\n</answer>", {"", "你好", {}}},
      {"hunyuan-a13b",
       "<think>\nTwo.\n</think>\n<answer>\n<tool_calls>[{\"name\": \"f\", \"arguments\": {\"a\": "
       "\"</tool_calls>\"}}, {\"name\": \"g\", \"arguments\": {}}]</tool_calls>\n</answer>",
       {"Two.", "", {Call("f", "{\"a\": \"</tool_calls>\"}"), Call("g", "{}")}}},
      {"hunyuan-a13b", "助手：Ask 助手：me", {"", "Ask 助手：me", {}}},
      {"hunyuan-a13b", "No <answer> here", {"", "No <answer> here", {}}, "<think>\n\n</think>\n"},
  });
}

TEST(OutputParserTest, Apertus) {
  CheckAll({
      {"apertus",
       "<|inner_prefix|>I wonder.<|inner_suffix|>It is so.",
       {"I wonder.", "It is so.", {}}},
      {"apertus",
       R"(Wait.<|tools_prefix|>[{"f": {"a": "}]"}}, {"g": {}}]<|tools_suffix|>)",
       {"", "Wait.", {Call("f", R"({"a": "}]"})"), Call("g", "{}")}}},
      // The calls stand within the reasoning, which goes on after them.
      {"apertus",
       R"(<|inner_prefix|>Ask.<|tools_prefix|>[{"f": {}}]<|tools_suffix|> So.<|inner_suffix|>Yes.)",
       {"Ask. So.", "Yes.", {Call("f", "{}")}}},
      {"apertus",
       R"(<|tools_prefix|>[{"f": {"x": 1}, "g": {}}, {}]<|tools_suffix|>)",
       {"", ", {}]", {Call("f", R"({"x": 1})"), Call("g", "{}")}}},
  });
}

TEST(OutputParserTest, Llama) {
  CheckAll({
      {"llama-3.1",
       R"({"name": "get_weather", "parameters": {"city": "Paris"}})",
       {"", "", {Call("get_weather", R"({"city": "Paris"})")}}},
      {"llama-3.1",
       R"(<|python_tag|>{"type": "function", "name": "f", "parameters": {}}; {"name": "g", "parameters": {"a": 1}})",
       {"", "", {Call("f", "{}"), Call("g", R"({"a": 1})")}}},
      {"llama-3.1",
       R"(<|python_tag|>brave_search.call(query="the "best" (pizza), maybe", count=3))",
       {"", "", {Call("brave_search", R"({"query": "the \"best\" (pizza), maybe", "count": 3})")}}},
      // JSON that is an answer, code, and braces within text.
      {"llama-3.1", R"({"answer": {"name": "f"}})", {"", R"({"answer": {"name": "f"}})", {}}},
      {"llama-3.1", R"({"name": "Bob", "age": 3})", {"", R"({"name": "Bob", "age": 3})", {}}},
      {"llama-3.1", "<|python_tag|>print(1)\n", {"", "<|python_tag|>print(1)\n", {}}},
      {"llama-3.1",
       R"(So: {"name": "f", "parameters": {}})",
       {"", R"(So: {"name": "f", "parameters": {}})", {}}},
  });
}

TEST(OutputParserTest, Ling) {
  CheckAll({
      {"ling", "<think>\nRing.\n</think>\n\nHi.", {"Ring.", "Hi.", {}}},
      {"ling",
       "Hi.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>",
       {"", "Hi.", {Call("f", "{\"a\": 1}")}}},
      {"ling",
       "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": "
       "\"f\", \"arguments\": {}}\n</tool_call>",
       {"", "", {Call("f", "{}"), Call("f", "{}")}}},
  });
}

// What came is given out, as arguments once the call has begun and as text before that.
TEST(OutputParserTest, CutOffOutputs) {
  CheckAll({
      {"hermes", "Hi <tool_cal", {"", "Hi <tool_cal", {}}},
      {"hermes", "<tool_call>\n{\"name\": \"f\"", {"", "<tool_call>\n{\"name\": \"f\"", {}}},
      {"hermes",
       "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"b",
       {"", "", {Broken("f", "{\"a\": \"b")}}},
      {"hermes",
       "<tool_call>\n{\"name\": \"f\", \"arguments\": \"{\\\"a",
       {"", "", {Broken("f", "\"{\\\"a")}}},
      // The arguments are whole, but not the object around them.
      {"hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {}", {"", "", {Broken("f", "{}")}}},
      {"hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}", {"", "", {Call("f", "{}")}}},
      {"qwen3-coder", "<tool_call>\n<functi", {"", "<tool_call>\n<functi", {}}},
      {"qwen3-coder",
       "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n\"x",
       {"", "", {Broken("f", "{\"a\": 1, \"b\": \"\\\"x")}}},
      {"qwen3-coder",
       "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b",
       {"", "", {Broken("f", "{\"a\": 1, \"b")}}},
      {"glm-4.5", "<tool_call>f\n", {"", "<tool_call>f\n", {}}},
      {"glm-4.5",
       "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1",
       {"", "", {Broken("f", "{\"a\": \"1")}}},
      {"kimi-k2",
       "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0",
       {"", "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0", {}}},
      {"kimi-k2",
       "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{",
       {"", "", {Broken("f", "{", "functions.f:0")}}},
      {"harmony",
       "<|channel|>commentary to=functions.f<|message|>{\"a",
       {"", "", {Broken("f", "{\"a")}}},
      {"mistral", "[TOOL_CALLS] [{\"name", {"", "[TOOL_CALLS] [{\"name", {}}},
      {"ministral-3", "[TOOL_CALLS]get_w", {"", "[TOOL_CALLS]get_w", {}}},
      {"llama-3.1", "{\"name\": \"f", {"", "{\"name\": \"f", {}}},
      {"llama-3.1", "<|python_tag|>f.call(a=\"b", {"", "", {Broken("f", "{\"a\": \"b")}}},
      {"apertus", "<|tools_prefix|>[{\"f\": {\"a\"", {"", "", {Broken("f", "{\"a\"")}}},
  });
}

TEST(OutputParserTest, BrokenCalls) {
  CheckAll({
      {"hermes", "<tool_call>oops</tool_call>", {"", "<tool_call>oops</tool_call>", {}}},
      {"hermes",
       "<tool_call>{\"nam\": 1}</tool_call> and",
       {"", "<tool_call>{\"nam\": 1}</tool_call> and", {}}},
      {"hermes", "<tool_call>{\"name\": 5}", {"", "<tool_call>{\"name\": 5}", {}}},
      // A second call right after a broken one; one brace too many.
      {"hermes",
       "<tool_call>x <tool_call>{\"name\": \"f\", \"arguments\": {}}}</tool_call>",
       {"", "<tool_call>x }", {Call("f", "{}")}}},
      {"hermes",
       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1} oops}</tool_call>",
       {"", "oops}", {Broken("f", "{\"a\": 1}")}}},
      {"qwen3-coder",
       "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n</tool_call>\nEnd",
       {"", "End", {Broken("f", "{\"a\": 1}")}}},
      {"qwen3-coder",
       "<tool_call>\n<function=a b>\n</function>\n</tool_call>",
       {"", "<tool_call>\n<function=a b>\n</function>\n</tool_call>", {}}},
      {"glm-4.5",
       "<tool_call>f\n<arg_key>a</arg_key>\n</tool_call>",
       {"", "</tool_call>", {Broken("f", "{\"a\": null}")}}},
      {"deepseek-v3.1",
       "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>g\nnone<｜tool▁call▁end｜>!",
       {"", "!", {Broken("g", "none")}}},
      {"mistral", "[TOOL_CALLS] []", {"", "[TOOL_CALLS] []", {}}},
      {"ministral-3",
       "[TOOL_CALLS]a b [TOOL_CALLS]c[ARGS]{}",
       {"", "[TOOL_CALLS]a b ", {Call("c", "{}")}}},
      {"harmony", "<|channel|>final<|end|>x", {"", "<|channel|>final\nx", {}}},
  });
}

TEST(OutputParserTest, DeepAndLongCallsAreBounded) {
  const std::string deep(100'000, '[');
  OutputCase test{"hermes", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": " + deep, {}};
  EXPECT_EQ(ParseCut(test, {}).tool_calls.at(0).arguments, "{\"a\": " + deep);
  test = {
      "qwen3-coder", "<tool_call><function=f><parameter=a>" + deep + "</parameter></function>", {}};
  EXPECT_EQ(ParseCut(test, {}).tool_calls.at(0).arguments, "{\"a\": \"" + deep + "\"}");
  test = {"seed-oss",
          "<seed:tool_call><function=f><parameter=a>" + deep + "</parameter></function>",
          {}};
  test.tools = R"([{"name": "f", "parameters": {"properties": {"a": {"type": "array"}}}}])";
  EXPECT_EQ(ParseCut(test, {}).tool_calls.at(0).arguments, "{\"a\": \"" + deep + "\"}");
  const std::string word(5000, 'x');
  CheckOutput({"ministral-3",
               "[TOOL_CALLS]" + word.substr(0, 400),
               {"", "[TOOL_CALLS]" + word.substr(0, 400), {}}});
  test = {"harmony", "<|channel|>" + word + "<|message|>y", {}};
  EXPECT_EQ(ParseCut(test, {}).content, ParseCut(test, {1, 40, 1060, 1070, 3000}).content);
}

TEST(OutputParserTest, InvalidUtf8PassesThrough) {
  for (const char* text :
       {"a\xFF\xFE z", "\xC3", "\xE2\x96", "x\xF0\x9F\x98", "\x80\x80\x80\x80"}) {
    for (const std::string_view format : {"plain", "hermes", "harmony"}) {
      auto parser = OutputParser::Create(*FindOutputFormat(format));
      ASSERT_TRUE(parser.ok());
      OutputMessage message;
      for (const char c : std::string_view(text)) AddDeltas(parser->Push({&c, 1}), &message);
      AddDeltas(parser->Finish(), &message);
      EXPECT_EQ(message.content, text);
    }
  }
}

// Arguments come while the call is being written, not at its end.
TEST(OutputParserTest, ArgumentsStream) {
  const std::string tools(kTools);
  const std::vector<OutputCase> cases = {
      {"hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"some lon", {}},
      {"kimi-k2",
       "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>"
       "{\"a\": \"some lon",
       {}},
      {"harmony", "<|channel|>commentary to=functions.f<|message|>{\"a\": \"some lon", {}},
      {"qwen3-coder",
       "<tool_call>\n<function=write_file>\n<parameter=path>\nsome lon",
       {},
       "",
       tools},
  };
  for (const OutputCase& test : cases) {
    auto parser = OutputParser::Create(*FindOutputFormat(test.format), "", test.tools);
    ASSERT_TRUE(parser.ok());
    OutputMessage message;
    AddDeltas(parser->Push(test.text), &message);
    ASSERT_EQ(message.tool_calls.size(), 1u) << test.format;
    EXPECT_TRUE(message.tool_calls[0].arguments.ends_with("some lon")) << test.format;
  }
}

TEST(OutputParserTest, Names) {
  std::set<std::string_view> names;
  for (const std::string_view name : OutputFormatNames()) {
    ASSERT_NE(FindOutputFormat(name), nullptr);
    EXPECT_EQ(OutputFormatName(*FindOutputFormat(name)), name);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), OutputFormatNames().size());
  EXPECT_EQ(FindOutputFormat("none of these"), nullptr);
}

TEST(OutputParserTest, RefusesBadTools) {
  const OutputFormat& format = *FindOutputFormat("qwen3-coder");
  const auto syntax = OutputParser::Create(format, "", "[{");
  EXPECT_EQ(syntax.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OutputParser::Create(format, "", "{}").status().message(),
            "tools: expected a list of tools, found object");
  EXPECT_TRUE(OutputParser::Create(format, "", "null").ok());
}

}  // namespace
}  // namespace frugal
