// Calls whose name stands before the arguments: DeepSeek, Kimi K2, Mistral; and Llama's f.call(…).
#pragma once

#include <string>

#include "text/output/call_parser.h"
#include "text/output/json_calls.h"

namespace frugal::output {

// CallSyntax::kSeparated.
class SeparatedCallParser : public CallParser {
 public:
  explicit SeparatedCallParser(const OutputFormat& format) : format_(format) {}

  CallState Parse(InputBuffer* in, DeltaSink* out) override;

 protected:
  enum class State {
    kHead,
    kHeadEnd,
    kAfterHead,
    kName,
    kFence,
    kArguments,
    kObject,
    kRaw,
    kFenceEnd
  };

  // After the first word, which is in text_.
  virtual CallState HeadEnd(InputBuffer* in, DeltaSink* out, bool* progress);
  void Start(InputBuffer* in, DeltaSink* out, std::string_view name, std::string_view id);

  const OutputFormat& format_;
  State state_ = State::kHead;
  std::string text_;

 private:
  CallState Step(InputBuffer* in, DeltaSink* out, bool* progress);

  bool fenced_ = false;
  JsonValueScanner scanner_;
};

// CallSyntax::kMistral.
class MistralCallParser : public SeparatedCallParser {
 public:
  explicit MistralCallParser(const OutputFormat& format) : SeparatedCallParser(format) {}

  CallState Parse(InputBuffer* in, DeltaSink* out) override;
  void Close(DeltaSink* out) override;

 private:
  CallState HeadEnd(InputBuffer* in, DeltaSink* out, bool* progress) override;

  enum class Form { kUnknown, kJson, kNamed };
  Form form_ = Form::kUnknown;
  JsonCallParser json_{JsonCallStyle::kMembers};
  std::string name_;
};

// CallSyntax::kLlama, after its <|python_tag|>; bare objects go to JsonCallParser alone.
class LlamaCallParser : public CallParser {
 public:
  CallState Parse(InputBuffer* in, DeltaSink* out) override;
  void Close(DeltaSink* out) override;

 private:
  enum class State { kBegin, kJson, kName, kKey, kValue };

  CallState Step(InputBuffer* in, DeltaSink* out, bool* progress);
  CallState End(DeltaSink* out, bool complete);

  State state_ = State::kBegin;
  JsonCallParser json_{JsonCallStyle::kStrictMembers};
  std::string text_;
  int parameters_ = 0;
};

}  // namespace frugal::output
