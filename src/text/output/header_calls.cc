#include "text/output/header_calls.h"

#include <algorithm>

namespace frugal::output {
namespace {

constexpr std::string_view kArgs = "[ARGS]";
constexpr std::string_view kCallId = "[CALL_ID]";
constexpr std::string_view kFenceMarker = "```";
constexpr std::string_view kLanguage = "json";

}  // namespace

CallState SeparatedCallParser::Parse(InputBuffer* in, DeltaSink* out) {
  CallState state = CallState::kMore;
  for (bool progress = true; progress && state == CallState::kMore;) {
    progress = false;
    state = Step(in, out, &progress);
  }
  return state;
}

CallState SeparatedCallParser::Step(InputBuffer* in, DeltaSink* out, bool* progress) {
  switch (state_) {
    case State::kHead: {
      if (text_.empty() && !SkipSpace(in)) return CallState::kMore;
      const Match name = TakeName(in, &text_);
      if (name != Match::kYes) return name == Match::kMore ? CallState::kMore : CallState::kFailed;
      *progress = true;
      state_ = State::kHeadEnd;
      return CallState::kMore;
    }
    case State::kHeadEnd:
      return SkipSpace(in) ? HeadEnd(in, out, progress) : CallState::kMore;
    case State::kAfterHead:  // DeepSeek V3.1's name, or V3's "function", whose name follows
      if (!SkipSpace(in)) return CallState::kMore;
      *progress = true;
      if (in->rest()[0] == '{') {
        Start(in, out, text_, {});
      } else {
        text_.clear();
        state_ = State::kName;
      }
      return CallState::kMore;
    case State::kName: {
      const Match name = TakeName(in, &text_);
      if (name != Match::kYes) return name == Match::kMore ? CallState::kMore : CallState::kFailed;
      *progress = true;
      Start(in, out, text_, {});
      state_ = State::kFence;
      return CallState::kMore;
    }
    case State::kFence: {
      if (!SkipSpace(in)) return CallState::kMore;
      if (!fenced_) {
        const Match fence = Take(in, kFenceMarker);
        if (fence == Match::kMore) return CallState::kMore;
        if (fence == Match::kYes) {
          fenced_ = *progress = true;
          return CallState::kMore;
        }
      } else if (Take(in, kLanguage) == Match::kMore) {
        return CallState::kMore;
      }
      *progress = true;
      state_ = State::kArguments;
      return CallState::kMore;
    }
    case State::kArguments:
      if (!SkipSpace(in)) return CallState::kMore;
      *progress = true;
      state_ = in->rest()[0] == '{' ? State::kObject : State::kRaw;
      return CallState::kMore;
    case State::kObject: {
      const size_t bytes = scanner_.Feed(in->rest());
      out->Arguments(in->rest().substr(0, bytes));
      in->Skip(bytes);
      if (!scanner_.done()) return CallState::kMore;
      *progress = true;
      out->EndCall(/*complete=*/true);
      state_ = State::kFenceEnd;
      return CallState::kMore;
    }
    case State::kRaw: {  // no object: what stands there, up to the end of the call
      const std::string_view ends[] = {format_.call.close.empty() ? format_.call.open
                                                                  : format_.call.close};
      const MarkerHit hit = FindMarker(*in, ends);
      out->Arguments(in->rest().substr(0, hit.clean));
      in->Skip(hit.clean);
      if (hit.which < 0) return CallState::kMore;
      out->EndCall(/*complete=*/false);
      return CallState::kDone;
    }
    case State::kFenceEnd: {
      if (!fenced_) return CallState::kDone;
      if (!SkipSpace(in)) return CallState::kMore;
      return Take(in, kFenceMarker) == Match::kMore ? CallState::kMore : CallState::kDone;
    }
  }
  return CallState::kFailed;
}

CallState SeparatedCallParser::HeadEnd(InputBuffer* in, DeltaSink* out, bool* progress) {
  const Match separator = Take(in, format_.separator);
  if (separator == Match::kMore) return CallState::kMore;
  if (separator == Match::kNo) return CallState::kFailed;
  *progress = true;
  constexpr std::string_view kNamespace = "functions.";
  if (!text_.starts_with(kNamespace)) {
    state_ = State::kAfterHead;
    return CallState::kMore;
  }
  // Kimi's functions.f:0 is the call's id as well.
  std::string_view name = std::string_view(text_).substr(kNamespace.size());
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos &&
      name.find_first_not_of("0123456789", colon + 1) == std::string_view::npos) {
    name = name.substr(0, colon);
  }
  if (!IsFunctionName(name)) return CallState::kFailed;
  Start(in, out, name, text_);
  return CallState::kMore;
}

void SeparatedCallParser::Start(InputBuffer* in, DeltaSink* out, std::string_view name,
                                std::string_view id) {
  in->Commit();
  out->StartCall(name, id);
  state_ = State::kArguments;
}

