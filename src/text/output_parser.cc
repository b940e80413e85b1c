#include "text/output_parser.h"

#include "base/check.h"
#include "text/output/harmony.h"
#include "text/output/text_machine.h"
#include "text/unicode.h"

namespace frugal {

struct OutputParser::Impl {
  std::unique_ptr<output::OutputMachine> machine;
  output::InputBuffer in;
  output::DeltaSink out;
  std::string partial;  // the first bytes of a character
  bool finished = false;
};

OutputParser::OutputParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OutputParser::OutputParser(OutputParser&&) noexcept = default;
OutputParser& OutputParser::operator=(OutputParser&&) noexcept = default;
OutputParser::~OutputParser() = default;

Result<OutputParser> OutputParser::Create(const OutputFormat& format, std::string_view prompt_tail,
                                          std::string_view tools) {
  ASSIGN_OR_RETURN(output::ToolTypes types, output::ToolTypes::Parse(tools));
  auto impl = std::make_unique<Impl>();
  if (format.calls == output::CallSyntax::kHarmony) {
    impl->machine = std::make_unique<output::HarmonyMachine>(prompt_tail);
  } else {
    impl->machine = std::make_unique<output::TextMachine>(format, prompt_tail, std::move(types));
  }
  return OutputParser(std::move(impl));
}

namespace {

// Bytes at the end of `text` that begin a character and do not finish it.
size_t UnfinishedBytes(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto lead = static_cast<unsigned char>(text[text.size() - back]);
    if (lead < 0x80) return 0;
    if (lead >= 0xC0) {
      return lead < 0xF8 && static_cast<size_t>(Utf8Length(lead)) > back ? back : 0;
    }
  }
  return 0;
}

}  // namespace

std::vector<OutputDelta> OutputParser::Push(std::string_view text) {
  CHECK(!impl_->finished);
  std::string& whole = impl_->partial;
  whole.append(text);
  const size_t bytes = whole.size() - UnfinishedBytes(whole);
  impl_->in.Append(std::string_view(whole).substr(0, bytes));
  whole.erase(0, bytes);
  impl_->machine->Run(&impl_->in, &impl_->out);
  return impl_->out.Take();
}

std::vector<OutputDelta> OutputParser::Finish() {
  CHECK(!impl_->finished);
  impl_->finished = true;
  impl_->in.Append(impl_->partial);
  impl_->in.Close();
  impl_->machine->Run(&impl_->in, &impl_->out);
  return impl_->out.Take();
}

void AddDeltas(const std::vector<OutputDelta>& deltas, OutputMessage* message) {
  for (const OutputDelta& delta : deltas) {
    switch (delta.kind) {
      case OutputKind::kReasoning:
        message->reasoning += delta.text;
        break;
      case OutputKind::kContent:
        message->content += delta.text;
        break;
      case OutputKind::kToolCallStart:
        message->tool_calls.push_back({.id = delta.id, .name = delta.name, .arguments = {}});
        break;
      case OutputKind::kToolCallArguments:
        message->tool_calls.back().arguments += delta.text;
        break;
      case OutputKind::kToolCallEnd:
        if (!delta.id.empty()) message->tool_calls.back().id = delta.id;
        message->tool_calls.back().complete = delta.complete;
        break;
    }
  }
}

}  // namespace frugal
