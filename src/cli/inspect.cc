// frugal inspect: what a checkpoint is and needs.
#include <fmt/core.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/machine.h"
#include "cli/command.h"
#include "cli/units.h"
#include "model/arch/family.h"
#include "model/cost.h"
#include "model/tensor_table.h"
#include "model/weight_bytes.h"

namespace frugal {
namespace {

struct Facts {
  ModelSpec spec;
  int64_t parameters = 0;
  int64_t active_parameters = 0;         // used per token: an embedding counts one row
  int64_t weight_bytes = 0;              // of all tensors
  bool estimated = false;                // only the configuration is there
  int64_t bytes_per_token = 0;           // of weights a decoded token reads; 0 when estimated
  std::map<std::string, int64_t> types;  // bytes per element type
  int64_t kv_bytes_per_token = 0;        // of layers that keep every position
  int64_t window_bytes = 0;              // of the others, per position of their window
  int64_t state_bytes = 0;               // recurrent state, per sequence
  int64_t context = 0;
  int64_t memory_bytes = 0;
  int threads = 0;
  double read_bytes_per_s = 0.0;
};

Result<Facts> Inspect(const ModelOptions& options) {
  ASSIGN_OR_RETURN(const EngineOptions engine, ToEngineOptions(options));
  Result<Checkpoint> opened = OpenCheckpoint(options.model);
  if (opened.status().code() == StatusCode::kNotFound) {  // a configuration without its weights
    opened = OpenCheckpoint(options.model, {.metadata_only = true});
  }
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, std::move(opened));
  Facts facts;
  ASSIGN_OR_RETURN(facts.spec, ParseModelSpec(checkpoint));
  const std::vector<TensorDesc> table = ModelTensors(facts.spec);
  facts.parameters = CountParameters(facts.spec, table);
  facts.active_parameters = TokenParameters(facts.spec, table);
  for (const NamedTensor& tensor : checkpoint.tensors.tensors) {
    facts.weight_bytes += tensor.view.bytes;
    facts.types[GetDType(tensor.view.dtype).name] += tensor.view.bytes;
  }
  if (checkpoint.tensors.tensors.empty()) {
    ConfigReader config(checkpoint, facts.spec.family);
    facts.types = EstimateWeightBytes(checkpoint.metadata, table, ReadQuantScheme(config));
    for (const auto& [name, bytes] : facts.types) facts.weight_bytes += bytes;
    facts.estimated = true;
  } else {
    ASSIGN_OR_RETURN(const WeightCost cost, CountWeights(checkpoint, facts.spec, engine.exact));
    facts.bytes_per_token = TokenWeightBytes(cost);
  }
  const KvType kv_type = engine.kv_type.value_or(engine.exact ? KvType::kF32 : KvType::kBf16);
  facts.kv_bytes_per_token = KvGrowthPerToken(facts.spec, kv_type);
  facts.window_bytes = KvBytesPerToken(facts.spec, kv_type) - facts.kv_bytes_per_token;
  facts.state_bytes = StateBytes(facts.spec);
  facts.context = engine.context > 0 ? engine.context : facts.spec.max_position;
  // The engine keeps the positions that a window has passed, too.
  facts.memory_bytes = facts.weight_bytes + facts.state_bytes +
                       (facts.kv_bytes_per_token + facts.window_bytes) * facts.context;
  facts.threads = engine.threads > 0 ? engine.threads : ProbeMachine().cores;
  if (!facts.estimated) {
    ThreadTeam team(facts.threads);
    facts.read_bytes_per_s = MeasureReadBandwidth(team);
  }
  return facts;
}

Status PrintText(const Facts& facts) {
  std::string out;
  const auto line = [&out](const char* name, const std::string& value) {
    out += fmt::format("{:<18}{}\n", name, value);
  };
  line("family", facts.spec.family);
  line("parameters", fmt::format("{} total, {} active per token", FormatCount(facts.parameters),
                                 FormatCount(facts.active_parameters)));
  line("shape", fmt::format("{} layers, hidden {}, vocabulary {}", facts.spec.n_layers(),
                            facts.spec.hidden, facts.spec.vocab));
  line("context", fmt::format("{} tokens", facts.spec.max_position));
  std::string types;
  for (const auto& [name, bytes] : facts.types) {
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", name, FormatBytes(bytes));
  }
  line("weights", fmt::format("{} ({}){}", FormatBytes(facts.weight_bytes), types,
                              facts.estimated ? " by the configuration; they are not here" : ""));
  std::string kept = fmt::format("{} per token", FormatBytes(facts.kv_bytes_per_token));
  if (facts.window_bytes > 0) {
    kept +=
        fmt::format(", and {} per token in layers with a window", FormatBytes(facts.window_bytes));
  }
  if (facts.state_bytes > 0) {
    kept += fmt::format(", and {} of recurrent state", FormatBytes(facts.state_bytes));
  }
  line("keys and values", kept);
  line("memory",
       fmt::format("{} with {} tokens of context", FormatBytes(facts.memory_bytes), facts.context));
  if (facts.read_bytes_per_s > 0.0) {
    line("decode bound", fmt::format("{:.1f} tokens/s: {} per token at {:.1f} GB/s ({} threads)",
                                     facts.read_bytes_per_s / facts.bytes_per_token,
                                     FormatBytes(facts.bytes_per_token),
                                     facts.read_bytes_per_s / 1e9, facts.threads));
  }
  return WriteOut(out);
}

Status PrintJson(const Facts& facts) {
  nlohmann::ordered_json json = {{"family", facts.spec.family},
                                 {"parameters", facts.parameters},
                                 {"active_parameters", facts.active_parameters},
                                 {"layers", facts.spec.n_layers()},
                                 {"hidden", facts.spec.hidden},
                                 {"vocab", facts.spec.vocab},
                                 {"max_position", facts.spec.max_position},
                                 {"weight_bytes", facts.weight_bytes},
                                 {"weight_bytes_by_type", facts.types},
                                 {"weight_bytes_estimated", facts.estimated},
                                 {"kv_bytes_per_token", facts.kv_bytes_per_token},
                                 {"kv_window_bytes_per_token", facts.window_bytes},
                                 {"state_bytes", facts.state_bytes},
                                 {"context", facts.context},
                                 {"memory_bytes", facts.memory_bytes},
                                 {"threads", facts.threads}};
  if (facts.read_bytes_per_s > 0.0) {
    json["weight_bytes_per_token"] = facts.bytes_per_token;
    json["read_bytes_per_s"] = facts.read_bytes_per_s;
    json["decode_tokens_per_s_bound"] = facts.read_bytes_per_s / facts.bytes_per_token;
  }
  return WriteOut(json.dump(2) + "\n");
}

struct InspectOptions {
  ModelOptions model;
  bool json = false;
};

int Run(const InspectOptions& options) {
  if (options.model.model.empty()) return FailUsage(ToEngineOptions(options.model).status());
  const Result<Facts> facts = Inspect(options.model);
  if (!facts.ok()) return Fail(facts.status());
  return ExitStatus(options.json ? PrintJson(*facts) : PrintText(*facts));
}

}  // namespace

Command InspectCommand() {
  auto options = std::make_shared<InspectOptions>();
  Command command = {
      .name = "inspect",
      .about =
          "Say what a checkpoint is and needs, and the speed that this machine's memory allows.",
      .options = {{.names = "--json", .value = &options->json, .help = "print one JSON object"}},
      .footer = "Example: what a longer context would need\n  frugal inspect MODEL --ctx 32768",
      .run = [options] { return Run(*options); }};
  AddModelOptions(&command, &options->model);
  return command;
}

}  // namespace frugal
