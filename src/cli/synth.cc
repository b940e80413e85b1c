// frugal synth: a GGUF file of random weights in the shape of a real model.
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/machine.h"
#include "cli/command.h"
#include "cli/gguf_output.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "model/arch/family.h"
#include "model/cost.h"
#include "model/gguf_synth.h"
#include "model/shapes.h"
#include "text/plain_vocab.h"

namespace frugal {
namespace {

struct SynthOptions {
  std::string shape;
  std::string out;
  std::string quant = "Q4_K";
  int64_t layers = 0;
  int64_t seed = 0;
  int64_t threads = 0;
  bool list = false;
};

Result<SynthModel> Plan(const Checkpoint& shape, const SynthOptions& options) {
  ASSIGN_OR_RETURN(const ModelSpec spec, ParseModelSpec(shape));
  Metadata metadata = MakePlainVocab(spec.vocab);
  std::filesystem::path path = std::filesystem::path(shape.path).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  metadata.values["general.name"] = fmt::format("{} with random weights", path.filename().string());
  return PlanSynth(shape, QuantType(options.quant), static_cast<int>(options.layers), metadata);
}

// One line of the list; a model that GGUF cannot hold has no file.
std::string ListLine(const Checkpoint& shape, const SynthOptions& options) {
  std::string parameters = "-", active = "-", file = "not in GGUF";
  if (const Result<SynthModel> model = Plan(shape, options); model.ok()) {
    const std::vector<TensorDesc> table = ModelTensors(model->spec);
    parameters = FormatCount(CountParameters(model->spec, table));
    active = FormatCount(TokenParameters(model->spec, table));
    file = fmt::format("{}", model->file_bytes);
  } else if (model.status().code() != StatusCode::kUnsupported) {
    file = model.status().message();
  }
  return fmt::format("{:<21}{:>11}{:>11}{:>16}\n", shape.path, parameters, active, file);
}

Status List(const SynthOptions& options) {
  std::string out = fmt::format("{:<21}{:>11}{:>11}{:>16}\n", "shape", "parameters", "per token",
                                fmt::format("{} bytes", GetDType(QuantType(options.quant)).name));
  if (!options.shape.empty()) {
    ASSIGN_OR_RETURN(const Checkpoint shape, OpenShape(options.shape));
    return WriteOut(out + ListLine(shape, options));
  }
  for (const ModelShape& shape : AllShapes()) out += ListLine(ShapeCheckpoint(shape), options);
  return WriteOut(out);
}

Status Write(const SynthOptions& options) {
  ASSIGN_OR_RETURN(const Checkpoint shape, OpenShape(options.shape));
  ASSIGN_OR_RETURN(const SynthModel model, Plan(shape, options));
  std::optional<StatusLine> line;
  const auto progress = [&](int64_t tensor, int64_t tensors) {
    line.emplace(fmt::format("writing {}: {}% of {}…", options.out, 100 * tensor / tensors,
                             FormatBytes(model.file_bytes)));
  };
  ThreadTeam team(options.threads > 0 ? static_cast<int>(options.threads) : ProbeMachine().cores);
  const Status written =
      WriteSynth(model, options.out, static_cast<uint64_t>(options.seed), progress, team);
  line.reset();
  RETURN_IF_ERROR(written);
  PrintGgufSummary(options.out, model.types.summary);
  return OkStatus();
}

int Run(const SynthOptions& options) {
  if (options.list) return ExitStatus(List(options));
  if (options.shape.empty()) {
    return RefuseUsage("synth", "SHAPE is required; frugal synth --list shows the known ones");
  }
  if (options.out.empty()) return RefuseUsage("synth", "--out is required");
  return ExitStatus(Write(options));
}

}  // namespace

Command SynthCommand() {
  auto options = std::make_shared<SynthOptions>();
  return {
      .name = "synth",
      .about = "Write a GGUF file of random weights in the shape of a real model, to measure with.",
      .options = {{.names = "SHAPE",
                   .value = &options->shape,
                   .help = "a name of --list, a config.json, or a directory that has one",
                   .value_name = "SHAPE"},
                  {.names = "-o,--out",
                   .value = &options->out,
                   .help = "the .gguf file to write",
                   .value_name = "FILE"},
                  QuantOption(&options->quant, " (default: Q4_K)"),
                  {.names = "--layers",
                   .value = &options->layers,
                   .help = "only the first so many of the layers (default: all)",
                   .check = IntegerIn(1, 100'000)},
                  {.names = "-s,--seed",
                   .value = &options->seed,
                   .help = "of the random numbers: the same seed gives the same file",
                   .check = IntegerIn(0),
                   .show_default = true},
                  {.names = "-t,--threads",
                   .value = &options->threads,
                   .help = "threads (default: all cores)",
                   .check = IntegerIn(1, 1024)},
                  {.names = "--list",
                   .value = &options->list,
                   .help = "show shapes (or SHAPE alone), their parameters and the files' bytes"}},
      .footer =
          "Examples:\n"
          "  frugal synth --list --quant Q8_0\n"
          "  frugal synth qwen3-4b -o qwen3-4b.gguf\n"
          "  frugal synth deepseek-v3 --layers 5 -o v3-5-layers.gguf\n"
          "\n"
          "The file has every tensor of the model at its size and type, and a plain\n"
          "vocabulary, so that other programs read it too. What it says makes no sense.",
      .run = [options] { return Run(*options); }};
}

}  // namespace frugal