CallState MistralCallParser::Parse(InputBuffer* in, DeltaSink* out) {
  if (form_ == Form::kUnknown) {
    if (!SkipSpace(in)) return CallState::kMore;
    const char c = in->rest()[0];
    form_ = c == '[' || c == '{' ? Form::kJson : Form::kNamed;
  }
  return form_ == Form::kJson ? json_.Parse(in, out) : SeparatedCallParser::Parse(in, out);
}

void MistralCallParser::Close(DeltaSink* out) {
  if (form_ == Form::kJson) json_.Close(out);
}

// name, then [CALL_ID]id if there is one, then [ARGS] or at once the object.
CallState MistralCallParser::HeadEnd(InputBuffer* in, DeltaSink* out, bool* progress) {
  const Match args = Take(in, kArgs);
  const Match id = args == Match::kNo && name_.empty() ? Take(in, kCallId) : Match::kNo;
  if (args == Match::kMore || id == Match::kMore) return CallState::kMore;
  *progress = true;
  if (id == Match::kYes) {
    name_ = std::exchange(text_, {});
    state_ = State::kHead;
  } else if (args == Match::kNo && in->rest()[0] != '{') {
    return CallState::kFailed;
  } else if (name_.empty()) {
    Start(in, out, text_, {});
  } else {
    Start(in, out, name_, text_);
  }
  return CallState::kMore;
}

CallState LlamaCallParser::Parse(InputBuffer* in, DeltaSink* out) {
  CallState state = CallState::kMore;
  for (bool progress = true; progress && state == CallState::kMore;) {
    progress = false;
    state = Step(in, out, &progress);
  }
  return state;
}

CallState LlamaCallParser::Step(InputBuffer* in, DeltaSink* out, bool* progress) {
  switch (state_) {
    case State::kBegin:
      if (!SkipSpace(in)) return CallState::kMore;
      *progress = true;
      state_ = in->rest()[0] == '{' ? State::kJson : State::kName;
      return CallState::kMore;
    case State::kJson:
      return json_.Parse(in, out);
    case State::kName: {
      constexpr std::string_view kCall = ".call";
      const Match name = TakeName(in, &text_);
      if (name == Match::kMore) return CallState::kMore;
      if (name == Match::kNo || in->rest()[0] != '(' || !text_.ends_with(kCall) ||
          text_.size() == kCall.size()) {
        return CallState::kFailed;
      }
      in->Skip(1);
      in->Commit();
      out->StartCall(text_.substr(0, text_.size() - kCall.size()), {});
      text_.clear();
      state_ = State::kKey;
      *progress = true;
      return CallState::kMore;
    }
    case State::kKey: {
      if (text_.empty() && !SkipSpace(in)) return CallState::kMore;
      const std::string_view rest = in->rest();
      const size_t end = std::min(rest.find_first_of("=),"), rest.size());
      text_.append(rest.substr(0, end));
      in->Skip(end);
      if (in->rest().empty()) return CallState::kMore;
      const char c = in->rest()[0];
      in->Skip(1);
      *progress = true;
      if (c == ',' && text_.empty()) return CallState::kMore;  // between two parameters
      if (c == ')' && text_.empty()) return End(out, /*complete=*/true);
      out->Arguments((parameters_++ == 0 ? "{" : ", ") + QuoteJson(Trim(text_)) + ": ");
      text_.clear();
      if (c != '=') {  // a value without its name
        out->Arguments("null");
        return End(out, /*complete=*/false);
      }
      state_ = State::kValue;
      return CallState::kMore;
    }
    case State::kValue: {
      // The template does not escape quotes within values: the one that ends a value stands
      // before a comma or the parenthesis.
      if (text_.empty() && !SkipSpace(in)) return CallState::kMore;
      while (!in->rest().empty()) {
        const char c = in->rest()[0];
        const bool quoted = !text_.empty() && text_[0] == '"';
        const bool closed = !quoted || (text_.size() > 1 && text_.ends_with('"'));
        if (closed && (c == ',' || c == ')')) break;
        text_ += c;
        in->Skip(1);
      }
      if (in->rest().empty()) return CallState::kMore;
      *progress = true;
      const bool quoted = text_.size() > 1 && text_[0] == '"';
      out->Arguments(quoted ? QuoteJson(std::string_view(text_).substr(1, text_.size() - 2))
                            : ParameterToJson(text_, kJsonAny));
      text_.clear();
      state_ = State::kKey;
      return CallState::kMore;
    }
  }
  return CallState::kFailed;
}

CallState LlamaCallParser::End(DeltaSink* out, bool complete) {
  out->Arguments(parameters_ == 0 ? "{}" : "}");
  out->EndCall(complete);
  return CallState::kDone;
}

void LlamaCallParser::Close(DeltaSink* out) {
  if (state_ == State::kJson) return json_.Close(out);
  if (state_ == State::kKey && !text_.empty()) {
    out->Arguments((parameters_ == 0 ? "{\"" : ", \"") + EscapeJson(text_));
  } else if (state_ == State::kValue) {
    std::string_view text = text_;
    if (text.starts_with('"')) text.remove_prefix(1);
    out->Arguments('"' + EscapeJson(text));
  }
}

}  // namespace frugal::output
