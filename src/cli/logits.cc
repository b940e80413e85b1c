// frugal logits: what the model computes for given token ids, for comparison with other programs.
#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/npy.h"

namespace frugal {
namespace {

struct LogitsOptions {
  ModelOptions model;
  std::vector<int32_t> ids;
  std::string out;
  int64_t chunk = 64;
  bool last = false;
};

Status Run(const LogitsOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, LoadEngine(options.model));
  const int64_t rows = options.last ? 1 : static_cast<int64_t>(options.ids.size());
  ASSIGN_OR_RETURN(NpyWriter writer,
                   NpyWriter::Create(options.out, rows, engine->model().spec.vocab));
  RETURN_IF_ERROR(engine->Logits(options.ids, options.chunk, options.last,
                                 [&](std::span<const float> row) { return writer.Write(row); }));
  return writer.Close();
}

}  // namespace

void AddLogitsCommand(CLI::App* app, int* exit) {
  auto options = std::make_shared<LogitsOptions>();
  CLI::App* logits = app->add_subcommand(
      "logits",
      "Write the logits of given token ids as a NumPy file: float32, (tokens, vocabulary).");
  AddModelOptions(logits, &options->model);
  logits->add_option("--ids", options->ids, "token ids, as in 1,2,3")->delimiter(',')->required();
  logits->add_option("--out", options->out, "the .npy file to write")->required();
  logits->add_flag("--last", options->last, "only the last token's row");
  logits->add_option("--chunk", options->chunk, "tokens per forward pass; changes no bit of the result")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  logits->callback([options, exit] {
    const Result<EngineOptions> usage = ToEngineOptions(options->model);
    if (!usage.ok()) {
      *exit = FailUsage(usage.status());
      return;
    }
    const Status status = Run(*options);
    *exit = status.ok() ? kExitOk : Fail(status);
  });
}

}  // namespace frugal
