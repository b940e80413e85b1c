// frugal train-tokenizer: a byte-level BPE vocabulary from texts.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/machine.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "formats/atomic_file.h"
#include "text/chat_template.h"
#include "text/hf_tokenizer_writer.h"
#include "text/split_patterns.h"
#include "text/word_counts.h"

namespace frugal {
namespace {

struct TrainTokenizerOptions {
  std::vector<std::string> files;
  std::string out;
  int64_t vocab_size = 0;
  std::string pattern = "llama3";
  std::optional<std::string> regex;
  bool single_digits = false;
  std::vector<std::string> special;
  std::optional<std::string> bos, eos, pad;
  bool add_bos = false;
  std::optional<std::string> chat_template;
  int64_t min_frequency = 0;
  std::string format = "auto";
  std::vector<std::string> fields;
  int64_t threads = 0;
  bool json = false;
};

CorpusOptions ToCorpusOptions(const TrainTokenizerOptions& options) {
  CorpusOptions corpus{.fields = options.fields};
  if (options.format == "jsonl") corpus.format = CorpusFormat::kJsonl;
  if (options.format == "lines") corpus.format = CorpusFormat::kLines;
  if (options.format == "whole") corpus.format = CorpusFormat::kWhole;
  return corpus;
}

Result<std::vector<CorpusFile>> OpenFiles(const TrainTokenizerOptions& options) {
  const CorpusOptions corpus = ToCorpusOptions(options);
  std::vector<CorpusFile> files;
  for (const std::string& path : options.files) {
    if (path == "-") {
      ASSIGN_OR_RETURN(std::string text, ReadStdin(/*max_bytes=*/int64_t{1} << 36));
      files.push_back(CorpusFromText(std::move(text), "stdin", corpus));
      continue;
    }
    ASSIGN_OR_RETURN(CorpusFile file, OpenCorpusFile(path, corpus));
    files.push_back(std::move(file));
  }
  return files;
}

// All of the file but the vocabulary; what is wrong with it should show before the long work.
Result<HfTokenizerFile> MakeFile(const TrainTokenizerOptions& options) {
  HfTokenizerFile file{.special_tokens = options.special,
                       .bos = options.bos,
                       .eos = options.eos,
                       .pad = options.pad,
                       .add_bos = options.add_bos};
  for (const auto* role : {&options.bos, &options.eos, &options.pad}) {
    if (*role && std::ranges::find(file.special_tokens, **role) == file.special_tokens.end()) {
      file.special_tokens.push_back(**role);
    }
  }
  if (file.add_bos && !file.bos) {
    return Error(StatusCode::kInvalidArgument, "--add-bos needs --bos, the token to add");
  }
  if (options.single_digits) file.patterns.push_back(R"(\p{N})");
  if (options.regex) {
    file.patterns.push_back(*options.regex);
  } else {
    ASSIGN_OR_RETURN(const auto patterns, FindSplitPatterns(options.pattern));
    file.patterns.insert(file.patterns.end(), patterns.begin(), patterns.end());
  }
  if (options.chat_template) {
    ASSIGN_OR_RETURN(file.chat_template, ReadFile(*options.chat_template, /*max_bytes=*/1 << 20));
    const auto parsed = ChatTemplate::Parse(file.chat_template, *options.chat_template);
    if (!parsed.ok()) return parsed.status();
  }
  return file;
}

Status WriteTokenizer(const HfTokenizerFile& file, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Error(StatusCode::kIo, "{}: cannot make this folder: {}", directory, error.message());
  }
  const auto write = [&](const char* name, const std::string& text) -> Status {
    const std::string path = (std::filesystem::path(directory) / name).string();
    ASSIGN_OR_RETURN(AtomicFile out, AtomicFile::Create(path, static_cast<int64_t>(text.size())));
    RETURN_IF_ERROR(out.Write(text));
    return out.Commit();
  };
  RETURN_IF_ERROR(write("tokenizer.json", ToTokenizerJson(file)));
  return write("tokenizer_config.json", ToTokenizerConfig(file));
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status Run(const TrainTokenizerOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(HfTokenizerFile file, MakeFile(options));
  ASSIGN_OR_RETURN(const PreTokenizer pre_tokenizer, MakePreTokenizer(file.patterns));
  BpeTrainerOptions trainer{.vocab_size = options.vocab_size,
                            .min_frequency = options.min_frequency,
                            .special_tokens = file.special_tokens};
  std::optional<StatusLine> line;
  line.emplace("counting words…");
  ASSIGN_OR_RETURN(const std::vector<CorpusFile> files, OpenFiles(options));
  ThreadTeam team(options.threads > 0 ? static_cast<int>(options.threads) : ProbeMachine().cores);
  ASSIGN_OR_RETURN(const CorpusWords corpus,
                   CountWords(files, ToCorpusOptions(options), pre_tokenizer, team));
  const double counted = SecondsSince(start);
  trainer.progress = [&](int64_t tokens) {
    line.emplace(fmt::format("{} of {} tokens…", tokens, options.vocab_size));
  };
  ASSIGN_OR_RETURN(file.bpe, TrainBpe(corpus.words, trainer));
  const double merged = SecondsSince(start) - counted;
  line.reset();
  RETURN_IF_ERROR(WriteTokenizer(file, options.out));
  const double seconds = SecondsSince(start);
  if (options.json) {
    return WriteOut(ToLine({{"tokens", file.bpe.tokens.size()},
                            {"merges", file.bpe.merges.size()},
                            {"documents", corpus.documents},
                            {"bytes", corpus.bytes},
                            {"words", corpus.words.total()},
                            {"distinct_words", corpus.words.size()},
                            {"count_seconds", counted},
                            {"merge_seconds", merged},
                            {"seconds", seconds}}));
  }
  WriteErr(fmt::format("{}: {} tokens from {} documents, {}, {} words ({} distinct), {:.1f} s\n",
                       options.out, file.bpe.tokens.size(), corpus.documents,
                       FormatBytes(corpus.bytes), corpus.words.total(), corpus.words.size(),
                       seconds));
  return OkStatus();
}

}  // namespace

Command TrainTokenizerCommand() {
  auto options = std::make_shared<TrainTokenizerOptions>();
  return {.name = "train-tokenizer",
          .about = "Learn a tokenizer's vocabulary (byte-level BPE) from texts.",
          .options =
              {{.names = "FILES",
                .value = &options->files,
                .help = "JSON Lines or plain text; - is stdin",
                .required = true,
                .value_name = "FILE…"},
               {.names = "-o,--out",
                .value = &options->out,
                .help = "folder for tokenizer.json and tokenizer_config.json",
                .required = true,
                .value_name = "DIR"},
               {.names = "--vocab-size",
                .value = &options->vocab_size,
                .help = "tokens in all, special ones and the 256 bytes among them",
                .check = IntegerIn(1),
                .required = true,
                .value_name = "N"},
               {.names = "--pattern",
                .value = &options->pattern,
                .help = "how text is cut into words, by the name of a model that does it so: gpt2, "
                        "llama3, qwen2, deepseek3, kimi, o200k, or a name that GGUF files use",
                .show_default = true,
                .value_name = "NAME"},
               {.names = "--regex",
                .value = &options->regex,
                .help = "the same by a regex of your own, whose matches are the words",
                .value_name = "REGEX",
                .excludes = "--pattern"},
               {.names = "--single-digits",
                .value = &options->single_digits,
                .help = "every digit is a word of its own, so that no token holds two"},
               {.names = "--special",
                .value = &options->special,
                .help = "a special token (repeatable); they get the first ids, in this order",
                .value_name = "TOKEN"},
               {.names = "--bos",
                .value = &options->bos,
                .help = "the special token that begins a text",
                .value_name = "TOKEN"},
               {.names = "--eos",
                .value = &options->eos,
                .help = "the special token that ends a text or an answer",
                .value_name = "TOKEN"},
               {.names = "--pad",
                .value = &options->pad,
                .help = "the special token that fills batches up",
                .value_name = "TOKEN"},
               {.names = "--add-bos",
                .value = &options->add_bos,
                .help = "the tokenizer itself puts --bos before every text"},
               {.names = "--chat-template",
                .value = &options->chat_template,
                .help = "Jinja file for tokenizer_config.json",
                .value_name = "FILE"},
               {.names = "--min-frequency",
                .value = &options->min_frequency,
                .help = "merge no pair that occurs less often",
                .check = IntegerIn(0),
                .value_name = "N"},
               {.names = "--format",
                .value = &options->format,
                .help = "jsonl: one object per line; lines: every line is a document; whole: every "
                        "file is; auto: jsonl by the name (.jsonl) or the first character of stdin",
                .choices = {"auto", "jsonl", "lines", "whole"},
                .show_default = true},
               {.names = "--field",
                .value = &options->fields,
                .help = "member that holds text in JSON Lines (repeatable; default: text, or the "
                        "contents of messages)",
                .value_name = "NAME"},
               {.names = "-t,--threads",
                .value = &options->threads,
                .help = "threads (default: all cores)",
                .check = IntegerIn(1, 1024)},
               {.names = "--json",
                .value = &options->json,
                .help = "print one object with counts and seconds"}},
          .footer =
              "Examples:\n"
              "  frugal train-tokenizer stories.jsonl -o tok --vocab-size 8192 --eos "
              "\"<|endoftext|>\"\n"
              "  zstdcat *.jsonl.zst | frugal train-tokenizer - -o tok --vocab-size 32768 "
              "--pattern gpt2\n"
              "  frugal tokenize tok \"Once upon a time\"\n"
              "\n"
              "The merges are those that Hugging Face's tokenizers finds in the same documents.",
          .run = [options] { return ExitStatus(Run(*options)); }};
}

}  // namespace frugal
