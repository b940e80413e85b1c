// Tokenizer::Load: finds out what a path holds, and reads it.

#include <filesystem>
#include <optional>
#include <system_error>

#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "text/gguf_vocab.h"
#include "text/hf_config.h"
#include "text/hf_tokenizer.h"
#include "text/sentencepiece.h"
#include "text/tiktoken.h"
#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxFileBytes = 512 << 20;

std::string DirectoryOf(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Result<TokenizerParts> LoadGguf(const std::string& path, const std::string& pattern) {
  OpenOptions options;
  options.metadata_only = true;
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, OpenGguf(path, options));
  return MakeGgufParts(checkpoint.metadata, path, pattern);
}

Result<TokenizerParts> LoadSentencePiece(const std::string& text, const std::string& path,
                                         const HfConfig& config) {
  ASSIGN_OR_RETURN(const SentencePieceModel model, ParseSentencePieceModel(text, path));
  ASSIGN_OR_RETURN(TokenizerParts parts, MakeSentencePieceParts(model, path));
  // The model file does not say what goes around a text. The tokenizer classes that read such
  // files put <s> before it, T5's </s> after it, unless their configuration says otherwise.
  const bool t5 = config.tokenizer_class.starts_with("T5Tokenizer") ||
                  (config.tokenizer_class.empty() && config.model_type == "t5");
  if (t5 && parts.eos) parts.suffix = {*parts.eos};
  if (!t5 && parts.bos) parts.prefix = {*parts.bos};
  RETURN_IF_ERROR(ApplyHfConfig(config, DirectoryOf(path), &parts));
  return parts;
}

Result<TokenizerParts> LoadFile(const std::string& path, const TokenizerOptions& options) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const std::string_view start(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  if (start.starts_with("GGUF")) return LoadGguf(path, options.pattern);
  if (static_cast<int64_t>(start.size()) > kMaxFileBytes) {
    return Error(StatusCode::kUnsupported,
                 "{}: {} bytes; a tokenizer file of at most {} is supported", path, start.size(),
                 kMaxFileBytes);
  }
  if (start.empty()) return Error(StatusCode::kCorrupt, "{}: the file is empty", path);
  const std::string text(start);
  ASSIGN_OR_RETURN(const HfConfig config, ReadHfConfig(DirectoryOf(path)));
  const size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && (text[first] == '{' || text[first] == '[')) {
    ASSIGN_OR_RETURN(TokenizerParts parts, ParseHfTokenizer(text, path));
    RETURN_IF_ERROR(ApplyHfConfig(config, DirectoryOf(path), &parts));
    return parts;
  }
  if (LooksLikeTiktoken(text)) return ParseTiktoken(text, path, options.pattern, config);
  return LoadSentencePiece(text, path, config);
}

Result<TokenizerParts> LoadVocabMerges(const std::string& directory,
                                       const TokenizerOptions& options) {
  ASSIGN_OR_RETURN(const HfConfig config, ReadHfConfig(directory));
  bool nfc = false;
  std::string pattern = VocabMergesPattern(config.tokenizer_class, config.model_type, &nfc);
  if (!options.pattern.empty()) pattern = options.pattern;
  if (pattern.empty()) {
    return Error(StatusCode::kUnsupported,
                 "{}: vocab.json and merges.txt do not say how text is cut into words, and neither "
                 "tokenizer_class '{}' nor model_type '{}' is known to; give the pre-tokenizer "
                 "regex (--pattern)",
                 directory, config.tokenizer_class, config.model_type);
  }
  ASSIGN_OR_RETURN(const std::string vocab, ReadFile(directory + "/vocab.json", kMaxFileBytes));
  ASSIGN_OR_RETURN(const std::string merges, ReadFile(directory + "/merges.txt", kMaxFileBytes));
  ASSIGN_OR_RETURN(TokenizerParts parts, ParseVocabMerges(vocab, merges, pattern, directory));
  if (nfc) parts.normalizer.steps.emplace_back(UnicodeForm::kNfc);
  RETURN_IF_ERROR(ApplyHfConfig(config, directory, &parts));
  return parts;
}

// The one file in `directory` whose name `matches`; empty when there is none.
template <typename Matches>
Result<std::string> OneFile(const std::string& directory, const char* kind,
                            const Matches& matches) {
  std::string found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!matches(name)) continue;
    if (!found.empty()) {
      return Error(StatusCode::kInvalidArgument, "{}: several {} files ({}, {}); name one",
                   directory, kind, found, name);
    }
    found = name;
  }
  if (error) return Error(StatusCode::kIo, "{}: {}", directory, error.message());
  return found;
}

Result<TokenizerParts> LoadDirectory(const std::string& directory,
                                     const TokenizerOptions& options) {
  auto has = [&](const char* file) {
    std::error_code error;
    return fs::is_regular_file(fs::path(directory) / file, error);
  };
  for (const char* file : {"tokenizer.json", "tokenizer.model", "tiktoken.model", "spiece.model",
                           "sentencepiece.bpe.model"}) {
    if (has(file)) return LoadFile((fs::path(directory) / file).string(), options);
  }
  ASSIGN_OR_RETURN(std::string name, OneFile(directory, "tiktoken", [](const std::string& file) {
                     return file.ends_with(".tiktoken");
                   }));
  if (name.empty() && has("vocab.json") && has("merges.txt")) {
    return LoadVocabMerges(directory, options);
  }
  if (name.empty()) {  // mistral-common: tokenizer.model.v3 and the like
    ASSIGN_OR_RETURN(name, OneFile(directory, "SentencePiece", [](const std::string& file) {
                       return file.find(".model.v") != std::string::npos;
                     }));
  }
  if (name.empty()) {
    ASSIGN_OR_RETURN(name, OneFile(directory, "GGUF", [](const std::string& file) {
                       return file.ends_with(".gguf");
                     }));
  }
  if (name.empty()) {
    return Error(StatusCode::kNotFound,
                 "{}: no tokenizer here (tokenizer.json, tokenizer.model, *.tiktoken, vocab.json "
                 "with merges.txt, or *.gguf)",
                 directory);
  }
  return LoadFile((fs::path(directory) / name).string(), options);
}

}  // namespace

Result<TokenizerParts> LoadTokenizerParts(const std::string& path,
                                          const TokenizerOptions& options) {
  std::error_code error;
  const bool directory = fs::is_directory(path, error);
  return directory ? LoadDirectory(path, options) : LoadFile(path, options);
}

Result<Tokenizer> Tokenizer::Load(const std::string& path, const TokenizerOptions& options) {
  auto parts = LoadTokenizerParts(path, options);
  if (!parts.ok()) return parts.status();
  auto tokenizer = MakeTokenizer(*std::move(parts));
  if (!tokenizer.ok()) return tokenizer.status().WithContext(path);
  return tokenizer;
}

}  // namespace frugal
