// frugal run: one prompt, one answer.
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/mapped_file.h"
#include "cli/command.h"
#include "cli/conversation.h"
#include "cli/generate.h"
#include "cli/sampling_options.h"
#include "cli/terminal.h"

namespace frugal {
namespace {

struct RunOptions {
  ModelOptions model;
  SamplingFlags sampling;
  std::optional<std::string> prompt;
  std::string file;
  std::string system;
  std::vector<std::string> stop;
  int64_t max_tokens = -1;
  bool raw = false;
  bool json = false;
};

constexpr int64_t kMaxPromptBytes = int64_t{1} << 30;

// -p, then -f, then what is piped in; a terminal gives the empty prompt.
Result<std::string> ReadPrompt(const RunOptions& options) {
  if (options.prompt) return *options.prompt;
  std::string text;
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(text, ReadFile(options.file, kMaxPromptBytes));
  } else if (!StdinIsTerminal()) {
    ASSIGN_OR_RETURN(text, ReadStdin(kMaxPromptBytes));
  }
  // Editors and echo end a text with a line break that nobody means as part of the prompt.
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<std::vector<int32_t>> EncodePrompt(const RunOptions& options, const Engine& engine,
                                          const std::string& text) {
  if (engine.tokenizer() == nullptr) return engine.tokenizer_status();
  const Tokenizer& tokenizer = *engine.tokenizer();
  if (!options.raw) {
    ASSIGN_OR_RETURN(Conversation conversation, StartConversation(options.model.model));
    if (text.empty()) {
      return Error(StatusCode::kInvalidArgument,
                   "no prompt; give one with -p TEXT, -f FILE or on stdin, or use --raw to let the "
                   "model begin a text by itself");
    }
    if (!options.system.empty()) AddMessage(&conversation, "system", options.system);
    AddMessage(&conversation, "user", text);
    return RenderPrompt(conversation, tokenizer);
  }
  std::vector<int32_t> ids =
      tokenizer.Encode(text, {.add_special = tokenizer.adds_bos(), .parse_special = true});
  if (ids.empty() && tokenizer.bos_id()) ids.push_back(*tokenizer.bos_id());
  if (ids.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "the prompt is empty and this model has no token that begins a text; use -p TEXT");
  }
  return ids;
}

int Run(const RunOptions& options) {
  const Result<EngineOptions> usage = ToEngineOptions(options.model);
  if (!usage.ok()) return FailUsage(usage.status());
  const Result<std::string> text = ReadPrompt(options);
  if (!text.ok()) return Fail(text.status());
  Result<std::unique_ptr<Engine>> engine = LoadEngine(options.model);
  if (!engine.ok()) return Fail(engine.status());
  Result<std::vector<int32_t>> prompt = EncodePrompt(options, **engine, *text);
  if (!prompt.ok()) return Fail(prompt.status());
  const Result<SamplingOptions> sampling =
      ToSamplingOptions(options.sampling, (*engine)->model().checkpoint.generation);
  if (!sampling.ok()) return FailUsage(sampling.status());

  const Result<Answer> answer =
      Generate(**engine,
               {.prompt = *std::move(prompt),
                .sampling = *sampling,
                .max_tokens = options.max_tokens,
                .stop = options.stop},
               [&](std::string_view piece) { return options.json ? OkStatus() : WriteOut(piece); });
  if (!answer.ok()) return Fail(answer.status());

  Status written;
  if (options.json) {
    const nlohmann::ordered_json json = {{"text", answer->text},
                                         {"tokens", answer->tokens},
                                         {"finish_reason", FinishReasonName(answer->finish)},
                                         {"prompt_tokens", answer->prompt_tokens},
                                         {"answer_tokens", answer->tokens.size()},
                                         {"seed", sampling->seed},
                                         {"prefill_seconds", answer->prefill_seconds},
                                         {"prefill_tokens_per_s", answer->prefill_tokens_per_s()},
                                         {"decode_tokens_per_s", answer->decode_tokens_per_s()}};
    written = WriteOut(ToLine(json));
  } else {
    written = WriteOut("\n");
    if (StderrIsTerminal()) PrintNote(DescribeSpeed(*answer));
  }
  if (!written.ok()) return Fail(written);
  return answer->finish == FinishReason::kCancelled ? kExitInterrupted : kExitOk;
}

}  // namespace

Command RunCommand() {
  auto options = std::make_shared<RunOptions>();
  Command command = {
      .name = "run",
      .about = "Answer one prompt, given with -p, with -f or on stdin.",
      .options = {{.names = "-p,--prompt", .value = &options->prompt, .help = "the prompt"},
                  {.names = "-f,--file",
                   .value = &options->file,
                   .help = "read the prompt from a file (a line break at its end does not count)",
                   .value_name = "FILE",
                   .excludes = "--prompt"},
                  {.names = "--system",
                   .value = &options->system,
                   .help = "system message before the prompt"},
                  {.names = "-n,--max-tokens",
                   .value = &options->max_tokens,
                   .help =
                       "most tokens to answer; -1: until the model stops or the context is full",
                   .check = IntegerIn(-1),
                   .show_default = true},
                  {.names = "--raw",
                   .value = &options->raw,
                   .help = "no chat template: continue the prompt as text"},
                  {.names = "--stop",
                   .value = &options->stop,
                   .help = "end the answer before this text (repeatable)",
                   .value_name = "TEXT"},
                  {.names = "--json",
                   .value = &options->json,
                   .help = "print one JSON object at the end instead of text"}},
      .footer =
          "Examples:\n"
          "  frugal run MODEL -p \"Why is the sky blue?\"\n"
          "  frugal run MODEL --raw -p \"Once upon a time\" -n 100 --temp 0.7 --seed 1\n"
          "  git diff | frugal run MODEL --system \"Explain this change in two sentences.\"",
      .run = [options] { return Run(*options); }};
  AddSamplingFlags(&command, &options->sampling);
  AddModelOptions(&command, &options->model);
  return command;
}

}  // namespace frugal
