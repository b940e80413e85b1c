#include "text/output/harmony.h"

#include <algorithm>

namespace frugal::output {
namespace {

constexpr std::string_view kStart = "<|start|>";
constexpr std::string_view kChannel = "<|channel|>";
constexpr std::string_view kConstrain = "<|constrain|>";
constexpr std::string_view kMessage = "<|message|>";
constexpr std::string_view kEnd = "<|end|>";
constexpr std::string_view kCall = "<|call|>";
constexpr std::string_view kReturn = "<|return|>";
constexpr std::string_view kTo = "to=";
constexpr std::string_view kAssistant = "assistant";
constexpr std::string_view kFunctions = "functions.";

// The word at the front, up to white space or a marker.
std::string_view Word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t\r\n<"));
}

std::string_view ChannelOf(std::string_view header) {
  const size_t at = header.find(kChannel);
  return at == std::string_view::npos ? "" : Word(header.substr(at + kChannel.size()));
}

std::string_view RecipientOf(std::string_view header) {
  for (size_t at = header.find(kTo); at != std::string_view::npos; at = header.find(kTo, at + 1)) {
    if (at > 0 && !IsSpace(header[at - 1]) && header[at - 1] != '>') continue;
    const std::string_view recipient = Word(header.substr(at + kTo.size()));
    return recipient == kAssistant || !IsFunctionName(recipient) ? "" : recipient;
  }
  return "";
}

}  // namespace

HarmonyMachine::HarmonyMachine(std::string_view prompt_tail) {
  const size_t start = prompt_tail.rfind(kStart);
  if (start == std::string_view::npos) return;
  std::string_view header = prompt_tail.substr(start + kStart.size());
  if (header.starts_with(kAssistant)) header.remove_prefix(kAssistant.size());
  if (Trim(header).empty()) return;
  const size_t message = header.find(kMessage);
  header_ = header.substr(0, message);
  state_ = State::kHeader;
  if (message == std::string_view::npos) return;
  // A call that the prompt has begun lacks the arguments' beginning: it goes on as content.
  state_ = State::kBody;
  OpenText(ChannelOf(header_) == "analysis" ? Route::kReasoning : Route::kContent);
}

void HarmonyMachine::Run(InputBuffer* in, DeltaSink* out) {
  while (Step(in, out)) {
  }
  if (!in->closed()) return;
  if (state_ == State::kFirst) {
    OpenText(Route::kContent);
    content_.Text(in->TakeMarked(), out);
  } else if (state_ == State::kHeader) {
    GiveHeaderAsText(out);
  }
  if (body_open_) CloseBody(/*complete=*/false, out);
  reasoning_.Finish(out);
  content_.Finish(out);
}

bool HarmonyMachine::Step(InputBuffer* in, DeltaSink* out) {
  switch (state_) {
    case State::kFirst: {  // the header's beginning, or text without any header
      if (!in->marked()) in->Mark();
      if (!SkipSpace(in)) return false;
      bool more = false;
      for (const auto marker : {kChannel, kConstrain, kMessage, kStart, kTo}) {
        const Match match = At(*in, marker);
        more = more || match == Match::kMore;
        if (match != Match::kYes) continue;
        in->Commit();
        state_ = State::kHeader;
        return true;
      }
      if (more) return false;
      state_ = State::kBody;
      OpenText(Route::kContent);
      content_.Text(in->TakeMarked(), out);
      return true;
    }
    case State::kHeader:
      return StepHeader(in, out);
    case State::kBody:
      return StepBody(in, out);
    case State::kBetween: {
      if (!SkipSpace(in)) return false;
      const Match start = Take(in, kStart);
      if (start == Match::kMore) return false;
      const Match bare = start == Match::kNo ? At(*in, kChannel) : Match::kNo;  // without a start
      if (bare == Match::kMore) return false;
      header_.clear();
      state_ = State::kHeader;
      if (start == Match::kYes || bare == Match::kYes) return true;
      state_ = State::kBody;
      OpenText(Route::kContent);
      return true;
    }
  }
  return false;
}

bool HarmonyMachine::StepHeader(InputBuffer* in, DeltaSink* out) {
  constexpr size_t kMaxBytes = 1024;
  const std::string_view ends[] = {kMessage, kStart, kEnd, kCall, kReturn};
  const MarkerHit hit = FindMarker(*in, ends);
  const size_t bytes = std::min(hit.clean, kMaxBytes - header_.size());
  header_.append(in->rest().substr(0, bytes));
  in->Skip(bytes);
  if (bytes < hit.clean) {  // no header is as long
    GiveHeaderAsText(out);
    state_ = State::kBody;
    return true;
  }
  if (hit.which < 0) return false;
  in->Skip(ends[hit.which].size());
  if (hit.which == 0) {
    OpenBody(out);
    state_ = State::kBody;
    return true;
  }
  GiveHeaderAsText(out);
  body_open_ = false;
  state_ = hit.which == 1 ? State::kHeader : State::kBetween;
  return true;
}

bool HarmonyMachine::StepBody(InputBuffer* in, DeltaSink* out) {
  const std::string_view ends[] = {kEnd, kCall, kReturn, kStart, kChannel};
  const MarkerHit hit = FindMarker(*in, ends);
  std::string_view text = in->rest().substr(0, hit.clean);
  if (route_ != Route::kCall) {
    channel().Text(text, out);
  } else if (!text.empty()) {
    out->Arguments(text);
    if (!has_arguments_)
      text = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    has_arguments_ = has_arguments_ || !text.empty();
    arguments_.Feed(text);
  }
  in->Skip(hit.clean);
  if (hit.which < 0) return false;
  CloseBody(/*complete=*/hit.which < 3, out);
  header_.clear();
  state_ = hit.which < 3 ? State::kBetween : State::kHeader;
  if (hit.which < 4) in->Skip(ends[hit.which].size());  // the channel is part of the header
  return true;
}

// header_ is whole.
void HarmonyMachine::OpenBody(DeltaSink* out) {
  const std::string_view recipient = RecipientOf(header_);
  if (recipient.empty()) {
    OpenText(ChannelOf(header_) == "analysis" ? Route::kReasoning : Route::kContent);
    return;
  }
  std::string_view name = recipient;
  if (name.starts_with(kFunctions) && name.size() > kFunctions.size()) {
    name.remove_prefix(kFunctions.size());
  }
  route_ = Route::kCall;
  body_open_ = true;
  arguments_ = {};
  has_arguments_ = false;
  out->StartCall(name, {});
}

void HarmonyMachine::OpenText(Route route) {
  route_ = route;
  body_open_ = true;
  if (channel().started()) channel().SeparateTexts();
}

void HarmonyMachine::CloseBody(bool complete, DeltaSink* out) {
  body_open_ = false;
  if (route_ != Route::kCall) return;
  // The server may have cut the closing marker off: the object's end says as much.
  if (complete && !has_arguments_) out->Arguments("{}");
  out->EndCall(complete || arguments_.done());
}

void HarmonyMachine::GiveHeaderAsText(DeltaSink* out) {
  if (Trim(header_).empty() || header_ == kAssistant) return;
  OpenText(Route::kContent);
  content_.Text(header_, out);
  header_.clear();
}

}  // namespace frugal::output
