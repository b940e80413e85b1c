// How the published byte-level vocabularies cut text into words, for the containers that do not
// say it: GGUF gives only a name, tiktoken and vocab.json nothing. The patterns are those of the
// checkpoints' own tokenizer.json or tokenization code.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer_parts.h"

namespace frugal {

inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kO200kPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kKimiPattern =
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// What a GGUF's tokenizer.ggml.pre stands for.
struct GgufPre {
  bool nfc = false;            // the checkpoint normalises
  bool ignore_merges = false;  // see BpeModel
  bool add_bos = false;        // unless tokenizer.ggml.add_bos_token says otherwise
  bool add_sep = false;        // likewise for the separator at the end
  PreTokenizer pre_tokenizer;
};

// kUnsupported, naming it, when the name is not known.
Result<GgufPre> FindGgufPre(std::string_view name);

// The regexes of a name that FindGgufPre knows, or of a shorter one (gpt2, llama3, qwen2,
// deepseek3, kimi, o200k), applied one after the other. kUnsupported, with the short names, when
// the name is not known or means more than regexes.
Result<std::vector<std::string_view>> FindSplitPatterns(std::string_view name);

// Every name FindGgufPre knows.
std::vector<std::string_view> GgufPreNames();

}  // namespace frugal
