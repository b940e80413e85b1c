// Ends an answer before the first of some strings to be complete, without giving out a part of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frugal {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> stops);  // empty strings are ignored

  // Adds text; returns what can be given out now. What might be the start of a stop string is
  // held back. After stopped() nothing more comes.
  std::string Push(std::string_view text);
  // What was held back, once no more text will come.
  std::string Finish();
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace frugal
