// Calls in JSON: {"name": f, "arguments": {…}}, or Apertus' {f: {…}}.
#pragma once

#include <string>

#include "text/output/call_parser.h"
#include "text/output/json_text.h"

namespace frugal::output {

enum class JsonCallStyle {
  kMembers,  // "name" and "arguments" (or "parameters"), in any order
  // The same; but an object is a call only if it has arguments and no unknown first member: an
  // answer may be JSON too.
  kStrictMembers,
  kNamed,  // the key is the name, the value the arguments
};

// One object, several after another (with commas, semicolons or white space between), or a list.
// Members other than name, arguments and id are not part of a call and are dropped, the objects
// {"type": "function", "function": {"name", "arguments"}} of the API excepted, which count as
// their inner part.
class JsonCallParser : public CallParser {
 public:
  explicit JsonCallParser(JsonCallStyle style) : style_(style) {}

  CallState Parse(InputBuffer* in, DeltaSink* out) override;
  void Close(DeltaSink* out) override;

 private:
  enum class State { kBegin, kObject, kFirstKey, kKeyText, kColon, kValue, kAfterValue, kBetween };
  enum class Member { kOther, kName, kArguments, kId, kFunction };

  CallState Step(InputBuffer* in, DeltaSink* out, bool* progress);
  bool OpenMember(InputBuffer* in, DeltaSink* out);
  bool BeginValue(InputBuffer* in);
  bool EndValue(InputBuffer* in, DeltaSink* out);
  bool EndObject(InputBuffer* in, DeltaSink* out);
  void Start(InputBuffer* in, DeltaSink* out);
  void Arguments(std::string_view json, DeltaSink* out);

  JsonCallStyle style_;
  State state_ = State::kBegin;
  bool list_ = false;
  int depth_ = 0;  // 2: within "function"

  bool first_member_ = true;
  Member member_ = Member::kOther;
  bool streamed_ = false;  // this value's bytes are passed on as they come
  JsonValueScanner scanner_;
  std::string token_;  // a key or a value that is needed whole

  std::string name_, id_, early_arguments_;
  bool has_arguments_ = false;
  bool started_ = false;
};

}  // namespace frugal::output
