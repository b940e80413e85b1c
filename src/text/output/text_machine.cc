#include "text/output/text_machine.h"

#include "text/output/json_calls.h"

namespace frugal::output {
namespace {

// Llama's objects need no marker; they may stand where nothing came before.
constexpr std::string_view kObjectOpen = "{";

}  // namespace

TextMachine::TextMachine(const OutputFormat& format, std::string_view prompt_tail, ToolTypes types)
    : format_(format), types_(std::move(types)) {
  markers_[kReasoningOpen] = format.reasoning.open;
  markers_[kReasoningClose] = format.reasoning.close;
  markers_[kReflectionOpen] = format.reflection.open;
  markers_[kReflectionClose] = format.reflection.close;
  markers_[kAnswerOpen] = format.answer.open;
  markers_[kAnswerClose] = format.answer.close;
  markers_[kAnswerPrefix] = format.answer_prefix;
  markers_[kSectionOpen] = format.section.open;
  markers_[kSectionClose] = format.section.close;
  markers_[kCallOpen] = format.call.open;
  markers_[kCallClose] = format.call.close;
  if (format.calls == CallSyntax::kLlama) markers_[kBareObject] = kObjectOpen;

  reasoning_.Break();  // newlines after the opening marker are not part of it
  if (format.reasoning.open.empty()) return;
  const std::string_view tail = Trim(prompt_tail);
  if (tail.ends_with(format.reasoning.close)) {
    content_.Break();
  } else if (tail.ends_with(format.reasoning.open) || format.reasoning_first) {
    reasoning_now_ = true;
  }
}

void TextMachine::Run(InputBuffer* in, DeltaSink* out) {
  while (Step(in, out)) {
  }
  if (!in->closed()) return;
  if (state_ == State::kCall) {
    if (out->in_call()) {
      parser_->Close(out);
      out->EndCall(/*complete=*/false);
    }
    AfterCalls(out->calls() > calls_before_);
  }
  channel().Text(in->TakeMarked(), out);
  reasoning_.Finish(out);
  content_.Finish(out);
}

bool TextMachine::Step(InputBuffer* in, DeltaSink* out) {
  switch (state_) {
    case State::kText:
      return StepText(in, out);
    case State::kSection: {  // the section's marker must be followed by a call's
      if (!SkipSpace(in)) return false;
      const Match call = Take(in, format_.call.open);
      if (call == Match::kMore) return false;
      if (call == Match::kYes) {
        section_open_ = section_new_ = true;
        OpenCall(MakeCallParser(format_, &types_));
      } else {
        channel().Text(in->TakeMarked(), out);
        state_ = State::kText;
      }
      return true;
    }
    case State::kCall:
      return StepCall(in, out);
  }
  return false;
}

bool TextMachine::StepText(InputBuffer* in, DeltaSink* out) {
  const MarkerHit hit = FindMarker(*in, markers_);
  channel().Text(in->rest().substr(0, hit.clean), out);
  in->Skip(hit.clean);
  if (hit.which < 0) return false;
  const Role role = static_cast<Role>(hit.which);
  if (!Apply(role, in)) {
    // The rest of the marker cannot begin another one.
    channel().Text(in->rest().substr(0, markers_[role].size()), out);
    in->Skip(markers_[role].size());
  }
  return true;
}

bool TextMachine::Apply(Role role, InputBuffer* in) {
  const std::string_view marker = markers_[role];
  switch (role) {
    case kReasoningOpen:
    case kReasoningClose:
    case kReflectionOpen:
    case kReflectionClose:
      if (!ApplyReasoning(role)) return false;
      in->Skip(marker.size());
      return true;
    case kAnswerOpen:
      if (reasoning_now_ || answer_open_ || !content_.at_edge()) return false;
      answer_open_ = true;
      break;
    case kAnswerClose:
      if (reasoning_now_ || !answer_open_) return false;
      answer_open_ = false;
      break;
    case kAnswerPrefix:
      if (reasoning_now_ || content_.started() || !content_.at_edge()) return false;
      break;
    case kSectionOpen:
      if (!CallsAllowed() || section_open_) return false;
      in->Mark();
      in->Skip(marker.size());
      state_ = State::kSection;
      return true;
    case kSectionClose:
      if (!section_open_) return false;
      section_open_ = false;
      call_unclosed_ = false;
      in->Skip(marker.size());
      channel().Break();
      return true;
    case kCallOpen:
      // Without its section it is a call only where a section could not have been overlooked.
      if (!CallsAllowed()) return false;
      if (!format_.section.open.empty() && !section_open_ && !content_.at_edge()) return false;
      in->Mark();
      in->Skip(marker.size());
      OpenCall(MakeCallParser(format_, &types_));
      return true;
    case kCallClose:
      if (!call_unclosed_) return false;
      call_unclosed_ = false;
      in->Skip(marker.size());
      channel().Break();
      return true;
    case kBareObject:
      if (content_.started() || !content_.at_edge()) return false;
      in->Mark();
      OpenCall(std::make_unique<JsonCallParser>(JsonCallStyle::kStrictMembers));
      return true;
    case kRoles:
      return false;
  }
  in->Skip(marker.size());
  content_.Break();
  return true;
}

bool TextMachine::ApplyReasoning(Role role) {
  const bool reflection = role == kReflectionOpen || role == kReflectionClose;
  if (role == kReasoningOpen || role == kReflectionOpen) {
    if (reasoning_now_) {
      // The model opens what the prompt has opened already; a reflection within is its text.
      return !reflection && !reflecting_ && !reasoning_.started() && reasoning_.at_edge();
    }
    if (!content_.at_edge() && !format_.reasoning_anywhere) return false;
    content_.Break();
    reasoning_.SeparateTexts();
    reasoning_now_ = true;
    reflecting_ = reflection;
    return true;
  }
  if (reasoning_now_) {
    if (reflection != reflecting_) return false;
    reasoning_now_ = reflecting_ = false;
    reasoning_.Break();
    content_.Break();
    return true;
  }
  // A close without an open, before anything else: the prompt had opened and closed it.
  if (reflection || content_.started() || !content_.at_edge()) return false;
  content_.Break();
  return true;
}

bool TextMachine::CallsAllowed() const {
  return !reasoning_now_ || format_.calls_in_reasoning != CallsInReasoning::kText;
}

void TextMachine::OpenCall(std::unique_ptr<CallParser> parser) {
  parser_ = std::move(parser);
  state_ = State::kCall;
}

bool TextMachine::StepCall(InputBuffer* in, DeltaSink* out) {
  const int before = calls_before_;
  const CallState state = parser_->Parse(in, out);
  if (state == CallState::kMore) return false;
  calls_before_ = out->calls();
  AfterCalls(out->calls() > before);
  if (section_new_ && out->calls() == before) section_open_ = false;  // its marker is text as well
  section_new_ = false;
  if (state == CallState::kFailed) channel().Text(in->TakeMarked(), out);
  parser_.reset();
  state_ = State::kText;
  return true;
}

// `any`: at least one call has come since the last text.
void TextMachine::AfterCalls(bool any) {
  if (!any) return;
  call_unclosed_ = format_.calls != CallSyntax::kTags;  // those end with it
  if (reasoning_now_ && format_.calls_in_reasoning == CallsInReasoning::kEnd) {
    reasoning_now_ = reflecting_ = false;
  }
  reasoning_.Break();
  content_.Break();
}

}  // namespace frugal::output
