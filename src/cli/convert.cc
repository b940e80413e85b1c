// frugal convert: a model as one GGUF file.
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/machine.h"
#include "cli/command.h"
#include "cli/gguf_output.h"
#include "cli/terminal.h"
#include "model/arch/family.h"
#include "model/gguf_export.h"
#include "text/gguf_vocab_export.h"

namespace frugal {
namespace {

struct ConvertOptions {
  std::string source;
  std::string out;
  std::string quant;
  std::string pre;
  int64_t threads = 0;
};

// The keys that are not the architecture's: name and vocabulary.
Result<Metadata> OtherKeys(const ConvertOptions& options, const Checkpoint& source) {
  if (source.container == Container::kGguf) return Metadata{};
  ASSIGN_OR_RETURN(const ModelSpec spec, ParseModelSpec(source));
  ASSIGN_OR_RETURN(Metadata metadata, ExportGgufVocab(options.source, spec.vocab, options.pre));
  const Result<int64_t> pad = source.metadata.GetInt("pad_token_id");
  if (pad.ok() && *pad >= 0 && *pad < spec.vocab) {
    metadata.values["tokenizer.ggml.padding_token_id"] = *pad;
  }
  std::filesystem::path path = std::filesystem::path(options.source).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  metadata.values["general.name"] = path.filename().string();
  return metadata;
}

Status Run(const ConvertOptions& options) {
  ASSIGN_OR_RETURN(const Checkpoint source, OpenCheckpoint(options.source));
  GgufExportOptions exported;
  if (!options.quant.empty()) exported.type = QuantType(options.quant);
  ASSIGN_OR_RETURN(exported.metadata, OtherKeys(options, source));
  std::optional<StatusLine> line;
  exported.progress = [&](int64_t tensor, int64_t tensors) {
    line.emplace(fmt::format("writing {}: {}% of {} tensors…", options.out,
                             100 * tensor / std::max<int64_t>(tensors, 1), tensors));
  };
  ThreadTeam team(options.threads > 0 ? static_cast<int>(options.threads) : ProbeMachine().cores);
  const auto summary = ExportGguf(source, options.out, exported, team);
  line.reset();
  if (!summary.ok()) return summary.status();

  PrintGgufSummary(options.out, *summary);
  if (exported.metadata.values.contains("tokenizer.ggml.model") &&
      exported.metadata.GetString("tokenizer.ggml.model").ok() &&
      *exported.metadata.GetString("tokenizer.ggml.model") == "no_vocab") {
    WriteErr("  no tokenizer there: the file has none either, and takes token ids only\n");
  }
  return OkStatus();
}

}  // namespace

Command ConvertCommand() {
  auto options = std::make_shared<ConvertOptions>();
  return {
      .name = "convert",
      .about = "Write a model as one GGUF file, which llama.cpp and its kin read too.",
      .options =
          {{.names = "SRC",
            .value = &options->source,
            .help = "a directory with config.json and safetensors, or a .gguf file to requantise",
            .required = true,
            .value_name = "SRC"},
           {.names = "-o,--out",
            .value = &options->out,
            .help = "the .gguf file to write",
            .required = true,
            .value_name = "FILE"},
           QuantOption(&options->quant,
                       " (default: what they have, or BF16 where GGUF has no such type)"),
           {.names = "--pre",
            .value = &options->pre,
            .help = "GGUF's name for how the tokenizer cuts words, where it is not recognised",
            .value_name = "NAME"},
           {.names = "-t,--threads",
            .value = &options->threads,
            .help = "threads (default: all cores)",
            .check = IntegerIn(1, 1024)}},
      .footer =
          "Examples:\n"
          "  frugal convert path/to/Qwen3-8B -o qwen3-8b.gguf --quant Q4_K\n"
          "  frugal convert qwen3-8b-f16.gguf -o qwen3-8b-q8.gguf --quant Q8_0\n"
          "\n"
          "Norms, biases and routers stay F32. Under the 4- and 5-bit formats the output head is\n"
          "Q6_K; under MXFP4 the experts are MXFP4 and the rest Q8_0. Rows that are no multiple "
          "of\n"
          "a format's block take the next format that fits; the summary says how many.",
      .run = [options] { return ExitStatus(Run(*options)); }};
}

}  // namespace frugal
