// frugal tokenize and detokenize.
#include <fmt/core.h>

#include <charconv>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "formats/utf8.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;
  std::string pattern;
  bool special = false;
  bool json = false;
  bool jsonl = false;
};

// One {"text": …} per line in, one list of ids per line out.
Status EncodeLines(const Tokenizer& tokenizer, const EncodeOptions& encode) {
  std::string line;
  for (int64_t number = 1; std::getline(std::cin, line); ++number) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("text") || !json["text"].is_string()) {
      return Error(StatusCode::kInvalidArgument,
                   "stdin line {}: expected an object with a string \"text\"", number);
    }
    const auto ids = tokenizer.Encode(json["text"].get_ref<const std::string&>(), encode);
    RETURN_IF_ERROR(WriteOut(ToLine(ids)));
  }
  return OkStatus();
}

Status Tokenize(const TokenizeOptions& options) {
  ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                   Tokenizer::Load(options.model, {.pattern = options.pattern}));
  const EncodeOptions encode{.add_special = options.special, .parse_special = options.special};
  if (options.jsonl) return EncodeLines(tokenizer, encode);
  std::string text;
  if (options.text) {
    text = *options.text;
  } else {
    ASSIGN_OR_RETURN(text, ReadStdin());
  }
  const std::vector<int32_t> ids = tokenizer.Encode(text, encode);
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (int32_t id : ids) list.push_back({{"id", id}, {"token", tokenizer.TokenText(id)}});
    return WriteOut(ToLine(list));
  }
  std::string out;
  for (size_t i = 0; i < ids.size(); ++i) out += fmt::format("{}{}", i ? " " : "", ids[i]);
  return WriteOut(out + "\n");
}

struct DetokenizeOptions {
  std::string model;
  std::string pattern;
  std::vector<int32_t> ids;
  bool special = false;
};

// Numbers with white space, commas or brackets between them, as tokenize prints them.
Result<std::vector<int32_t>> ReadIds() {
  ASSIGN_OR_RETURN(const std::string text, ReadStdin());
  std::vector<int32_t> ids;
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    if (std::string_view(" \t\r\n,[]").find(*at) != std::string_view::npos) {
      ++at;
      continue;
    }
    int32_t id = 0;
    const auto [rest, error] = std::from_chars(at, end, id);
    if (error != std::errc()) {
      return Error(StatusCode::kInvalidArgument, "stdin: expected token ids, found '{}'",
                   Printable({at, static_cast<size_t>(end - at)}, 20));
    }
    ids.push_back(id);
    at = rest;
  }
  return ids;
}

Status Detokenize(const DetokenizeOptions& options) {
  ASSIGN_OR_RETURN(const Tokenizer tokenizer,
                   Tokenizer::Load(options.model, {.pattern = options.pattern}));
  std::vector<int32_t> ids = options.ids;
  if (ids.empty()) {
    ASSIGN_OR_RETURN(ids, ReadIds());
  }
  ASSIGN_OR_RETURN(const std::string text, tokenizer.Decode(ids, !options.special));
  return WriteOut(text + "\n");
}

}  // namespace

Command TokenizeCommand() {
  auto options = std::make_shared<TokenizeOptions>();
  return {
      .name = "tokenize",
      .about = "Turn text into token ids.",
      .options =
          {{.names = "MODEL",
            .value = &options->model,
            .help = "a model, or a tokenizer alone: tokenizer.json, tokenizer.model, a tiktoken "
                    "file, a folder",
            .required = true},
           {.names = "TEXT", .value = &options->text, .help = "the text (default: stdin)"},
           {.names = "--special",
            .value = &options->special,
            .help = "add what the tokenizer puts around a text, and read special tokens in it"},
           {.names = "--json", .value = &options->json, .help = "print [{\"id\", \"token\"}, …]"},
           {.names = "--jsonl",
            .value = &options->jsonl,
            .help = "one {\"text\": …} per line on stdin, one list of ids per line out"},
           {.names = "--pattern",
            .value = &options->pattern,
            .help = "pre-tokenizer regex of a bare tiktoken file"}},
      .footer =
          "Examples:\n"
          "  frugal tokenize MODEL \"Hello, world\"\n"
          "  frugal tokenize tokenizer.json --json < text.txt\n"
          "  frugal tokenize cl100k.tiktoken --pattern \"$(cat pattern.txt)\" \"Hello\"",
      .run = [options] { return ExitStatus(Tokenize(*options)); }};
}

Command DetokenizeCommand() {
  auto options = std::make_shared<DetokenizeOptions>();
  return {
      .name = "detokenize",
      .about = "Turn token ids into text.",
      .options = {{.names = "MODEL",
                   .value = &options->model,
                   .help = "a model or a tokenizer alone, as for tokenize",
                   .required = true},
                  {.names = "IDS",
                   .value = &options->ids,
                   .help = "token ids (default: from stdin)",
                   .delimiter = ','},
                  {.names = "--special", .value = &options->special, .help = "show special tokens"},
                  {.names = "--pattern",
                   .value = &options->pattern,
                   .help = "pre-tokenizer regex of a bare tiktoken file"}},
      .footer =
          "Examples:\n"
          "  frugal detokenize MODEL 403 407 261\n"
          "  frugal tokenize MODEL < text.txt | frugal detokenize MODEL",
      .run = [options] { return ExitStatus(Detokenize(*options)); }};
}

}  // namespace frugal
