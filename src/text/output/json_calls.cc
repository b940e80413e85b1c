#include "text/output/json_calls.h"

namespace frugal::output {

CallState JsonCallParser::Parse(InputBuffer* in, DeltaSink* out) {
  CallState state = CallState::kMore;
  for (bool progress = true; progress && state == CallState::kMore;) {
    progress = false;
    state = Step(in, out, &progress);
  }
  if (state == CallState::kFailed && !in->marked()) {
    // It broke off after a call: what follows is text of its own.
    if (out->in_call()) out->EndCall(/*complete=*/false);
    return CallState::kDone;
  }
  return state;
}

CallState JsonCallParser::Step(InputBuffer* in, DeltaSink* out, bool* progress) {
  const bool space_matters = state_ == State::kKeyText ||
                             (state_ == State::kValue && !token_.empty()) ||
                             (state_ == State::kValue && streamed_);
  if (!space_matters && !SkipSpace(in)) {
    return state_ == State::kBetween && in->closed() && !in->marked() ? CallState::kDone
                                                                      : CallState::kMore;
  }
  const std::string_view rest = in->rest();
  if (rest.empty()) return CallState::kMore;
  *progress = true;
  const char c = rest[0];
  switch (state_) {
    case State::kBegin:
      if (c == '[' && !list_) {
        list_ = true;
      } else if (c == '{') {
        first_member_ = true;
        depth_ = 1;
        state_ = State::kFirstKey;
      } else {
        return CallState::kFailed;
      }
      in->Skip(1);
      return CallState::kMore;
    case State::kFirstKey:
    case State::kObject:
      if (c == '}') {
        in->Skip(1);
        return EndObject(in, out) ? CallState::kMore : CallState::kFailed;
      }
      if (c != '"') return CallState::kFailed;
      scanner_ = {};
      token_.clear();
      state_ = State::kKeyText;
      return CallState::kMore;
    case State::kKeyText: {
      const size_t bytes = scanner_.Feed(rest);
      token_.append(rest.substr(0, bytes));
      in->Skip(bytes);
      if (!scanner_.done()) return CallState::kMore;
      state_ = State::kColon;
      return OpenMember(in, out) ? CallState::kMore : CallState::kFailed;
    }
    case State::kColon:
      if (c != ':') return CallState::kFailed;
      in->Skip(1);
      scanner_ = {};
      token_.clear();
      streamed_ = false;
      state_ = State::kValue;
      return CallState::kMore;
    case State::kValue: {
      if (token_.empty() && !streamed_) {
        if (member_ == Member::kFunction && c == '{' && depth_ == 1) {
          in->Skip(1);
          depth_ = 2;
          state_ = State::kObject;
          return CallState::kMore;
        }
        if (!BeginValue(in)) return CallState::kFailed;
        if (member_ == Member::kArguments && started_ && c == '{') streamed_ = true;
      }
      const size_t bytes = scanner_.Feed(rest);
      if (streamed_) {
        out->Arguments(rest.substr(0, bytes));
      } else if (member_ != Member::kOther || token_.empty()) {
        token_.append(rest.substr(0, bytes));  // of other members the first bytes are enough
      }
      in->Skip(bytes);
      if (!scanner_.done()) return CallState::kMore;
      state_ = State::kAfterValue;
      return EndValue(in, out) ? CallState::kMore : CallState::kFailed;
    }
    case State::kAfterValue:
      if (c == '}') {
        in->Skip(1);
        return EndObject(in, out) ? CallState::kMore : CallState::kFailed;
      }
      if (c != ',') return CallState::kFailed;
      if (style_ == JsonCallStyle::kNamed) in->Mark();
      in->Skip(1);
      state_ = State::kObject;
      return CallState::kMore;
    case State::kBetween:
      if (c == ']' && list_ && !in->marked()) {
        in->Skip(1);
        return CallState::kDone;
      }
      if (c == '{') {
        in->Mark();
        state_ = State::kBegin;
        return CallState::kMore;
      }
      if ((c != ',' && c != ';') || in->marked()) {
        return in->marked() ? CallState::kFailed : CallState::kDone;
      }
      in->Mark();
      in->Skip(1);
      return CallState::kMore;
  }
  return CallState::kFailed;
}

// The key is read.
bool JsonCallParser::OpenMember(InputBuffer* in, DeltaSink* out) {
  const auto key = DecodeJsonString(token_);
  if (!key) return false;
  if (style_ == JsonCallStyle::kNamed) {
    if (!IsFunctionName(*key)) return false;
    name_ = *key;
    member_ = Member::kArguments;
    Start(in, out);
    return true;
  }
  member_ = *key == "name"                                ? Member::kName
            : *key == "arguments" || *key == "parameters" ? Member::kArguments
            : *key == "id"                                ? Member::kId
            : *key == "function"                          ? Member::kFunction
                                                          : Member::kOther;
  if (style_ == JsonCallStyle::kStrictMembers && first_member_ && member_ == Member::kOther &&
      *key != "type") {
    return false;
  }
  first_member_ = false;
  if (member_ == Member::kArguments) {
    if (has_arguments_) return false;
    has_arguments_ = true;
    if (!name_.empty()) Start(in, out);
  }
  return true;
}

// The first byte of a value is there. A member's name is a string.
bool JsonCallParser::BeginValue(InputBuffer* in) {
  const char c = in->rest()[0];
  if (c == ',' || c == '}' || c == ']' || c == ':' || c == '<') return false;
  return member_ != Member::kName || c == '"';
}

bool JsonCallParser::EndValue(InputBuffer* in, DeltaSink* out) {
  switch (member_) {
    case Member::kName: {
      const auto name = DecodeJsonString(token_);
      if (!name || !IsFunctionName(*name) || !name_.empty()) return false;
      name_ = *name;
      if (has_arguments_) Start(in, out);
      return true;
    }
    case Member::kId:
      if (const auto id = DecodeJsonString(token_)) id_ = *id;
      return true;
    case Member::kArguments:
      if (!streamed_) {
        // Arguments as a string that holds JSON are that JSON.
        const auto text = DecodeJsonString(token_);
        const std::string json = text ? *text : token_;
        Arguments(json.empty() || json == "null" ? "{}" : json, out);
      }
      if (style_ == JsonCallStyle::kNamed) {
        out->EndCall(/*complete=*/true);
        started_ = false;
      }
      return true;
    case Member::kFunction:
      if (token_[0] == '"' && name_.empty()) {  // {"function": f, "arguments": …}
        member_ = Member::kName;
        return EndValue(in, out);
      }
      return true;
    case Member::kOther:
      return true;
  }
  return false;
}

bool JsonCallParser::EndObject(InputBuffer* in, DeltaSink* out) {
  if (--depth_ > 0) {
    state_ = State::kAfterValue;
    return true;
  }
  if (style_ != JsonCallStyle::kNamed) {
    if (name_.empty() || (style_ == JsonCallStyle::kStrictMembers && !has_arguments_)) return false;
    if (!started_) Start(in, out);
    if (!has_arguments_) out->Arguments("{}");
    out->EndCall(/*complete=*/true, id_);
  } else if (in->marked()) {
    return false;  // {}, or a comma before the end
  }
  started_ = has_arguments_ = false;
  name_.clear();
  id_.clear();
  state_ = State::kBetween;
  return true;
}

void JsonCallParser::Start(InputBuffer* in, DeltaSink* out) {
  in->Commit();
  started_ = true;
  out->StartCall(name_, id_);
  id_.clear();
  out->Arguments(early_arguments_);
  early_arguments_.clear();
}

void JsonCallParser::Arguments(std::string_view json, DeltaSink* out) {
  if (started_) {
    out->Arguments(json);
  } else {
    early_arguments_ = json;
  }
}

void JsonCallParser::Close(DeltaSink* out) {
  if (state_ == State::kValue && member_ == Member::kArguments && !streamed_) {
    out->Arguments(token_);
  }
}

}  // namespace frugal::output
