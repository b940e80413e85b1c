// frugal bench: how fast a model runs here, and how near that is to what the machine allows.
#include "engine/bench.h"

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/machine.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "model/arch/family.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

struct BenchCommandOptions {
  ModelOptions model;
  int64_t prompt = 512;
  int64_t answer = 64;
  int64_t repeats = 3;
  int64_t seed = 0;
  std::vector<int32_t> depths;
  std::vector<int32_t> batches;
  bool json = false;
};

constexpr struct {
  Arithmetic arithmetic;
  const char* name;
} kArithmetics[] = {
    {Arithmetic::kInt8, "int8"}, {Arithmetic::kBf16, "bf16"}, {Arithmetic::kF32, "f32"}};

// The roofs of one thread, of 2, 4, 8… and, last, of the whole team.
std::vector<Roofs> MeasureAllRoofs(Engine& engine) {
  const Kernels& kernels = KernelsFor(engine.forward_options().isa);
  std::vector<Roofs> roofs;
  for (int threads = 1; threads < engine.threads(); threads *= 2) {
    ThreadTeam team(threads);
    roofs.push_back(MeasureRoofs(kernels, team));
  }
  roofs.push_back(MeasureRoofs(kernels, engine.team()));
  return roofs;
}

Json RoofsJson(const Roofs& roofs) {
  Json json = {{"threads", roofs.threads}, {"read_bytes_per_s", roofs.read_bytes_per_s}};
  for (const auto& [arithmetic, name] : kArithmetics) {
    json[fmt::format("{}_operations_per_s", name)] =
        roofs.operations_per_s[static_cast<int>(arithmetic)];
  }
  return json;
}

Json MachineJson(const Engine& engine, const std::vector<Roofs>& roofs) {
  Json json = {{"cpu", ProbeMachine().cpu}, {"isa", IsaName(engine.forward_options().isa)}};
  json.update(RoofsJson(roofs.back()));
  Json by_threads = Json::array();
  for (const Roofs& r : roofs) by_threads.push_back(RoofsJson(r));
  json["roofs_by_threads"] = std::move(by_threads);
  return json;
}

Json ResultJson(const BenchResult& r) {
  return {{"test", r.test},
          {"tokens_per_s", r.tokens_per_s},
          {"stddev", r.stddev},
          {"bytes_per_token", r.bytes_per_token},
          {"operations_per_token", r.operations_per_token},
          {"bound", r.memory_bound ? "memory" : "arithmetic"},
          {"roof", r.roof},
          {"roof_share", r.roof_share()}};
}

std::string Head(const Engine& engine, const std::vector<Roofs>& roofs) {
  const ModelSpec& spec = engine.model().spec;
  int64_t bytes = 0;
  for (const NamedTensor& tensor : engine.model().checkpoint.tensors.tensors) {
    bytes += tensor.view.bytes;
  }
  std::string out = fmt::format("model    {}, {} parameters, {} layers, {}\n", spec.family,
                                FormatCount(CountParameters(spec, ModelTensors(spec))),
                                spec.n_layers(), FormatBytes(bytes));
  out +=
      fmt::format("machine  {}, {}\n\n", ProbeMachine().cpu, IsaName(engine.forward_options().isa));
  out += fmt::format("{:<16}{:>10}", "threads", "read GB/s");
  for (const auto& [arithmetic, name] : kArithmetics)
    out += fmt::format("{:>13}", fmt::format("{} Gop/s", name));
  out += "\n";
  for (const Roofs& r : roofs) {
    out += fmt::format("{:<16}{:>10.1f}", r.threads, r.read_bytes_per_s / 1e9);
    for (const auto& [arithmetic, name] : kArithmetics) {
      out += fmt::format("{:>13.1f}", r.operations_per_s[static_cast<int>(arithmetic)] / 1e9);
    }
    out += "\n";
  }
  return out + fmt::format("\n{:<16}{:>10}{:>9}{:>12}{:>8}  {}\n", "test", "tokens/s", "±", "roof",
                           "share", "bound by");
}

