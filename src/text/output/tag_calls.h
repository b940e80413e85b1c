// Calls whose parameters stand between markers: Qwen3-Coder, Seed-OSS, MiniMax-M2, GLM-4.5. The
// arguments are built as JSON from the parameters' text and declared types.
#pragma once

#include <string>

#include "text/output/call_parser.h"

namespace frugal::output {

class TagCallParser : public CallParser {
 public:
  TagCallParser(const OutputFormat& format, const ToolTypes* types)
      : format_(format), types_(types) {}

  CallState Parse(InputBuffer* in, DeltaSink* out) override;
  void Close(DeltaSink* out) override;

 private:
  enum class State { kBegin, kName, kNameClose, kConfirm, kParameters, kKey, kValueOpen, kValue };

  CallState Step(InputBuffer* in, DeltaSink* out, bool* progress);
  CallState Name(InputBuffer* in, DeltaSink* out, bool* progress);
  CallState End(DeltaSink* out, bool complete);
  void Start(InputBuffer* in, DeltaSink* out);
  void OpenParameter(DeltaSink* out);
  void StreamString(std::string_view piece, DeltaSink* out);

  const OutputFormat& format_;
  const ToolTypes* types_;
  State state_ = State::kBegin;
  char quote_ = 0;  // around the name
  std::string name_, key_;
  std::string value_;  // of a string: the newline at its end, if it may be one to drop
  int parameters_ = 0;
  bool string_ = false;       // a string and nothing else: passed on as it comes
  bool value_began_ = false;  // its first byte has been seen
};

}  // namespace frugal::output
