// The output formats as data: which markers a family writes, and the grammar of its calls.
#pragma once

#include <string_view>

#include "text/output_parser.h"

namespace frugal {

namespace output {

struct MarkerPair {
  std::string_view open, close;  // empty: there is none
};

enum class CallSyntax {
  kNone,
  // {"name": f, "arguments": {…}} ("parameters" too), one, a list in [], or several in a row.
  kJson,
  kNamedJson,  // [{f: {…}}, …]
  kTags,       // a name, then each parameter between markers
  // A head, a separator, the arguments as JSON; the head is f (DeepSeek V3.1), functions.f:0
  // (Kimi), or "function", after whose separator f and fenced JSON follow (DeepSeek V3, R1).
  kSeparated,
  kMistral,  // kJson, or f[ARGS]{…}, f[CALL_ID]id[ARGS]{…}
  kLlama,    // kJson; or f.call(a="…", …) after <|python_tag|>
  kHarmony,  // channels and recipients; nothing else here applies
};

// Where calls are looked for while the model reasons.
enum class CallsInReasoning {
  kText,     // nowhere: they are drafts, part of the reasoning
  kEnd,      // a call ends the reasoning
  kSuspend,  // after the calls the reasoning goes on
};

}  // namespace output

struct OutputFormat {
  std::string_view name;

  output::MarkerPair reasoning = {};
  output::MarkerPair reflection = {};  // a second kind of reasoning, outside the first
  bool reasoning_first = false;        // the prompt opens it, unless prompt_tail shows otherwise
  bool reasoning_anywhere = false;     // else only where no text came before it

  output::MarkerPair answer = {};       // around the content
  std::string_view answer_prefix = {};  // a word before the content

  output::CallSyntax calls = output::CallSyntax::kNone;
  output::CallsInReasoning calls_in_reasoning = output::CallsInReasoning::kText;
  output::MarkerPair section = {};  // around all calls; a call is one only within
  output::MarkerPair call = {};     // around one call
  std::string_view separator = {};  // kSeparated

  // kTags: `call.open` name `name_close` { `key_open` key `key_close` `value_open` value
  // `value_close` } `call.close`, with white space between. An empty name_close stands for a line
  // end, or the next marker.
  std::string_view name_close = {};
  std::string_view key_open = {}, key_close = {}, value_open = {}, value_close = {};
  bool value_lines = false;  // one newline at either end of a value is not part of it
};

}  // namespace frugal
