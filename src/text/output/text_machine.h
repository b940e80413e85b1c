// The outer grammar of every format but harmony: reasoning between markers, content, and calls.
#pragma once

#include <memory>
#include <string>

#include "text/output/call_parser.h"

namespace frugal::output {

// A whole output: understands as much of `in` as can be, each time it is called; once more when
// `in` is closed.
class OutputMachine {
 public:
  virtual ~OutputMachine() = default;
  virtual void Run(InputBuffer* in, DeltaSink* out) = 0;
};

class TextMachine : public OutputMachine {
 public:
  TextMachine(const OutputFormat& format, std::string_view prompt_tail, ToolTypes types);

  void Run(InputBuffer* in, DeltaSink* out) override;

 private:
  enum class State { kText, kSection, kCall };
  // In the order in which markers are tried.
  enum Role {
    kReasoningOpen,
    kReasoningClose,
    kReflectionOpen,
    kReflectionClose,
    kAnswerOpen,
    kAnswerClose,
    kAnswerPrefix,
    kSectionOpen,
    kSectionClose,
    kCallOpen,
    kCallClose,
    kBareObject,
    kRoles
  };

  bool Step(InputBuffer* in, DeltaSink* out);  // false: needs more text
  bool StepText(InputBuffer* in, DeltaSink* out);
  bool StepCall(InputBuffer* in, DeltaSink* out);
  // Acts on a marker at the front; false when it means nothing here and is text.
  bool Apply(Role role, InputBuffer* in);
  bool ApplyReasoning(Role role);
  bool CallsAllowed() const;
  void OpenCall(std::unique_ptr<CallParser> parser);
  void AfterCalls(bool any);
  Channel& channel() { return reasoning_now_ ? reasoning_ : content_; }

  const OutputFormat& format_;
  ToolTypes types_;
  std::string_view markers_[kRoles];

  State state_ = State::kText;
  Channel reasoning_{OutputKind::kReasoning};
  Channel content_{OutputKind::kContent};
  bool reasoning_now_ = false;
  bool reflecting_ = false;   // the reasoning is the second kind
  bool answer_open_ = false;  // within format.answer
  bool section_open_ = false;
  bool section_new_ = false;    // opened for the call under way
  bool call_unclosed_ = false;  // a call is over whose closing marker may follow
  std::unique_ptr<CallParser> parser_;
  int calls_before_ = 0;
};

}  // namespace frugal::output
