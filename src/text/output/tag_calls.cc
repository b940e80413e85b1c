#include "text/output/tag_calls.h"

#include "text/output/json_text.h"

namespace frugal::output {
namespace {

// name="f" is written with quotes.
std::string_view Unquote(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

CallState TagCallParser::Parse(InputBuffer* in, DeltaSink* out) {
  CallState state = CallState::kMore;
  for (bool progress = true; progress && state == CallState::kMore;) {
    progress = false;
    state = Step(in, out, &progress);
  }
  return state;
}

CallState TagCallParser::Step(InputBuffer* in, DeltaSink* out, bool* progress) {
  switch (state_) {
    case State::kBegin:
    case State::kName:
    case State::kNameClose:
      return Name(in, out, progress);
    case State::kConfirm: {  // a parameter or the end must follow, or it was no call
      if (!SkipSpace(in)) return CallState::kMore;
      const Match key = At(*in, format_.key_open);
      const Match close = At(*in, format_.call.close);
      if (key == Match::kYes || close == Match::kYes) {
        *progress = true;
        Start(in, out);
        return CallState::kMore;
      }
      const bool more = key == Match::kMore || close == Match::kMore;
      return more ? CallState::kMore : CallState::kFailed;
    }
    case State::kParameters: {
      if (!SkipSpace(in)) return CallState::kMore;
      const Match key = Take(in, format_.key_open);
      if (key == Match::kYes) {
        *progress = true;
        key_.clear();
        state_ = State::kKey;
        return CallState::kMore;
      }
      const Match close = Take(in, format_.call.close);
      if (close == Match::kYes) return End(out, /*complete=*/true);
      const bool more = key == Match::kMore || close == Match::kMore;
      return more ? CallState::kMore : End(out, /*complete=*/false);
    }
    case State::kKey:
      if (!TakeUntil(in, format_.key_close, &key_)) return CallState::kMore;
      *progress = true;
      key_ = std::string(Unquote(key_));
      if (!format_.value_open.empty()) {
        state_ = State::kValueOpen;
      } else {
        OpenParameter(out);
      }
      return CallState::kMore;
    case State::kValueOpen: {
      if (!SkipSpace(in)) return CallState::kMore;
      const Match open = Take(in, format_.value_open);
      if (open == Match::kMore) return CallState::kMore;
      OpenParameter(out);
      if (open == Match::kNo) {  // a key without a value
        out->Arguments("null");
        return End(out, /*complete=*/false);
      }
      *progress = true;
      return CallState::kMore;
    }
    case State::kValue: {
      std::string piece;
      const bool ended = TakeUntil(in, format_.value_close, &piece);
      if (!value_began_ && !piece.empty()) {
        value_began_ = true;
        if (format_.value_lines && piece[0] == '\n') piece.erase(0, 1);
      }
      if (string_) {
        StreamString(piece, out);
      } else {
        value_ += piece;
      }
      if (!ended) return CallState::kMore;
      *progress = true;
      if (string_) {
        out->Arguments("\"");
      } else {
        if (format_.value_lines && value_.ends_with('\n')) value_.pop_back();
        out->Arguments(ParameterToJson(value_, types_->Kinds(name_, key_)));
      }
      value_.clear();
      state_ = State::kParameters;
      return CallState::kMore;
    }
  }
  return CallState::kFailed;
}

// The states up to the name's end.
CallState TagCallParser::Name(InputBuffer* in, DeltaSink* out, bool* progress) {
  // GLM's name stands right after the marker and ends at a line's end or the next marker: a
  // mention of the marker in a sentence is no call.
  const bool by_line = format_.name_close.empty();
  if (state_ == State::kBegin) {
    if (by_line ? in->rest().empty() : !SkipSpace(in)) return CallState::kMore;
    const char c = in->rest()[0];
    if (!by_line && (c == '"' || c == '\'')) {
      quote_ = c;
      in->Skip(1);
    }
    state_ = State::kName;
  }
  if (state_ == State::kName) {
    const Match name = TakeName(in, &name_);
    if (name != Match::kYes) return name == Match::kMore ? CallState::kMore : CallState::kFailed;
    if (quote_ != 0) {
      if (in->rest()[0] != quote_) return CallState::kFailed;
      in->Skip(1);
    }
    if (by_line && std::string_view("\r\n<").find(in->rest()[0]) == std::string_view::npos) {
      return CallState::kFailed;
    }
    state_ = by_line ? State::kConfirm : State::kNameClose;
    *progress = true;
    return CallState::kMore;
  }
  if (!SkipSpace(in)) return CallState::kMore;
  const Match close = Take(in, format_.name_close);
  if (close != Match::kYes) return close == Match::kMore ? CallState::kMore : CallState::kFailed;
  Start(in, out);
  *progress = true;
  return CallState::kMore;
}

void TagCallParser::Start(InputBuffer* in, DeltaSink* out) {
  in->Commit();
  out->StartCall(name_, {});
  state_ = State::kParameters;
}

CallState TagCallParser::End(DeltaSink* out, bool complete) {
  out->Arguments(parameters_ == 0 ? "{}" : "}");
  out->EndCall(complete);
  return CallState::kDone;
}

void TagCallParser::OpenParameter(DeltaSink* out) {
  out->Arguments((parameters_++ == 0 ? "{" : ", ") + QuoteJson(key_) + ": ");
  string_ = types_->Kinds(name_, key_) == kJsonString;
  if (string_) out->Arguments("\"");
  value_began_ = false;
  state_ = State::kValue;
}

void TagCallParser::StreamString(std::string_view piece, DeltaSink* out) {
  value_ += piece;
  const bool hold = format_.value_lines && value_.ends_with('\n');
  if (hold) value_.pop_back();
  out->Arguments(EscapeJson(value_));
  value_ = hold ? "\n" : "";
}

void TagCallParser::Close(DeltaSink* out) {
  switch (state_) {
    case State::kKey:
    case State::kValueOpen:
      out->Arguments((parameters_ == 0 ? "{\"" : ", \"") + EscapeJson(key_));
      return;
    case State::kValue:
      if (!string_) out->Arguments("\"");
      out->Arguments(EscapeJson(value_));
      return;
    default:
      return;
  }
}

}  // namespace frugal::output
