#include "text/split_patterns.h"

#include <array>
#include <memory>
#include <optional>

namespace frugal {
namespace {

constexpr std::string_view kDigit = R"(\p{N})";
constexpr std::string_view kUpTo3Digits = R"(\p{N}{1,3})";
constexpr std::string_view kNewline = R"([\r\n])";
constexpr std::string_view kCjkDeepSeek = "[一-龥ࠀ-一가-퟿]+";
constexpr std::string_view kCjkKana = "[一-龥぀-ゟ゠-ヿ]+";
// Cased letters. Written as numbers because some of them (1F7D, 2126, 212A) have a canonical
// equivalent that editors put in their place.
constexpr std::string_view kDeepSeekLlmWord =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A})"
    R"(\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556})"
    R"(\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF})"
    R"(\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D})"
    R"(\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D})"
    R"(\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC})"
    R"(\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC})"
    R"(\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128})"
    R"(\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E})"
    R"(\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3})"
    R"(\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E})"
    R"(\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A})"
    R"(\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2})"
    R"(\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+)";
constexpr std::string_view kDeepSeekLlmPunctuation = "\\s?[!-/:-~！-／：-～‘-‟　-。]+";
constexpr std::string_view kDeepSeekV3Rest =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBloom = " ?[^(\\s|.,!?…。，、।۔،)]+";
constexpr std::string_view kJais2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})";
constexpr std::string_view kExaoneMoe =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kYoutuScripts =
    "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-"
    "ゟ゠-"
    "ヿ]"
    "+";
constexpr std::string_view kYoutuWord =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kMiniCpm5 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// Patterns are applied one after the other, each to the pieces of the one before.
struct Row {
  std::array<std::string_view, 8> names;
  std::array<std::string_view, 6> patterns;
  unsigned flags = 0;
};
constexpr unsigned kNfc = 1, kIgnoreMerges = 2, kAddBos = 4, kAddSep = 8;

