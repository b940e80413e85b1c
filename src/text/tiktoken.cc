#include "text/tiktoken.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "text/base64.h"
#include "text/split_patterns.h"

namespace frugal {
namespace {

struct Special {
  int32_t offset;  // from the family's first special id
  std::string_view text;
};

// A published vocabulary: how many ranks it has, one token that tells it from others with as
// many, and what its code adds to the file.
struct Family {
  size_t ranks;
  std::string_view token;
  int64_t token_rank;
  std::string_view pattern;
  std::string_view tokenizer_class;  // recognises it, too, where a config names it
  bool nfc;
  int32_t first_special;
  int32_t specials;           // ids from first_special on
  std::string_view numbered;  // text of those not named below: before the number
  int32_t number_offset;      // what is added to the id's offset for the number
  std::string_view bos, eos;
  bool adds_bos;
};

constexpr std::array<Special, 11> kLlama3Specials = {{
    {0, "<|begin_of_text|>"},
    {1, "<|end_of_text|>"},
    {2, "<|reserved_special_token_0|>"},
    {3, "<|reserved_special_token_1|>"},
    {4, "<|finetune_right_pad_id|>"},
    {5, "<|step_id|>"},
    {6, "<|start_header_id|>"},
    {7, "<|end_header_id|>"},
    {8, "<|eom_id|>"},
    {9, "<|eot_id|>"},
    {10, "<|python_tag|>"},
}};
constexpr std::array<Special, 5> kCl100kSpecials = {{
    {0, "<|endoftext|>"},
    {1, "<|fim_prefix|>"},
    {2, "<|fim_middle|>"},
    {3, "<|fim_suffix|>"},
    {19, "<|endofprompt|>"},
}};
constexpr std::array<Special, 2> kO200kSpecials = {{{0, "<|endoftext|>"}, {19, "<|endofprompt|>"}}};
constexpr std::array<Special, 3> kQwenSpecials = {
    {{0, "<|endoftext|>"}, {1, "<|im_start|>"}, {2, "<|im_end|>"}}};
constexpr std::array<Special, 5> kHunyuanSpecials = {
    {{0, "<|endoftext|>"}, {1, "<|startoftext|>"}, {2, "<|bos|>"}, {3, "<|eos|>"}, {4, "<|pad|>"}}};

constexpr Family kLlama3 = {128000,
                            "Hello",
                            9906,
                            kLlama3Pattern,
                            "",
                            false,
                            128000,
                            256,
                            "<|reserved_special_token_",
                            -9,
                            "<|begin_of_text|>",
                            "<|end_of_text|>",
                            true};
constexpr Family kCl100k = {100256, "Hello", 9906, kLlama3Pattern,  "",   false, 100257, 20,
                            "",     0,       "",   "<|endoftext|>", false};
constexpr Family kO200k = {199998, "Hello", 13225, kO200kPattern,   "",   false, 199999, 20,
                           "",     0,       "",    "<|endoftext|>", false};
constexpr Family kQwen = {151643, "Hello",         9707, kQwen2Pattern, "QWenTokenizer",
                          true,   151643,          208,  "<|extra_",    -3,
                          "",     "<|endoftext|>", false};
constexpr Family kHunyuan = {127957,     "!", 0,  kQwen2Pattern, "HYTokenizer", true, 127957, 210,
                             "<|extra_", -5,  "", "<|eos|>",     false};
constexpr Family kKimi = {163584, "!",    0,    kKimiPattern,        "TikTokenTokenizer",
                          false,  163584, 256,  "<|reserved_token_", 163584,
                          "",     "",     false};

struct KnownFamily {
  const Family* family;
  const Special* specials;
  size_t count;
};
constexpr std::array<KnownFamily, 6> kFamilies = {{
    {&kLlama3, kLlama3Specials.data(), kLlama3Specials.size()},
    {&kCl100k, kCl100kSpecials.data(), kCl100kSpecials.size()},
    {&kO200k, kO200kSpecials.data(), kO200kSpecials.size()},
    {&kQwen, kQwenSpecials.data(), kQwenSpecials.size()},
    {&kHunyuan, kHunyuanSpecials.data(), kHunyuanSpecials.size()},
    {&kKimi, nullptr, 0},
}};

const KnownFamily* FindFamily(const TokenMap& tokens) {
  for (const KnownFamily& known : kFamilies) {
    if (tokens.size() == known.family->ranks &&
        tokens.Find(known.family->token) == known.family->token_rank) {
      return &known;
    }
  }
  return nullptr;
}

// One line: base64, a space, the rank. Empty lines give an empty token.
Result<std::pair<std::string, int64_t>> ParseLine(std::string_view line, const std::string& place) {
  const size_t space = line.find(' ');
  const auto token =
      space == std::string_view::npos ? std::nullopt : DecodeBase64(line.substr(0, space));
  if (!token || token->empty()) {
    return Error(StatusCode::kCorrupt, "{}: expected a token in base64, a space and its rank",
                 place);
  }
  const std::string_view number = line.substr(space + 1);
  int64_t rank = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rank);
  if (error != std::errc() || end != number.data() + number.size() || rank < 0) {
    return Error(StatusCode::kCorrupt, "{}: the rank '{}' is no number", place, number);
  }
  return std::make_pair(*token, rank);
}

// The family's special tokens that no file beside it has named.
Status AddSpecials(const KnownFamily& known, const std::string& name, TokenizerParts* parts) {
  const Family& family = *known.family;
  parts->listed += static_cast<size_t>(family.specials);
  for (int32_t offset = 0; offset < family.specials; ++offset) {
    const auto id = static_cast<size_t>(family.first_special + offset);
    if (id < parts->texts.size() && !parts->texts[id].empty()) continue;
    AddedToken token;
    token.id = static_cast<int32_t>(id);
    token.special = true;
    for (size_t i = 0; i < known.count; ++i) {
      if (known.specials[i].offset == offset) token.content = known.specials[i].text;
    }
    if (token.content.empty() && !family.numbered.empty()) {
      token.content = fmt::format("{}{}|>", family.numbered, offset + family.number_offset);
    }
    if (!token.content.empty()) RETURN_IF_ERROR(AddAddedToken(token, name, parts));
  }
  for (const AddedToken& token : parts->added_tokens) {
    if (!family.bos.empty() && token.content == family.bos && !parts->bos) parts->bos = token.id;
    if (!family.eos.empty() && token.content == family.eos && !parts->eos) parts->eos = token.id;
  }
  return OkStatus();
}

}  // namespace

