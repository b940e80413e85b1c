#include "cli/command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/terminal.h"

namespace frugal {

void AddModelOptions(CLI::App* app, ModelOptions* options) {
  app->add_option("MODEL", options->model,
                  "a .gguf file (the first of a split set), or a directory with config.json and "
                  "safetensors");
  app->add_option("--threads", options->threads, "threads (default: all cores)")
      ->check(CLI::Range(1, 1024));
  app->add_option("--ctx", options->context, "most tokens of prompt and answer (default: the model's)")
      ->check(CLI::PositiveNumber);
  app->add_option("--isa", options->isa, "instruction set")
      ->check(CLI::IsMember({"auto", "scalar", "avx2", "avx512", "avx512bf16"}))
      ->capture_default_str();
  app->add_option("--compute", options->compute,
                  "f32: activations, keys, values and arithmetic in float32, weights decoded exactly")
      ->check(CLI::IsMember({"auto", "f32"}))
      ->capture_default_str();
  app->add_option("--kv-type", options->kv_type, "how keys and values are kept")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
}

Result<EngineOptions> ToEngineOptions(const ModelOptions& options) {
  if (options.model.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "no model named; give a .gguf file or a directory with config.json and "
                 "safetensors, as in: frugal run path/to/model -p \"Hello\"");
  }
  EngineOptions engine;
  engine.threads = options.threads;
  engine.context = options.context;
  engine.exact = options.compute == "f32";
  for (int i = 0; i < kNumIsas; ++i) {
    if (options.isa == IsaName(static_cast<Isa>(i))) engine.isa = static_cast<Isa>(i);
  }
  if (options.kv_type == "f32") engine.kv_type = KvType::kF32;
  if (options.kv_type == "bf16") engine.kv_type = KvType::kBf16;
  return engine;
}

Result<std::unique_ptr<Engine>> LoadEngine(const ModelOptions& options) {
  ASSIGN_OR_RETURN(const EngineOptions engine_options, ToEngineOptions(options));
  const StatusLine line(fmt::format("loading {}…", options.model));
  return Engine::Load(options.model, engine_options);
}

int Fail(const Status& status) {
  fmt::print(stderr, "frugal: error: {}\n", status.message());
  return kExitFailure;
}

int FailUsage(const Status& status) {
  Fail(status);
  return kExitUsage;
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
