// Parsers of tool calls, from the marker that opens one.
#pragma once

#include <memory>

#include "text/output/format.h"
#include "text/output/stream.h"
#include "text/output/tool_types.h"

namespace frugal::output {

enum class CallState {
  kMore,    // needs more text; at the end of the text: see Close
  kDone,    // no call is under way; what stands at the front is no part of one
  kFailed,  // no call: the text since InputBuffer::Mark is plain text
};

// A parser marks the text while a call's header is undecided, and commits it when the call starts.
class CallParser {
 public:
  virtual ~CallParser() = default;

  virtual CallState Parse(InputBuffer* in, DeltaSink* out) = 0;

  // The text ended while Parse wanted more and a call had started: gives what was held back of
  // its arguments.
  virtual void Close(DeltaSink* /*out*/) {}
};

// For text after `format.call.open`; `in` is marked already. `types` must outlive the parser.
std::unique_ptr<CallParser> MakeCallParser(const OutputFormat& format, const ToolTypes* types);

}  // namespace frugal::output
