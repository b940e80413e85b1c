// frugal run: one prompt, one answer.
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>

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
  std::string prompt;
  std::string file;
  std::string system;
  std::vector<std::string> stop;
  int64_t max_tokens = -1;
  bool raw = false;
  bool json = false;
  bool has_prompt = false;
};

// -p, then -f, then what is piped in; a terminal gives the empty prompt.
Result<std::string> ReadPrompt(const RunOptions& options) {
  if (options.has_prompt) return options.prompt;
  if (!options.file.empty()) return ReadFile(options.file, int64_t{1} << 30);
  if (StdinIsTerminal()) return std::string();
  return ReadStdin();
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

  const Result<Answer> answer = Generate(
      **engine,
      {.prompt = *std::move(prompt),
       .sampling = *sampling,
       .max_tokens = options.max_tokens,
       .stop = options.stop},
      [&](std::string_view piece) { return options.json ? OkStatus() : WriteOut(piece); });
  if (!answer.ok()) return Fail(answer.status());

  Status written;
  if (options.json) {
    const nlohmann::ordered_json json = {
        {"text", answer->text},
        {"tokens", answer->tokens},
        {"finish_reason", FinishReasonName(answer->finish)},
        {"prompt_tokens", answer->prompt_tokens},
        {"answer_tokens", answer->tokens.size()},
        {"seed", sampling->seed},
        {"prefill_seconds", answer->prefill_seconds},
        {"prefill_tokens_per_s", answer->prefill_tokens_per_s()},
        {"decode_tokens_per_s", answer->decode_tokens_per_s()}};
    written = WriteOut(json.dump() + "\n");
  } else {
    written = WriteOut("\n");
    if (StderrIsTerminal()) PrintNote(DescribeSpeed(*answer));
  }
  return written.ok() ? kExitOk : Fail(written);
}

}  // namespace

void AddRunCommand(CLI::App* app, int* exit) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run = app->add_subcommand(
      "run",
      "Answer one prompt: inside the model's chat template, or with --raw as plain text to "
      "continue.\nThe prompt comes from -p, from a file with -f, or from stdin.");
  AddModelOptions(run, &options->model);
  CLI::Option* prompt = run->add_option("-p,--prompt", options->prompt, "the prompt");
  run->add_option("-f,--file", options->file, "read the prompt from a file")->excludes(prompt);
  run->add_option("--system", options->system, "system message before the prompt");
  run->add_option("-n,--max-tokens", options->max_tokens,
                  "most tokens to answer (default: until the model stops or the context is full)")
      ->check(CLI::NonNegativeNumber);
  run->add_flag("--raw", options->raw, "no chat template: continue the prompt as text");
  run->add_option("--stop", options->stop, "end the answer before this text (repeatable)");
  AddSamplingFlags(run, &options->sampling);
  run->add_flag("--json", options->json, "print one JSON object at the end instead of text");
  run->callback([options, prompt, exit] {
    options->has_prompt = prompt->count() > 0;
    *exit = Run(*options);
  });
}

}  // namespace frugal
