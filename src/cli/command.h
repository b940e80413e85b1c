// The commands, and what they share: the options that every command that runs a model takes, and
// how they print.
//
// Results go to stdout, everything else to stderr. Exit status: 0 success, 1 failure, 2 usage, 130
// interrupted.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/options.h"
#include "engine/engine.h"

namespace frugal {

constexpr int kExitOk = 0;
constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInterrupted = 130;  // what shells give a program that Ctrl-C ended

// Sections of --help; an option's own command comes first.
constexpr const char* kSamplingGroup = "Sampling";
constexpr const char* kMachineGroup = "Model and machine";

// Checks of an option's value: an integer or a number from `low` to `high`.
OptionCheck IntegerIn(int64_t low, int64_t high = std::numeric_limits<int64_t>::max());
OptionCheck NumberIn(double low, double high = std::numeric_limits<double>::infinity());

// Options of every command that runs a model.
struct ModelOptions {
  std::string model;
  int64_t threads = 0;
  int64_t context = 0;
  std::string isa = "auto";
  std::string compute = "auto";
  std::string kv_type = "auto";
  std::string mla = "auto";
};

// Adds MODEL (positional, or -m), --threads, --ctx, --isa, --compute, --kv-type, --mla.
void AddModelOptions(Command* command, ModelOptions* options);

// kInvalidArgument when no model was named; says how to name one.
Result<EngineOptions> ToEngineOptions(const ModelOptions& options);

// Loads the engine, with progress on a terminal.
Result<std::unique_ptr<Engine>> LoadEngine(const ModelOptions& options);

// Print "frugal: error: message", one line whatever the message holds, on stderr and give the exit
// status: of a failure, or of a request that makes no sense.
int Fail(const Status& status);
int FailUsage(const Status& status);

// Success, or Fail.
int ExitStatus(const Status& status);

// One line of JSON, whatever bytes its strings hold.
std::string ToLine(const nlohmann::ordered_json& json);

// Reads all of stdin; a limit keeps a runaway pipe from filling memory.
Result<std::string> ReadStdin(int64_t max_bytes = int64_t{1} << 30);

// Writes to stdout and flushes; kIo when stdout is gone or full.
Status WriteOut(std::string_view text);

Command RunCommand();
Command ChatCommand();
Command InspectCommand();
Command TokenizeCommand();
Command DetokenizeCommand();
Command RenderCommand();
Command LogitsCommand();
Command ConvertCommand();
Command SynthCommand();
Command BenchCommand();
Command TrainTokenizerCommand();

}  // namespace frugal
