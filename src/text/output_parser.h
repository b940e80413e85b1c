// Streaming parsers of what models write: reasoning, answer and tool calls, in the format of each
// family (docs/output-parsers.md).
//
// A parser takes the model's text as it comes, special tokens in their text form, and gives out
// pieces. Put together, the pieces do not depend on where the text was cut, not even within a
// marker or a character; and where the text is valid UTF-8, so is every piece. Text that looks
// like a call and is none (a broken or unfinished header) comes back as the text it is. Memory is
// bounded by the text still undecided: a marker, a call's header, or one parameter's value.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace frugal {

// The format of one family's output (text/output/format.h); all live as long as the program.
struct OutputFormat;

// The format of that name ("hermes", "harmony", …), or null.
const OutputFormat* FindOutputFormat(std::string_view name);

// The names of all formats.
std::vector<std::string_view> OutputFormatNames();
std::string_view OutputFormatName(const OutputFormat& format);

// The format that a checkpoint writes, from the markers in its chat template's source; the family
// ("qwen3_moe", the model_type of its config.json) decides where several use the same markers, and
// alone where the template is empty. Never null: a template without markers gives "plain", one
// that has only <think> gives "think".
const OutputFormat* DetectOutputFormat(std::string_view chat_template, std::string_view family);

enum class OutputKind {
  kReasoning,          // text
  kContent,            // text
  kToolCallStart,      // index, name, and id where the format writes one before the arguments
  kToolCallArguments,  // index, text: a piece of JSON
  kToolCallEnd,        // index, complete, and id where the format writes one after the arguments
};

struct OutputDelta {
  OutputKind kind = OutputKind::kContent;
  std::string text = {};
  int index = 0;  // of the call in this output, from 0
  // As the model wrote it; empty in most formats, whose ids the server invents.
  std::string id = {};
  std::string name = {};
  // False when the text ended or broke off inside the call: its arguments may be unfinished JSON.
  bool complete = true;

  bool operator==(const OutputDelta&) const = default;
};

class OutputParser {
 public:
  // `prompt_tail` is the end of the prompt (the whole prompt will do): it says whether the
  // template has opened the reasoning already. Where it is empty, the family's habit counts.
  // `tools` is the request's tools as JSON text, [{"type":"function","function":{"name",
  // "parameters": JSON Schema}}], or empty. It decides the types of parameters in formats that
  // write them as bare text; without it a value is a string unless it reads as other JSON.
  // Errors: kInvalidArgument when `tools` is no such list.
  static Result<OutputParser> Create(const OutputFormat& format, std::string_view prompt_tail = {},
                                     std::string_view tools = {});

  OutputParser(OutputParser&&) noexcept;
  OutputParser& operator=(OutputParser&&) noexcept;
  ~OutputParser();

  std::vector<OutputDelta> Push(std::string_view text);

  // The text is over. Gives what was held back; Push must not be called after it.
  std::vector<OutputDelta> Finish();

 private:
  struct Impl;
  explicit OutputParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The deltas put together.
struct OutputToolCall {
  std::string id, name, arguments;
  bool complete = false;

  bool operator==(const OutputToolCall&) const = default;
};
struct OutputMessage {
  std::string reasoning, content;
  std::vector<OutputToolCall> tool_calls;

  bool operator==(const OutputMessage&) const = default;
};
void AddDeltas(const std::vector<OutputDelta>& deltas, OutputMessage* message);

}  // namespace frugal
