// frugal logits: what the model computes for given token ids, for comparison with other programs.
#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/npy.h"
#include "formats/atomic_file.h"

namespace frugal {
namespace {

struct LogitsOptions {
  ModelOptions model;
  std::vector<int32_t> ids;
  std::string out;
  int64_t chunk = 64;
  bool last = false;
  std::string routing;
};

Status Run(const LogitsOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, LoadEngine(options.model));
  const int64_t rows = options.last ? 1 : static_cast<int64_t>(options.ids.size());
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(options.out));
  RETURN_IF_ERROR(file.Write(NpyHeader("<f4", {rows, engine->model().spec.vocab})));
  const ModelSpec& spec = engine->model().spec;
  if (!options.routing.empty() && MoeLayers(spec) == 0) {
    return Error(StatusCode::kInvalidArgument, "--routing: this model has no experts to choose");
  }
  std::vector<int32_t> routing;
  RETURN_IF_ERROR(engine->Logits(
      options.ids, options.chunk, options.last,
      [&](std::span<const float> row) {
        return file.Write({reinterpret_cast<const uint8_t*>(row.data()), row.size_bytes()});
      },
      options.routing.empty() ? nullptr : &routing));
  RETURN_IF_ERROR(file.Commit());
  if (options.routing.empty()) return OkStatus();
  ASSIGN_OR_RETURN(AtomicFile chosen, AtomicFile::Create(options.routing));
  RETURN_IF_ERROR(chosen.Write(NpyHeader(
      "<i4", {MoeLayers(spec), static_cast<int64_t>(options.ids.size()), MaxTopK(spec)})));
  RETURN_IF_ERROR(chosen.Write(
      {reinterpret_cast<const uint8_t*>(routing.data()), routing.size() * sizeof(int32_t)}));
  return chosen.Commit();
}

}  // namespace

void AddLogitsCommand(CLI::App* app, int* exit) {
  auto options = std::make_shared<LogitsOptions>();
  CLI::App* logits = app->add_subcommand(
      "logits",
      "Write the logits of given token ids as a NumPy file, float32 (tokens, vocabulary).");
  logits->add_option("--ids", options->ids, "token ids, as in 1,2,3")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all()
      ->required()
      ->option_text("IDS");
  logits->add_option("--out", options->out, "the .npy file to write")
      ->required()
      ->option_text("FILE");
  logits->add_flag("--last", options->last, "only the last token's row");
  logits
      ->add_option("--chunk", options->chunk,
                   "tokens per forward pass; changes no bit of the result")
      ->check(IntegerIn(1, 512))
      ->capture_default_str();
  logits
      ->add_option("--routing", options->routing,
                   "also write the experts chosen: int32 (MoE layers, tokens, top-k), ascending")
      ->option_text("FILE");
  AddModelOptions(logits, &options->model);
  logits->footer(
      "Example, with the arithmetic that other programs' float32 is compared with:\n"
      "  frugal tokenize MODEL \"Once upon a time\" --special\n"
      "  frugal logits MODEL --ids 1,403,407,261,378 --compute f32 --out logits.npy");
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
