#include "tests/text/output/call_util.h"

namespace frugal::output {

Fed Feed(CallParser* parser, std::string_view text, bool close) {
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