constexpr std::array kRows = {
    // Files from before there were names; what llama.cpp calls its default.
    Row{{"default"}, {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2Pattern, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
    Row{{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"},
        {kLlama3Pattern},
        kIgnoreMerges | kAddBos},
    Row{{"jina-v5-nano"}, {kLlama3Pattern}, kIgnoreMerges | kAddBos},
    Row{{"dbrx", "smaug-bpe", "chatglm-bpe", "glm4"}, {kLlama3Pattern}},
    Row{{"deepseek-llm"},
        {kNewline, kDeepSeekLlmWord, kDeepSeekLlmPunctuation, R"(\s+$)", kCjkDeepSeek, kDigit}},
    Row{{"deepseek-coder"}, {kNewline, R"(\s?\p{L}+)", R"(\s?\p{P}+)", kCjkDeepSeek, kDigit}},
    Row{{"deepseek-v3", "hunyuan-dense", "joyai-llm"}, {kUpTo3Digits, kCjkKana, kDeepSeekV3Rest}},
    Row{{"starcoder", "refact", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"},
        {kDigit, kGpt2Pattern}},
    Row{{"command-r"}, {kDigit, kGpt2Pattern}, kNfc},
    Row{{"gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0"},
        {kGpt2Pattern}},
    Row{{"mellum", "modern-bert", "jais", "trillion", "granite-docling", "exaone4"},
        {kGpt2Pattern}},
    Row{{"mpt", "olmo"}, {kGpt2Pattern}, kNfc},  // GPT-NeoX's
    Row{{"jina-v1-en", "jina-v2-code", "roberta-bpe"}, {kGpt2Pattern}, kAddSep},
    Row{{"qwen2", "deepseek-r1-qwen", "megrez", "kormo", "f2llmv2"}, {kQwen2Pattern}, kNfc},
    Row{{"stablelm2", "solar-open", "grok-2"}, {kQwen2Pattern}},
    Row{{"hunyuan"}, {kQwen2Pattern}, kNfc},
    Row{{"qwen35"}, {kQwen35}, kNfc},
    Row{{"gpt-4o", "llama4", "minimax-m2", "kanana2", "talkie"}, {kO200kPattern}},
    Row{{"granite-embed-multi-97m"}, {kO200kPattern}, kIgnoreMerges},
    Row{{"tekken"}, {kTekken}, kIgnoreMerges | kAddBos},
    Row{{"kimi-k2"}, {kKimiPattern}},
    Row{{"bailingmoe", "bailingmoe2", "llada-moe"}, {kBailing}},
    Row{{"seed-coder"}, {kSeedCoder}},
    Row{{"poro-chat", "bloom", "gpt3-finnish"}, {kBloom}},
    Row{{"viking"}, {kBloom, kDigit}},
    Row{{"jais-2"}, {kJais2}},
    Row{{"exaone-moe"}, {kExaoneMoe}},
    Row{{"youtu"}, {kYoutuScripts, kYoutuWord}, kIgnoreMerges},
    Row{{"minicpm5"}, {kUpTo3Digits, kMiniCpm5}, kIgnoreMerges},
    Row{{"superbpe"}, {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"}},
    Row{{"tiny_aya", "cohere2moe"}, {R"(\d{1,3}(?=(?:\d{3})*\b))", kO200kPattern}},
    Row{{"laguna"}, {R"([^\n]+|[\n]+)", kQwen2Pattern}},
};

const Row* FindRow(std::string_view name) {
  for (const Row& row : kRows) {
    for (const std::string_view row_name : row.names) {
      if (!row_name.empty() && row_name == name) return &row;
    }
  }
  return nullptr;
}

// Falcon looks for digits after bytes have become printable characters, some of which are digits
// (² stands for the byte B2).
Result<GgufPre> FalconPre() {
  GgufPre pre;
  auto& steps = pre.pre_tokenizer.steps;
  steps.emplace_back(CharClassStep{CharClass::kPunctuation, SplitBehavior::kContiguous});
  ASSIGN_OR_RETURN(SplitStep words, SplitAtMatches(kGpt2Pattern, RegexDialect::kOniguruma));
  steps.emplace_back(std::move(words));
  steps.emplace_back(ToByteLevelStep{});
  steps.emplace_back(CharClassStep{CharClass::kDigit, SplitBehavior::kContiguous});
  ASSIGN_OR_RETURN(SplitStep digits, SplitAtMatches("[0-9][0-9][0-9]", RegexDialect::kOniguruma));
  steps.emplace_back(std::move(digits));
  steps.emplace_back(FromByteLevelStep{});
  return pre;
}

}  // namespace

Result<GgufPre> FindGgufPre(std::string_view name) {
  if (name == "falcon") return FalconPre();
  const Row* row = FindRow(name);
  if (row == nullptr) {
    return Error(StatusCode::kUnsupported, "pre-tokenizer '{}' is not known", name);
  }
  GgufPre pre;
  pre.nfc = (row->flags & kNfc) != 0;
  pre.ignore_merges = (row->flags & kIgnoreMerges) != 0;
  pre.add_bos = (row->flags & kAddBos) != 0;
  pre.add_sep = (row->flags & kAddSep) != 0;
  for (const std::string_view pattern : row->patterns) {
    if (pattern.empty()) break;
    ASSIGN_OR_RETURN(SplitStep step, SplitAtMatches(pattern, RegexDialect::kOniguruma));
    pre.pre_tokenizer.steps.emplace_back(std::move(step));
  }
  return pre;
}

Result<std::vector<std::string_view>> FindSplitPatterns(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"gpt2", "gpt-2"},   {"llama3", "llama3"}, {"qwen2", "qwen2"}, {"deepseek3", "deepseek-v3"},
      {"kimi", "kimi-k2"}, {"o200k", "gpt-4o"}};
  std::string_view full = name;
  std::string known;
  for (const auto& [short_name, long_name] : kShort) {
    if (name == short_name) full = long_name;
    known.append(known.empty() ? "" : ", ").append(short_name);
  }
  const Row* row = FindRow(full);
  if (row == nullptr) {
    return Error(StatusCode::kUnsupported,
                 "pattern '{}' is not known; there are {}, and GGUF's names", name, known);
  }
  std::vector<std::string_view> patterns;
  for (const std::string_view pattern : row->patterns) {
    if (!pattern.empty()) patterns.push_back(pattern);
  }
  return patterns;
}

std::vector<std::string_view> GgufPreNames() {
  std::vector<std::string_view> names = {"falcon"};
  for (const Row& row : kRows) {
    for (const std::string_view name : row.names) {
      if (!name.empty()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace frugal
