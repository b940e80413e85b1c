#include "cli/command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/terminal.h"
#include "formats/utf8.h"

namespace frugal {

OptionCheck IntegerIn(int64_t low, int64_t high) {
  return [low, high](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && rest == end && value >= low && value <= high) return "";
    if (high == std::numeric_limits<int64_t>::max()) {
      return fmt::format("expected an integer of at least {}, found '{}'", low, text);
    }
    return fmt::format("expected an integer from {} to {}, found '{}'", low, high, text);
  };
}

OptionCheck NumberIn(double low, double high) {
  return [low, high](const std::string& text) -> std::string {
    double value = 0.0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && rest == end && std::isfinite(value) && value >= low &&
        value <= high) {
      return "";
    }
    if (std::isinf(high) && std::isinf(low)) {
      return fmt::format("expected a number, found '{}'", text);
    }
    if (std::isinf(high)) {
      return fmt::format("expected a number of at least {}, found '{}'", low, text);
    }
    return fmt::format("expected a number from {} to {}, found '{}'", low, high, text);
  };
}

void AddModelOptions(Command* command, ModelOptions* options) {
  std::vector<std::string> isas = {"auto"};
  for (int i = 0; i < kNumIsas; ++i) isas.push_back(IsaName(static_cast<Isa>(i)));
  const std::vector<Option> added = {
      {.names = "MODEL,-m,--model",
       .value = &options->model,
       .help = "a .gguf file (the first of a split set), or a directory with config.json and "
               "safetensors"},
      {.names = "-t,--threads",
       .value = &options->threads,
       .help = "threads (default: all cores)",
       .check = IntegerIn(1, 1024)},
      {.names = "-c,--ctx",
       .value = &options->context,
       .help = "most tokens of prompt and answer (default: the model's)",
       .check = IntegerIn(1)},
      {.names = "--isa",
       .value = &options->isa,
       .help = "instruction set",
       .choices = isas,
       .show_default = true},
      {.names = "--compute",
       .value = &options->compute,
       .help = "f32: activations, keys, values and arithmetic in float32, weights decoded exactly",
       .choices = {"auto", "f32"},
       .show_default = true},
      {.names = "--kv-type",
       .value = &options->kv_type,
       .help = "how keys and values are kept",
       .choices = {"auto", "f32", "bf16"},
       .show_default = true},
      {.names = "--mla",
       .value = &options->mla,
       .help = "latent attention on the latents as they are kept (absorbed), on keys and values "
               "made from them (expanded), or on these for long prompts only (auto)",
       .choices = {"auto", "absorbed", "expanded"},
       .show_default = true}};
  for (const Option& option : added) {
    command->options.push_back(option);
    command->options.back().group = kMachineGroup;
  }
}

Result<EngineOptions> ToEngineOptions(const ModelOptions& options) {
  if (options.model.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "no model named; give a .gguf file or a directory with config.json and "
                 "safetensors, as in: frugal run path/to/model -p \"Hello\"");
  }
  EngineOptions engine;
  engine.threads = static_cast<int>(options.threads);
  engine.context = options.context;
  engine.exact = options.compute == "f32";
  for (int i = 0; i < kNumIsas; ++i) {
    if (options.isa == IsaName(static_cast<Isa>(i))) engine.isa = static_cast<Isa>(i);
  }
  if (options.kv_type == "f32") engine.kv_type = KvType::kF32;
  if (options.kv_type == "bf16") engine.kv_type = KvType::kBf16;
  if (options.mla == "absorbed") engine.expand_rows = std::numeric_limits<int64_t>::max();
  if (options.mla == "expanded") engine.expand_rows = 1;
  return engine;
}

Result<std::unique_ptr<Engine>> LoadEngine(const ModelOptions& options) {
  ASSIGN_OR_RETURN(const EngineOptions engine_options, ToEngineOptions(options));
  const StatusLine line(fmt::format("loading {}…", options.model));
  return Engine::Load(options.model, engine_options);
}

int Fail(const Status& status) {
  // A message may quote what a file holds: no line breaks or terminal codes from there.
  WriteErr(fmt::format("frugal: error: {}\n", Printable(status.message(), 4000)));
  return kExitFailure;
}

int FailUsage(const Status& status) {
  Fail(status);
  return kExitUsage;
}

int ExitStatus(const Status& status) { return status.ok() ? kExitOk : Fail(status); }

std::string ToLine(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<std::string> ReadStdin(int64_t max_bytes) {
  std::string text;
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(StatusCode::kIo, "stdin: cannot read: {}", std::strerror(errno));
    if (n == 0) return text;
    text.append(buffer, n);
    if (static_cast<int64_t>(text.size()) > max_bytes) {
      return Error(StatusCode::kResourceExhausted, "stdin: more than {} bytes", max_bytes);
    }
  }
}

Status WriteOut(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return Error(StatusCode::kIo, "stdout: cannot write: {}", std::strerror(errno));
  }
  return OkStatus();
}

}  // namespace frugal
