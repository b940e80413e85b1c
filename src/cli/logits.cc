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

Status Write(const LogitsOptions& options) {
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

int Run(const LogitsOptions& options) {
  const Result<EngineOptions> usage = ToEngineOptions(options.model);
  return usage.ok() ? ExitStatus(Write(options)) : FailUsage(usage.status());
}

}  // namespace

Command LogitsCommand() {
  auto options = std::make_shared<LogitsOptions>();
  Command command = {
      .name = "logits",
      .about = "Write the logits of given token ids as a NumPy file, float32 (tokens, vocabulary).",
      .options =
          {{.names = "--ids",
            .value = &options->ids,
            .help = "token ids, as in 1,2,3",
            .required = true,
            .delimiter = ',',
            .value_name = "IDS"},
           {.names = "--out",
            .value = &options->out,
            .help = "the .npy file to write",
            .required = true,
            .value_name = "FILE"},
           {.names = "--last", .value = &options->last, .help = "only the last token's row"},
           {.names = "--chunk",
            .value = &options->chunk,
            .help = "tokens per forward pass; changes no bit of the result",
            .check = IntegerIn(1, 512),
            .show_default = true},
           {.names = "--routing",
            .value = &options->routing,
            .help = "also write the experts chosen: int32 (MoE layers, tokens, top-k), ascending",
            .value_name = "FILE"}},
      .footer =
          "Example, with the arithmetic that other programs' float32 is compared with:\n"
          "  frugal tokenize MODEL \"Once upon a time\" --special\n"
          "  frugal logits MODEL --ids 1,403,407,261,378 --compute f32 --out logits.npy",
      .run = [options] { return Run(*options); }};
  AddModelOptions(&command, &options->model);
  return command;
}

}  // namespace frugal
