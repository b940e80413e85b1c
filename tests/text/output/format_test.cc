#include "text/output/format.h"

#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/test_util.h"
#include "tests/text/output/parse_util.h"
#include "text/chat_template.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTemplates = "data/chat_templates";

// What each published template's checkpoint writes. "plain" and "think" are also those whose calls
// are in a grammar of none of our families.
const std::map<std::string, std::string>& Expected() {
  static const std::map<std::string, std::string> formats = {
      {"apertus-8b-instruct", "apertus"},
      {"command-r-plus-tools", "plain"},
      {"deepseek-r1-distill-qwen-32b", "deepseek-r1"},
      {"deepseek-v2", "plain"},
      {"deepseek-v3-tools", "deepseek-v3"},
      {"deepseek-v3.1", "deepseek-v3.1"},
      {"ernie-4.5", "plain"},
      {"functionary-v3.2", "plain"},
      {"gemma-2-2b-it", "plain"},
      {"glm-4-9b-chat", "plain"},
      {"glm-4.6", "glm-4.5"},
      {"gpt-oss-120b", "harmony"},
      {"granite-3.3-2b-instruct", "think"},
      {"hermes-3-llama-3.1-8b-tools", "hermes"},
      {"hunyuan-a13b", "hunyuan-a13b"},
      {"internlm2-tools", "plain"},
      {"kimi-k2-instruct-early", "kimi-k2"},
      {"kimi-k2-instruct", "kimi-k2"},
      {"laguna-xs.2", "glm-4.5"},
      {"lfm2-8b-a1b", "plain"},
      {"ling-2.0", "ling"},
      {"llama-3.1-8b-instruct", "llama-3.1"},
      {"llama-3", "plain"},
      {"llama-4-pythonic", "plain"},
      {"mimo-vl", "hermes"},
      {"minicpm5-1b", "think"},
      {"minimax-m1", "minimax-m1"},
      {"minimax-m2", "minimax-m2"},
      {"minimax-vl-01", "plain"},
      {"ministral-3-14b-reasoning", "ministral-3"},
      {"mistral-7b-instruct-v0.3", "mistral"},
      {"mistral-common-v1", "plain"},
      {"mistral-common-v13-think", "ministral-3"},
      {"mistral-common-v3", "mistral"},
      {"mistral-nemo-instruct-2407", "mistral"},
      {"nemotron-nano-v2", "think"},
      {"phi-3.5-mini-instruct", "plain"},
      {"phi-4-mini-tools", "plain"},
      {"qwen2.5-7b-instruct", "hermes"},
      {"qwen2", "plain"},
      {"qwen3-0.6b", "hermes"},
      {"qwq-32b", "hermes"},
      {"reka-edge", "hermes"},
      {"seed-oss-36b", "seed-oss"},
      {"smollm3-3b", "think"},
      {"step-3.5-flash", "qwen3-coder"},
      {"yandexgpt-5-lite-8b", "plain"},
  };
  return formats;
}

TEST(OutputFormatTest, DetectsPublishedTemplates) {
  SKIP_WITHOUT_SHARED(kTemplates);
  size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Shared(kTemplates))) {
    if (entry.path().extension() != ".jinja") continue;
    const std::string name = entry.path().stem();
    std::ifstream file(entry.path());
    const std::string source((std::istreambuf_iterator<char>(file)), {});
    ASSERT_TRUE(Expected().count(name)) << name;
    EXPECT_EQ(DetectOutputFormat(source, "")->name, Expected().at(name)) << name;
    ++seen;
  }
  EXPECT_EQ(seen, Expected().size());
}

TEST(OutputFormatTest, FamilyDecidesBetweenEquals) {
  const auto detect = [](std::string_view text, std::string_view family) {
    return DetectOutputFormat(text, family)->name;
  };
  EXPECT_EQ(detect("<think> <tool_call>", "qwen3"), "hermes");
  EXPECT_EQ(detect("<think> <tool_call>", "bailing_moe_v2"), "ling");
  EXPECT_EQ(detect("<think> <tool_call>", "ernie4_5_moe"), "ernie-4.5-thinking");
  EXPECT_EQ(detect("<tool_calls>", "hunyuan_v1_moe"), "hunyuan-a13b");
  EXPECT_EQ(detect("<tool_calls>", "minimax_m1"), "minimax-m1");
  EXPECT_EQ(detect("no markers", "gpt_oss"), "plain");
  EXPECT_EQ(detect("", "gpt_oss"), "harmony");
  EXPECT_EQ(detect("", "minimax_m2"), "minimax-m2");
  EXPECT_EQ(detect("", "qwen3_moe"), "hermes");
  EXPECT_EQ(detect("", "grok-1"), "plain");
}

