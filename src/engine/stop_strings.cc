#include "engine/stop_strings.h"

#include <algorithm>
#include <utility>

namespace frugal {

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase(stops_, "");
}

std::string StopStrings::Push(std::string_view text) {
  if (stopped_) return "";
  held_ += text;
  // The stop string that is complete first, the longer of two that end together: so the cutting
  // of the text into pieces does not matter.
  std::pair<size_t, size_t> first{std::string::npos, 0};  // (end, start)
  for (const std::string& stop : stops_) {
    const size_t start = held_.find(stop);
    if (start != std::string::npos) first = std::min(first, {start + stop.size(), start});
  }
  if (first.first != std::string::npos) {
    stopped_ = true;
    return std::exchange(held_, "").substr(0, first.second);
  }
  // Hold the longest tail that begins some stop string.
  size_t hold = 0;
  for (const std::string& stop : stops_) {
    for (size_t n = std::min(stop.size() - 1, held_.size()); n > hold; --n) {
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) hold = n;
    }
  }
  std::string out = held_.substr(0, held_.size() - hold);
  held_.erase(0, out.size());
  return out;
}

std::string StopStrings::Finish() { return stopped_ ? "" : std::exchange(held_, ""); }

}  // namespace frugal
