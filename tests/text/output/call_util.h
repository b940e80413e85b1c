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

inline Fed Feed(CallParser* parser, std::string_view text, bool close = false) {
  InputBuffer in;
  DeltaSink out;
  in.Mark();
  Fed run;
  for (const char c : text) {
    in.Append({&c, 1});
    if (run.state == CallState::kMore) run.state = parser->Parse(&in, &out);
  }
  if (close && run.state == CallState::kMore) {
    in.Close();
    run.state = parser->Parse(&in, &out);
    if (out.in_call()) {
      parser->Close(&out);
      out.EndCall(/*complete=*/false);
    }
  }
  if (out.in_call()) out.EndCall(/*complete=*/false);
  AddDeltas(out.Take(), &run.message);
  run.rest = in.rest();
  run.marked = in.TakeMarked();
  return run;
}

}  // namespace frugal::output