// No marker of a format begins with another one of it: FindMarker relies on it.
TEST(OutputFormatTest, MarkersAreDistinct) {
  for (const std::string_view name : OutputFormatNames()) {
    const OutputFormat& format = *FindOutputFormat(name);
    std::vector<std::string_view> markers;
    for (const auto& pair :
         {format.reasoning, format.reflection, format.answer, format.section, format.call}) {
      for (const std::string_view marker : {pair.open, pair.close}) {
        if (!marker.empty()) markers.push_back(marker);
      }
    }
    for (size_t i = 0; i < markers.size(); ++i) {
      for (size_t j = 0; j < markers.size(); ++j) {
        EXPECT_FALSE(i != j && markers[i].starts_with(markers[j])) << name << " " << markers[i];
      }
    }
  }
}

// How a template takes an assistant message, and what it puts around its text.
struct RoundTrip {
  std::string name;
  std::string begin, end;  // around the assistant's text
  std::string prompt_tail = {};
  bool reasoning = false;  // renders reasoning_content
  bool content_and_calls = true;
  bool several_calls = true;
  bool string_arguments = false;  // wants arguments as JSON text
  std::string reasoning_key = "reasoning_content";
  bool thinking_blocks = false;  // content as a list of blocks
  bool ids = false;              // the ids come back
  bool indented = false;         // the template's own indentation stands before the content
};

Json Tools() {
  return Json::parse(R"([
    {"type": "function", "function": {"name": "get_weather", "description": "Weather.",
      "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "description": "City"},
        "days": {"type": "integer", "description": "Days"},
        "detailed": {"type": "boolean", "description": "More"},
        "units": {"type": "array", "items": {"type": "string"}, "description": "Units"}},
        "required": ["city"]}}},
    {"type": "function", "function": {"name": "search_docs", "description": "Search.",
      "parameters": {"type": "object", "properties": {
        "query": {"type": "string", "description": "Query"},
        "filters": {"type": "object", "description": "Filters"},
        "score": {"type": "number", "description": "Score"}}, "required": ["query"]}}}])");
}

Json Weather() {
  return Json::parse(R"({"city": "東京 \"Tōkyō\"", "days": 3, "detailed": true,
                         "units": ["°C", "it's"]})");
}
Json Search() {
  return Json::parse(R"({"query": "  \"quick\" } <b>\n\n\tend ]",
    "filters": {"lang": ["en", "de"], "strict": true, "x": null, "n": -1.5e3}, "score": 0.25})");
}

struct Case {
  std::string reasoning, content;
  std::vector<std::pair<std::string, Json>> calls;
};

Json AssistantMessage(const RoundTrip& trip, const Case& test) {
  Json message = {{"role", "assistant"}, {"content", test.content}};
  if (trip.thinking_blocks && !test.reasoning.empty()) {
    message["content"] = Json::array({{{"type", "thinking"}, {"thinking", test.reasoning}},
                                      {{"type", "text"}, {"text", test.content}}});
  } else if (trip.reasoning && !test.reasoning.empty()) {
    message[trip.reasoning_key] = test.reasoning;
  }
  if (test.content.empty() && trip.string_arguments) message["content"] = nullptr;
  if (test.calls.empty()) return message;
  Json calls = Json::array();
  for (const auto& [name, arguments] : test.calls) {
    Json call = {{"id", "call0000" + std::to_string(calls.size())}, {"type", "function"}};
    call["function"]["name"] = name;
    call["function"]["arguments"] = trip.string_arguments ? Json(arguments.dump()) : arguments;
    calls.push_back(call);
  }
  message["tool_calls"] = calls;
  return message;
}

