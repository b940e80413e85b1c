// Running a parser of calls alone.
#pragma once

#include <string>
#include <string_view>

#include "text/output/call_parser.h"

namespace frugal::output {

// The parser's last state over `text`, byte by byte, and what it gave.
struct Fed {
  CallState state = CallState::kMore;
  OutputMessage message;
  std::string rest, marked;
};

Fed Feed(CallParser* parser, std::string_view text, bool close = false);

}  // namespace frugal::output
