#include "text/output/stream.h"

#include <algorithm>

#include "base/check.h"

namespace frugal::output {

void InputBuffer::Append(std::string_view text) {
  text_.erase(0, at_);
  at_ = 0;
  text_.append(text);
}

void InputBuffer::Skip(size_t bytes) {
  CHECK(bytes <= text_.size() - at_);
  if (marked_) record_.append(text_, at_, bytes);
  at_ += bytes;
}

void InputBuffer::Commit() {
  marked_ = false;
  record_.clear();
}

std::string InputBuffer::TakeMarked() {
  marked_ = false;
  return std::exchange(record_, {});
}

namespace {

Match MatchAt(std::string_view text, std::string_view marker, bool closed) {
  if (text.starts_with(marker)) return Match::kYes;
  return !closed && marker.starts_with(text) ? Match::kMore : Match::kNo;
}

}  // namespace

Match At(const InputBuffer& in, std::string_view marker) {
  return MatchAt(in.rest(), marker, in.closed());
}

Match Take(InputBuffer* in, std::string_view marker) {
  const Match match = At(*in, marker);
  if (match == Match::kYes) in->Skip(marker.size());
  return match;
}

bool SkipSpace(InputBuffer* in) {
  const std::string_view rest = in->rest();
  const size_t end = std::min(rest.find_first_not_of(" \t\r\n"), rest.size());
  in->Skip(end);
  return end < rest.size();
}

MarkerHit FindMarker(const InputBuffer& in, std::span<const std::string_view> markers) {
  const std::string_view rest = in.rest();
  std::string first;
  for (const std::string_view marker : markers) {
    if (!marker.empty()) first.push_back(marker[0]);
  }
  for (size_t at = rest.find_first_of(first); at < rest.size();
       at = rest.find_first_of(first, at + 1)) {
    bool more = false;
    for (size_t i = 0; i < markers.size(); ++i) {
      if (markers[i].empty()) continue;
      const Match match = MatchAt(rest.substr(at), markers[i], in.closed());
      if (match == Match::kYes && !more) return {at, static_cast<int>(i)};
      more = more || match != Match::kNo;
    }
    if (more) return {at, -1};
  }
  return {rest.size(), -1};
}

bool TakeUntil(InputBuffer* in, std::string_view marker, std::string* piece) {
  const MarkerHit hit = FindMarker(*in, {&marker, 1});
  piece->append(in->rest().substr(0, hit.clean));
  in->Skip(hit.clean);
  if (hit.which < 0) return false;
  in->Skip(marker.size());
  return true;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

namespace {

constexpr size_t kMaxNameBytes = 256;

bool IsNameByte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '\x7F' &&
         std::string_view("\"'`<>(){}[]").find(c) == std::string_view::npos;
}

}  // namespace

bool IsFunctionName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), IsNameByte);
}

Match TakeName(InputBuffer* in, std::string* name) {
  // One byte at a time, so that the text goes on at the same place however it is cut.
  while (!in->rest().empty() && IsNameByte(in->rest()[0]) && name->size() < kMaxNameBytes) {
    *name += in->rest()[0];
    in->Skip(1);
  }
  if (in->rest().empty()) return Match::kMore;
  return IsNameByte(in->rest()[0]) || name->empty() ? Match::kNo : Match::kYes;
}

void DeltaSink::Text(OutputKind kind, std::string_view text) {
  if (text.empty()) return;
  if (deltas_.empty() || deltas_.back().kind != kind) deltas_.push_back({.kind = kind});
  deltas_.back().text.append(text);
}

void DeltaSink::StartCall(std::string_view name, std::string_view id) {
  CHECK(!in_call_);
  in_call_ = true;
  deltas_.push_back({.kind = OutputKind::kToolCallStart,
                     .index = calls_,
                     .id = std::string(id),
                     .name = std::string(name)});
  ++calls_;
}

void DeltaSink::Arguments(std::string_view json) {
  CHECK(in_call_);
  if (json.empty()) return;
  if (deltas_.empty() || deltas_.back().kind != OutputKind::kToolCallArguments) {
    deltas_.push_back({.kind = OutputKind::kToolCallArguments, .index = calls_ - 1});
  }
  deltas_.back().text.append(json);
}

void DeltaSink::EndCall(bool complete, std::string_view id) {
  CHECK(in_call_);
  in_call_ = false;
  deltas_.push_back({.kind = OutputKind::kToolCallEnd,
                     .index = calls_ - 1,
                     .id = std::string(id),
                     .complete = complete});
}

std::vector<OutputDelta> DeltaSink::Take() { return std::exchange(deltas_, {}); }

void Channel::Text(std::string_view text, DeltaSink* out) {
  if (edge_) {
    const size_t space = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    lead_.append(text.substr(0, space));
    text.remove_prefix(space);
    if (text.empty()) return;
    std::string_view lead = lead_;
    // Beside a structure whole lines of white space go; the first line's indentation stays.
    if (broken_) lead.remove_prefix(lead.rfind('\n') + 1);  // npos + 1 = 0
    out->Text(kind_, held_);
    out->Text(kind_, lead);
    held_.clear();
    lead_.clear();
    edge_ = broken_ = false;
    started_ = true;
  }
  const size_t end = text.find_last_not_of('\n') + 1;
  if (end > 0) {
    out->Text(kind_, held_);
    held_.clear();
    out->Text(kind_, text.substr(0, end));
  }
  held_.append(text.substr(end));
}

void Channel::Break() {
  edge_ = broken_ = true;
  lead_.clear();
}

void Channel::SeparateTexts() {
  Break();
  if (started_ && held_.empty()) held_ = "\n";
}

void Channel::Finish(DeltaSink* out) {
  if (broken_) return;
  out->Text(kind_, held_);
  out->Text(kind_, lead_);
  held_.clear();
  lead_.clear();
}

}  // namespace frugal::output