std::string Render(const ChatTemplate& chat, const Json& messages, bool generation) {
  std::tm now{};
  now.tm_year = 126;
  now.tm_mday = 15;
  now.tm_wday = 4;
  Json variables = {{"messages", messages}, {"tools", Tools()},
                    {"documents", nullptr}, {"add_generation_prompt", generation},
                    {"bos_token", "<s>"},   {"eos_token", "</s>"}};
  const auto text = chat.Render(variables, now);
  EXPECT_TRUE(text.ok()) << text.status().message();
  return text.ok() ? *text : "";
}

void CheckRoundTrip(const RoundTrip& trip, const Case& test) {
  SCOPED_TRACE(trip.name + ": " + test.content + " / " + std::to_string(test.calls.size()));
  const std::string path = Shared(std::string(kTemplates) + "/" + trip.name + ".jinja");
  Json kwargs;
  const auto chat = LoadChatTemplate(path, &kwargs);
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  const Json user = {{"role", "user"}, {"content", "What is the weather?"}};
  const std::string all = Render(*chat, Json::array({user, AssistantMessage(trip, test)}), false);
  std::string text;
  if (trip.begin.empty()) {
    const std::string before = Render(*chat, Json::array({user}), false);
    ASSERT_TRUE(all.starts_with(before)) << all;
    text = all.substr(before.size());
  } else {
    const size_t begin = all.find(trip.begin, all.find("What is the weather?"));
    ASSERT_NE(begin, std::string::npos) << all;
    text = all.substr(begin + trip.begin.size());
  }
  if (text.ends_with(trip.end)) text.resize(text.size() - trip.end.size());
  if (trip.indented) text.erase(0, text.find_first_not_of(' '));

  OutputCase output{Expected().at(trip.name), text, {}, trip.prompt_tail, Tools().dump()};
  const OutputMessage message = ParseCut(output, {});
  SCOPED_TRACE(text);
  EXPECT_EQ(message.reasoning, test.reasoning);
  EXPECT_EQ(message.content, test.content);
  ASSERT_EQ(message.tool_calls.size(), test.calls.size());
  for (size_t i = 0; i < test.calls.size(); ++i) {
    const OutputToolCall& call = message.tool_calls[i];
    EXPECT_TRUE(call.complete);
    EXPECT_EQ(call.name, test.calls[i].first);
    EXPECT_EQ(Json::parse(call.arguments, nullptr, false), test.calls[i].second) << call.arguments;
    EXPECT_TRUE(!trip.ids || call.id == "call0000" + std::to_string(i)) << call.id;
  }
  output.expected = message;
  CheckOutput(output);  // however it is cut
}