std::string Row(const BenchResult& r) {
  return fmt::format("{:<16}{:>10.2f}{:>9.2f}{:>12.2f}{:>7.1f}%  {}\n", r.test, r.tokens_per_s,
                     r.stddev, r.roof, 100 * r.roof_share(),
                     r.memory_bound ? "memory" : "arithmetic");
}

Status Measure(const BenchCommandOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, LoadEngine(options.model));
  std::optional<StatusLine> line;
  line.emplace("measuring this machine…");
  const std::vector<Roofs> roofs = MeasureAllRoofs(*engine);
  line.reset();

  Json json = Json::array({MachineJson(*engine, roofs)});
  Status written = options.json ? OkStatus() : WriteOut(Head(*engine, roofs));
  RETURN_IF_ERROR(written);
  BenchOptions bench{.prompt_tokens = options.prompt,
                     .answer_tokens = options.answer,
                     .repeats = static_cast<int>(options.repeats),
                     .seed = static_cast<uint64_t>(options.seed)};
  if (!options.depths.empty()) bench.depths.assign(options.depths.begin(), options.depths.end());
  if (!options.batches.empty()) {
    bench.batches.assign(options.batches.begin(), options.batches.end());
  }
  const Status ran = RunBench(
      *engine, roofs.back(), bench,
      [&](const std::string& test) { line.emplace(fmt::format("running {}…", test)); },
      [&](const BenchResult& result) {
        line.reset();
        json.push_back(ResultJson(result));
        if (!options.json && written.ok()) written = WriteOut(Row(result));
      });
  line.reset();
  RETURN_IF_ERROR(ran);
  return options.json ? WriteOut(json.dump(2) + "\n") : written;
}

int Run(const BenchCommandOptions& options) {
  if (options.model.model.empty()) return FailUsage(ToEngineOptions(options.model).status());
  if (options.prompt == 0 && options.answer == 0) {
    return RefuseUsage("bench", "--prompt 0 and --answer 0: nothing is left to measure");
  }
  return ExitStatus(Measure(options));
}

}  // namespace

Command BenchCommand() {
  auto options = std::make_shared<BenchCommandOptions>();
  Command command = {
      .name = "bench",
      .about =
          "Measure prompts and answers of random tokens, and the share that they reach of what "
          "this machine's memory and arithmetic allow.",
      .options = {{.names = "-p,--prompt",
                   .value = &options->prompt,
                   .help = "tokens of a prompt; 0: none is measured",
                   .check = IntegerIn(0, 1 << 30),
                   .show_default = true},
                  {.names = "-n,--answer",
                   .value = &options->answer,
                   .help = "tokens of an answer; 0: none is measured",
                   .check = IntegerIn(0, 1 << 30),
                   .show_default = true},
                  {.names = "-r,--repeat",
                   .value = &options->repeats,
                   .help = "runs of each test, of which the median counts",
                   .check = IntegerIn(1, 1000),
                   .show_default = true},
                  {.names = "-d,--depth",
                   .value = &options->depths,
                   .help = "tokens that are there before, as in 0,8192 (default: 0)",
                   .delimiter = ',',
                   .value_name = "TOKENS"},
                  {.names = "-b,--batch",
                   .value = &options->batches,
                   .help = "sequences that are answered together, as in 1,8 (default: 1)",
                   .delimiter = ',',
                   .value_name = "SEQUENCES"},
                  {.names = "-s,--seed",
                   .value = &options->seed,
                   .help = "of the token ids",
                   .check = IntegerIn(0),
                   .show_default = true},
                  {.names = "--json", .value = &options->json, .help = "print one JSON list"}},
      .footer =
          "Examples:\n"
          "  frugal bench model.gguf\n"
          "  frugal bench model.gguf -p 0 -n 32 --depth 0,8192 --batch 1,4,16\n"
          "\n"
          "pp512 is a prompt of 512 tokens, tg64@d8192@b4 are answers of 64 tokens to each of\n"
          "4 sequences of 8192. frugal synth makes files to measure with.",
      .run = [options] { return Run(*options); }};
  AddModelOptions(&command, &options->model);
  return command;
}

}  // namespace frugal
