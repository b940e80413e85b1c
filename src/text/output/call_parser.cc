#include "text/output/call_parser.h"

#include "base/check.h"
#include "text/output/header_calls.h"
#include "text/output/json_calls.h"
#include "text/output/tag_calls.h"

namespace frugal::output {

std::unique_ptr<CallParser> MakeCallParser(const OutputFormat& format, const ToolTypes* types) {
  switch (format.calls) {
    case CallSyntax::kJson:
      return std::make_unique<JsonCallParser>(JsonCallStyle::kMembers);
    case CallSyntax::kNamedJson:
      return std::make_unique<JsonCallParser>(JsonCallStyle::kNamed);
    case CallSyntax::kTags:
      return std::make_unique<TagCallParser>(format, types);
    case CallSyntax::kSeparated:
      return std::make_unique<SeparatedCallParser>(format);
    case CallSyntax::kMistral:
      return std::make_unique<MistralCallParser>(format);
    case CallSyntax::kLlama:
      return std::make_unique<LlamaCallParser>();
    case CallSyntax::kNone:
    case CallSyntax::kHarmony:
      break;
  }
  CHECK(false);  // these have no markers to open a call
}

}  // namespace frugal::output
