#include "text/output/format.h"

#include <algorithm>
#include <iterator>

namespace frugal {
namespace {

using output::CallsInReasoning;
using output::CallSyntax;
using output::MarkerPair;

constexpr MarkerPair kThink = {"<think>", "</think>"};
constexpr MarkerPair kToolCall = {"<tool_call>", "</tool_call>"};
constexpr MarkerPair kToolCalls = {"<tool_calls>", "</tool_calls>"};
constexpr MarkerPair kFunction = {"<function=", "</function>"};
constexpr MarkerPair kDeepSeekSection = {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"};
constexpr MarkerPair kDeepSeekCall = {"<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"};
constexpr std::string_view kDeepSeekSeparator = "<｜tool▁sep｜>";

// Sources: the chat templates that the families publish, and what their parsers in vLLM and SGLang
// accept. Where the reasoning's or the calls' markers are the same, so is the row, but for the
// name.
constexpr OutputFormat kFormats[] = {
    {.name = "plain"},
    {.name = "think", .reasoning = kThink},
    {.name = "hermes",
     .reasoning = kThink,
     .calls = CallSyntax::kJson,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .call = kToolCall},
    {.name = "qwen3-coder",
     .reasoning = kThink,
     .calls = CallSyntax::kTags,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .section = kToolCall,
     .call = kFunction,
     .name_close = ">",
     .key_open = "<parameter=",
     .key_close = ">",
     .value_close = "</parameter>",
     .value_lines = true},
    {.name = "deepseek-v3",
     .reasoning = kThink,
     .calls = CallSyntax::kSeparated,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .section = kDeepSeekSection,
     .call = kDeepSeekCall,
     .separator = kDeepSeekSeparator},
    {.name = "deepseek-r1",
     .reasoning = kThink,
     .reasoning_first = true,
     .calls = CallSyntax::kSeparated,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .section = kDeepSeekSection,
     .call = kDeepSeekCall,
     .separator = kDeepSeekSeparator},
    {.name = "deepseek-v3.1",
     .reasoning = kThink,
     .calls = CallSyntax::kSeparated,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .section = kDeepSeekSection,
     .call = kDeepSeekCall,
     .separator = kDeepSeekSeparator},
    {.name = "kimi-k2",
     .reasoning = kThink,
     .calls = CallSyntax::kSeparated,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .section = {"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"},
     .call = {"<|tool_call_begin|>", "<|tool_call_end|>"},
     .separator = "<|tool_call_argument_begin|>"},
    {.name = "glm-4.5",
     .reasoning = kThink,
     .calls = CallSyntax::kTags,
     .call = kToolCall,
     .key_open = "<arg_key>",
     .key_close = "</arg_key>",
     .value_open = "<arg_value>",
     .value_close = "</arg_value>"},
    {.name = "harmony", .calls = CallSyntax::kHarmony},
    {.name = "mistral",
     .calls = CallSyntax::kMistral,
     .call = {.open = "[TOOL_CALLS]", .close = ""}},
    {.name = "ministral-3",
     .reasoning = {"[THINK]", "[/THINK]"},
     .reasoning_anywhere = true,
     .calls = CallSyntax::kMistral,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .call = {.open = "[TOOL_CALLS]", .close = ""}},
    {.name = "minimax-m1", .reasoning = kThink, .calls = CallSyntax::kJson, .call = kToolCalls},
    {.name = "minimax-m2",
     .reasoning = kThink,
     .reasoning_first = true,
     .calls = CallSyntax::kTags,
     .section = {"<minimax:tool_call>", "</minimax:tool_call>"},
     .call = {"<invoke name=", "</invoke>"},
     .name_close = ">",
     .key_open = "<parameter name=",
     .key_close = ">",
     .value_close = "</parameter>",
     .value_lines = true},
    {.name = "seed-oss",
     .reasoning = {"<seed:think>", "</seed:think>"},
     .reflection = {"<seed:cot_budget_reflect>", "</seed:cot_budget_reflect>"},
     .reasoning_anywhere = true,
     .calls = CallSyntax::kTags,
     .section = {"<seed:tool_call>", "</seed:tool_call>"},
     .call = kFunction,
     .name_close = ">",
     .key_open = "<parameter=",
     .key_close = ">",
     .value_close = "</parameter>",
     .value_lines = true},
    {.name = "ernie-4.5-thinking",
     .reasoning = kThink,
     .reasoning_first = true,
     .answer = {"<response>", "</response>"},
     .calls = CallSyntax::kJson,
     .call = kToolCall},
    {.name = "hunyuan-a13b",
     .reasoning = kThink,
     .answer = {"<answer>", "</answer>"},
     .answer_prefix = "助手：",
     .calls = CallSyntax::kJson,
     .call = kToolCalls},
    {.name = "apertus",
     .reasoning = {"<|inner_prefix|>", "<|inner_suffix|>"},
     .reasoning_anywhere = true,
     .calls = CallSyntax::kNamedJson,
     .calls_in_reasoning = CallsInReasoning::kSuspend,
     .call = {"<|tools_prefix|>", "<|tools_suffix|>"}},
    {.name = "llama-3.1",
     .calls = CallSyntax::kLlama,
     .call = {.open = "<|python_tag|>", .close = ""}},
    {.name = "ling",
     .reasoning = kThink,
     .calls = CallSyntax::kJson,
     .calls_in_reasoning = CallsInReasoning::kEnd,
     .call = kToolCall},
};

}  // namespace

const OutputFormat* FindOutputFormat(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const OutputFormat& format) { return format.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

std::vector<std::string_view> OutputFormatNames() {
  std::vector<std::string_view> names;
  for (const OutputFormat& format : kFormats) names.push_back(format.name);
  return names;
}

std::string_view OutputFormatName(const OutputFormat& format) { return format.name; }

namespace {

// What a checkpoint without a template writes, by the beginning of its model_type.
constexpr std::pair<std::string_view, std::string_view> kFamilies[] = {
    {"apertus", "apertus"},       {"bailing", "ling"},       {"deepseek_v3", "deepseek-v3"},
    {"ernie4_5", "think"},        {"glm4_moe", "glm-4.5"},   {"gpt_oss", "harmony"},
    {"hunyuan", "hunyuan-a13b"},  {"kimi_k2", "kimi-k2"},    {"llama", "llama-3.1"},
    {"minimax_m2", "minimax-m2"}, {"minimax", "minimax-m1"}, {"ministral3", "ministral-3"},
    {"ministral", "mistral"},     {"mistral", "mistral"},    {"mixtral", "mistral"},
    {"qwen", "hermes"},           {"seed_oss", "seed-oss"},
};

std::string_view DetectByFamily(std::string_view family) {
  for (const auto& [prefix, format] : kFamilies) {
    if (family.starts_with(prefix)) return format;
  }
  return "plain";
}

std::string_view DetectName(std::string_view text, std::string_view family) {
  if (text.empty()) return DetectByFamily(family);
  const auto has = [&](std::string_view marker) {
    return text.find(marker) != std::string_view::npos;
  };
  const bool think = has("<think>") || has("</think>");
  if (has("<|channel|>") && has("<|message|>")) return "harmony";
  if (has("<seed:tool_call>") || has("<seed:think>")) return "seed-oss";
  if (has("<minimax:tool_call>")) return "minimax-m2";
  if (has("<|tool_calls_section_begin|>")) return "kimi-k2";
  if (has(kDeepSeekCall.open)) {
    if (!has("```json")) return "deepseek-v3.1";
    return think ? "deepseek-r1" : "deepseek-v3";
  }
  if (has("<|tools_prefix|>")) return "apertus";
  if (has("[TOOL_CALLS]")) return has("[ARGS]") ? "ministral-3" : "mistral";
  if (has("<arg_key>")) return "glm-4.5";
  if (has(kToolCalls.open)) {
    return has("用户：") || family.starts_with("hunyuan") ? "hunyuan-a13b" : "minimax-m1";
  }
  if (has(kToolCall.open)) {
    if (has(kFunction.open)) return "qwen3-coder";
    if (family.starts_with("ernie")) return "ernie-4.5-thinking";
    return family.starts_with("bailing") || has("<role>ASSISTANT</role>") ? "ling" : "hermes";
  }
  if (has("<|python_tag|>")) return "llama-3.1";
  if (think && family.starts_with("ernie")) return "ernie-4.5-thinking";
  if (has("[THINK]")) return "ministral-3";
  return think ? "think" : "plain";
}

}  // namespace

const OutputFormat* DetectOutputFormat(std::string_view chat_template, std::string_view family) {
  return FindOutputFormat(DetectName(chat_template, family));
}

}  // namespace frugal