TEST(OutputFormatTest, ReadsWhatTheTemplatesWrite) {
  SKIP_WITHOUT_SHARED(kTemplates);
  const std::string im = "<|im_start|>assistant\n";
  const std::string im_end = "<|im_end|>\n";
  const std::vector<RoundTrip> trips = {
      {.name = "qwen3-0.6b", .begin = im, .end = im_end, .reasoning = true},
      {.name = "qwen2.5-7b-instruct", .begin = im, .end = im_end},
      {.name = "qwq-32b", .begin = im, .end = im_end},
      {.name = "mimo-vl", .begin = im, .end = im_end},
      {.name = "hermes-3-llama-3.1-8b-tools",
       .begin = "<|im_start|>assistant\n",
       .end = im_end,
       .content_and_calls = false},
      {.name = "step-3.5-flash", .begin = im, .end = im_end, .reasoning = true},
      {.name = "deepseek-v3-tools",
       .begin = "<｜Assistant｜>",
       .end = "<｜end▁of▁sentence｜>\n",
       .indented = true},
      {.name = "deepseek-v3.1",
       .begin = "<｜Assistant｜>",
       .end = "<｜end▁of▁sentence｜>",
       .string_arguments = true},
      {.name = "deepseek-r1-distill-qwen-32b",
       .begin = "<｜Assistant｜>",
       .end = "<｜end▁of▁sentence｜>",
       .prompt_tail = "</think>",
       .content_and_calls = false,
       .several_calls = false,
       .string_arguments = true},
      {.name = "kimi-k2-instruct-early",
       .begin = "<|im_assistant|>assistant<|im_middle|>",
       .end = "<|im_end|>"},
      {.name = "glm-4.6", .begin = "<|assistant|>", .end = "", .reasoning = true},
      {.name = "gpt-oss-120b",
       .begin = "<|start|>assistant",
       .end = "",
       .reasoning = true,
       .content_and_calls = false,
       .several_calls = false,
       .reasoning_key = "thinking"},
      {.name = "minimax-m1",
       .begin = "<beginning_of_sentence>ai name=assistant\n",
       .end = "<end_of_sentence>\n",
       .content_and_calls = false},
      {.name = "minimax-m2", .begin = "]~b]ai\n", .end = "[e~[\n", .reasoning = true},
      {.name = "seed-oss-36b",
       .begin = "<seed:bos>assistant",
       .end = "<seed:eos>",
       .reasoning = true},
      {.name = "hunyuan-a13b", .begin = "", .end = "<|eos|>"},
      {.name = "apertus-8b-instruct", .begin = "<|assistant_start|>", .end = ""},
      {.name = "llama-3.1-8b-instruct",
       .begin = "<|start_header_id|>assistant<|end_header_id|>\n\n",
       .end = "<|eot_id|>",
       .content_and_calls = false,
       .several_calls = false},
      {.name = "ling-2.0",
       .begin = "<role>ASSISTANT</role>",
       .end = "<|role_end|>",
       .reasoning = true},
      {.name = "mistral-7b-instruct-v0.3",
       .begin = "",
       .end = "</s>",
       .content_and_calls = false,
       .ids = true},
      {.name = "mistral-nemo-instruct-2407",
       .begin = "",
       .end = "</s>",
       .content_and_calls = false,
       .ids = true},
      {.name = "ministral-3-14b-reasoning", .begin = "", .end = "</s>", .thinking_blocks = true},
      {.name = "mistral-common-v13-think", .begin = "", .end = "</s>", .reasoning = true},
  };
  for (const RoundTrip& trip : trips) {
    const bool thinks = trip.reasoning || trip.thinking_blocks;
    const std::string reasoning = thinks ? "I need data.\n\n  2 < 3, so \"ask\"." : "";
    const std::string content = trip.content_and_calls ? "Einen Moment … {ok}" : "";
    Case both{reasoning, content, {{"get_weather", Weather()}, {"search_docs", Search()}}};
    if (!trip.several_calls) both.calls.pop_back();
    if (!(trip.thinking_blocks && content.empty())) CheckRoundTrip(trip, both);
    CheckRoundTrip(trip, {trip.thinking_blocks ? "" : reasoning, "", {{"search_docs", Search()}}});
    if (trip.name != "mistral-7b-instruct-v0.3") {  // it puts a space before the text
      CheckRoundTrip(trip, {reasoning, "The answer:\n\n* \"a\" & <b>\n* 東京", {}});
    }
  }
}

TEST(OutputFormatTest, ApertusBlocks) {
  SKIP_WITHOUT_SHARED(kTemplates);
  Json kwargs;
  const auto chat =
      LoadChatTemplate(Shared(std::string(kTemplates) + "/apertus-8b-instruct.jinja"), &kwargs);
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  const Json user = {{"role", "user"}, {"content", "Hi"}};
  const Json assistant = {
      {"role", "assistant"},
      {"content",
       {{"blocks", Json::array({{{"type", "thoughts"}, {"text", "I ask."}},
                                {{"type", "tool_calls"},
                                 {"calls", Json::array({{{"name", "search_docs"},
                                                         {"arguments", Search().dump()}}})}},
                                {{"type", "response"}, {"text", "Here."}}})}}}};
  const std::string before = Render(*chat, Json::array({user}), true);
  const std::string all = Render(*chat, Json::array({user, assistant}), false);
  ASSERT_TRUE(all.starts_with(before)) << all;
  CheckOutput(
      {"apertus",
       all.substr(before.size()),
       {"I ask.",
        "Here.",
        {{.id = "", .name = "search_docs", .arguments = Search().dump(), .complete = true}}}});
}

}  // namespace
}  // namespace frugal