bool LooksLikeTiktoken(std::string_view text) {
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  if (line.size() > 8192) return false;
  return ParseLine(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line, "").ok();
}

Result<TokenizerParts> ParseTiktoken(std::string_view text, const std::string& name,
                                     const std::string& pattern, const HfConfig& config) {
  TokenizerParts parts;
  BpeModel bpe;
  std::vector<std::pair<std::string, int64_t>> tokens;
  parts.listed = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string place = fmt::format("{}: line {}", name, line_number);
    ASSIGN_OR_RETURN(auto entry, ParseLine(line, place));
    RETURN_IF_ERROR(SetToken(entry.second, entry.first, place, &parts));
    if (!bpe.tokens.Insert(entry.first, static_cast<int32_t>(entry.second))) {
      return Error(StatusCode::kCorrupt, "{}: the token is there twice", place);
    }
    if (entry.first.size() == 1) {
      bpe.byte_ids[static_cast<unsigned char>(entry.first[0])] = static_cast<int32_t>(entry.second);
    }
    tokens.push_back(std::move(entry));
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    if (bpe.byte_ids[byte] < 0) {
      return Error(StatusCode::kCorrupt, "{}: no token is the single byte {:#04x}", name, byte);
    }
  }
  for (const auto& [token, rank] : tokens) {
    const Status status = bpe.AddAllMerges(token, static_cast<uint32_t>(rank));
    if (!status.ok()) return status.WithContext(name);
  }
  const KnownFamily* known = FindFamily(bpe.tokens);
  bpe.ignore_merges = true;  // a word that is a token is that token, in tiktoken's code too
  bpe.Finish();
  parts.model = std::move(bpe);

  std::string split = pattern;
  if (split.empty() && known != nullptr) split = known->family->pattern;
  for (const KnownFamily& other : kFamilies) {
    const std::string_view name_of = other.family->tokenizer_class;
    if (split.empty() && !name_of.empty() && name_of == config.tokenizer_class) {
      split = other.family->pattern;
    }
  }
  if (split.empty() && config.tokenizer_class == "ChatGLM4Tokenizer") split = kLlama3Pattern;
  if (split.empty()) {
    return Error(StatusCode::kUnsupported,
                 "{}: a tiktoken file of {} tokens that is not a vocabulary Frugal recognises; "
                 "give its pre-tokenizer regex (--pattern)",
                 name, tokens.size());
  }
  auto step = SplitAtMatches(split, RegexDialect::kFancy);
  if (!step.ok()) return step.status().WithContext("pattern");
  parts.pre_tokenizer.steps.emplace_back(*std::move(step));
  RETURN_IF_ERROR(ApplyHfConfig(config, name, &parts));
  if (known != nullptr) {
    if (known->family->nfc) parts.normalizer.steps.emplace_back(UnicodeForm::kNfc);
    RETURN_IF_ERROR(AddSpecials(*known, name, &parts));
    if (known->family->adds_bos && parts.bos && !config.add_bos_token) {
      parts.prefix = {*parts.bos};
    }
  }
  return parts;
}

}  // namespace frugal
