// The harmony format of gpt-oss: messages with a channel and a recipient.
//   <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>commentary to=functions.f
//   <|constrain|>json<|message|>{…}<|call|>
#pragma once

#include <string>

#include "text/output/json_text.h"
#include "text/output/text_machine.h"

namespace frugal::output {

// analysis is reasoning, other channels are content, and a message with a recipient is a call:
// functions.f of f, any other (the built-in browser.search, python) of the recipient itself, with
// the message's text as the arguments, which for python is code.
class HarmonyMachine : public OutputMachine {
 public:
  // The prompt's end may hold the beginning of the message: <|start|>assistant<|channel|>final….
  explicit HarmonyMachine(std::string_view prompt_tail);

  void Run(InputBuffer* in, DeltaSink* out) override;

 private:
  enum class State { kFirst, kHeader, kBody, kBetween };
  enum class Route { kReasoning, kContent, kCall };

  bool Step(InputBuffer* in, DeltaSink* out);
  bool StepHeader(InputBuffer* in, DeltaSink* out);
  bool StepBody(InputBuffer* in, DeltaSink* out);
  void OpenBody(DeltaSink* out);
  void OpenText(Route route);
  void CloseBody(bool complete, DeltaSink* out);
  void GiveHeaderAsText(DeltaSink* out);
  Channel& channel() { return route_ == Route::kReasoning ? reasoning_ : content_; }

  State state_ = State::kFirst;
  Route route_ = Route::kContent;
  std::string header_;
  JsonValueScanner arguments_;
  bool has_arguments_ = false;
  bool body_open_ = false;
  Channel reasoning_{OutputKind::kReasoning};
  Channel content_{OutputKind::kContent};
};

}  // namespace frugal::output
