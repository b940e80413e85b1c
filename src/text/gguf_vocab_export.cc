#include "text/gguf_vocab_export.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "base/mapped_file.h"
#include "text/byte_level.h"
#include "text/chat_template.h"
#include "text/sentencepiece.h"
#include "text/split_patterns.h"
#include "text/tiktoken.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxFileBytes = 512 << 20;
constexpr float kAddedScore = -1000.0f;  // llama.cpp's converters give added tokens this

// Every kind of character in every neighbourhood that a published pattern tells apart.
constexpr std::string_view kProbe =
    "Hello world! I'm it's IT'S we'll WE'LL you've I'd they're don't 'sad 'tis ''d\n"
    "camelCase HTTPServer iPhone ABCdef GHI jKL mNo Ünïcödé ÉCOLE école ǅungla ʰa\n"
    "1 12 123 1234 12345 123456 1234567 3.14159 1,000,000 x86 v2 2nd ²³ Ⅷ ٣٤٥٦ १२३४ ９８７６ "
    "a1b22c333d\n"
    "  two   three    four     five\t\ttabs\t mixed \t \n\n\n  \n \n\n   "
    "indented\n\tx\r\ny\r\n\r\n z  \n"
    "if (a == b) { return x[0]->y; } // comment\n/* c */ http://a.b/c?d=e&f=g#h //\n\n foo()/\n"
    "!!! ??? ... --- ___ *** $100 <tag> a+b=c ^~| `code` \"quoted\" (paren)[x]{y} @user #tag 50% "
    "!a\n"
    "中文字符测试，标点。「引号」！？ 日本語のテキスト、カタカナ ｶﾅ 한국어 문장 텍스트 ㄱㄴ ㄅㄆ\n"
    "Привет мир, Ελληνικά κείμενο עברית العربية हिन्दी ไทย தமிழ் ქართული\n"
    "e\u0301a\u0308 n\u0303 \u0301x café naïve 🙂👍🏽 👨‍👩‍👧 ♥ ∑∫ → "
    "“curly” "
    "‘single’ "
    "… "
    "—dash– ¿qué? ¡hola!\n"
    "word'S WORD's  'Twas l'été  d'accord\n\n\n\n\tend   \n   ";

struct Words {
  std::vector<std::string> pieces;
  bool operator==(const Words&) const = default;
};

Words Cut(const PreTokenizer& pre_tokenizer) {
  RegexScratch scratch;
  Pieces pieces;
  pre_tokenizer.Run(kProbe, TextPosition::kStart, &scratch, &pieces);
  Words words;
  for (size_t i = 0; i < pieces.size(); ++i) words.pieces.emplace_back(pieces[i]);
  return words;
}

std::string Key(const char* name) { return std::string("tokenizer.ggml.") + name; }

// Tokens by id, with GGUF's types.
struct Tokens {
  std::vector<std::string> texts;
  std::vector<int64_t> types;
  std::vector<double> scores;

  explicit Tokens(size_t count)
      : texts(count), types(count, int64_t(PieceType::kUnused)), scores(count, 0.0) {}

  void Set(size_t id, std::string text, PieceType type) {
    texts[id] = std::move(text);
    types[id] = static_cast<int64_t>(type);
  }

  // Control and user-defined tokens, and names for ids that no token has.
  void Finish(const TokenizerParts& parts, bool scored) {
    for (const AddedToken& token : parts.added_tokens) {
      const auto id = static_cast<size_t>(token.id);
      const bool unknown = types[id] == static_cast<int64_t>(PieceType::kUnknown);
      const bool listed = !texts[id].empty();
      Set(id, token.content,
          unknown         ? PieceType::kUnknown
          : token.special ? PieceType::kControl
                          : PieceType::kUserDefined);
      if (scored && !listed) scores[id] = kAddedScore;
    }
    for (size_t id = 0; id < texts.size(); ++id) {
      if (!texts[id].empty()) continue;
      Set(id, fmt::format("[PAD{}]", id), PieceType::kUnused);
      if (scored) scores[id] = kAddedScore;
    }
  }
};

void AddTokens(Tokens tokens, bool scored, Metadata* metadata) {
  metadata->values[Key("tokens")] = std::move(tokens.texts);
  metadata->values[Key("token_type")] = std::move(tokens.types);
  if (scored) metadata->values[Key("scores")] = std::move(tokens.scores);
}

Status AddByteLevel(const TokenizerParts& parts, const BpeModel& bpe, size_t vocab,
                    const std::string& pre, Metadata* metadata) {
  // A ranked vocabulary lists bytes, others their printable forms.
  const int32_t zero = bpe.byte_ids[0];
  const bool raw = zero >= 0 && parts.texts[static_cast<size_t>(zero)] == std::string(1, '\0');
  std::vector<bool> added(vocab, false);
  for (const AddedToken& token : parts.added_tokens) added[static_cast<size_t>(token.id)] = true;
  Tokens tokens(vocab);
  std::vector<std::string> bytes(parts.texts.size());
  for (size_t id = 0; id < parts.texts.size(); ++id) {
    const std::string& text = parts.texts[id];
    if (text.empty()) continue;
    bytes[id] = raw ? text : FromByteLevel(text).value_or(text);
    if (!added[id]) tokens.Set(id, raw ? ToByteLevel(text) : text, PieceType::kNormal);
  }
  std::vector<std::string> merges;
  for (const BpeRule& rule : bpe.Rules(bytes)) {
    merges.push_back(ToByteLevel(bytes[static_cast<size_t>(rule.left)]) + " " +
                     ToByteLevel(bytes[static_cast<size_t>(rule.right)]));
  }
  tokens.Finish(parts, /*scored=*/false);
  metadata->values[Key("model")] = std::string("gpt2");
  if (pre.empty()) {
    ASSIGN_OR_RETURN(metadata->values[Key("pre")], FindPreName(parts));
  } else {
    RETURN_IF_ERROR(FindGgufPre(pre).status());
    metadata->values[Key("pre")] = pre;
  }
  metadata->values[Key("merges")] = std::move(merges);
  AddTokens(std::move(tokens), /*scored=*/false, metadata);
  return OkStatus();
}

// The SentencePiece model beside a tokenizer.json, or the one that is the tokenizer.
std::string PiecesPath(const std::string& directory) {
  std::error_code error;
  for (const char* name : {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    const std::string path = directory + "/" + name;
    if (fs::is_regular_file(path, error)) return path;
  }
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    // mistral-common: tokenizer.model.v3 and the like
    if (it->path().filename().string().find(".model.v") != std::string::npos) return it->path();
  }
  return "";
}

Result<std::optional<SentencePieceModel>> ReadPieces(const std::string& directory) {
  const std::string path = PiecesPath(directory);
  if (path.empty()) return std::optional<SentencePieceModel>();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes));
  if (LooksLikeTiktoken(text)) return std::optional<SentencePieceModel>();
  ASSIGN_OR_RETURN(SentencePieceModel model, ParseSentencePieceModel(text, path));
  return std::optional(std::move(model));
}

Status AddPieces(const TokenizerParts& parts, const SentencePieceModel& model, size_t vocab,
                 Metadata* metadata) {
  if (model.pieces.size() > vocab) {
    return Error(StatusCode::kCorrupt, "the tokenizer has {} pieces, the model {} rows for them",
                 model.pieces.size(), vocab);
  }
  Tokens tokens(vocab);
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    tokens.Set(id, model.pieces[id].text, model.pieces[id].type);
    tokens.scores[id] = model.pieces[id].score;
  }
  tokens.Finish(parts, /*scored=*/true);
  const bool unigram = model.kind == SentencePieceModel::Kind::kUnigram;
  metadata->values[Key("model")] = std::string(unigram ? "t5" : "llama");
  metadata->values[Key("pre")] = std::string("default");
  metadata->values[Key("add_space_prefix")] = model.add_dummy_prefix;
  metadata->values[Key("remove_extra_whitespaces")] = model.remove_extra_whitespaces;
  if (!model.charsmap.empty()) {
    std::vector<int64_t> bytes;
    for (const char c : model.charsmap) bytes.push_back(static_cast<signed char>(c));
    metadata->values[Key("precompiled_charsmap")] = std::move(bytes);
  }
  AddTokens(std::move(tokens), /*scored=*/true, metadata);
  return OkStatus();
}

// A tokenizer.json made of a SentencePiece model: its merges stand in the order of the pieces'
// scores.
Status AddCharacters(const TokenizerParts& parts, const BpeModel& bpe, size_t vocab,
                     Metadata* metadata) {
  bool prefix = false;
  bool other = !bpe.byte_fallback;
  for (const NormalizerStep& step : parts.normalizer.steps) {
    const auto* replace = std::get_if<ReplaceStep>(&step);
    const auto* prepend = std::get_if<PrependStep>(&step);
    prefix |= prepend != nullptr;
    other |= prepend != nullptr
                 ? prepend->text != kMetaSpace
                 : replace == nullptr || replace->text != " " || replace->content != kMetaSpace;
  }
  for (const PreTokenizerStep& step : parts.pre_tokenizer.steps) {
    const auto* space = std::get_if<MetaspaceStep>(&step);
    prefix |= space != nullptr && space->prepend != MetaspaceStep::Prepend::kNever;
    other |= space == nullptr || space->replacement != kMetaSpace;
  }
  if (other) {
    return Error(StatusCode::kUnsupported,
                 "this tokenizer is neither byte-level nor made of a SentencePiece model (or that "
                 "model, tokenizer.model, is missing): GGUF cannot describe it");
  }
  Tokens tokens(vocab);
  for (size_t id = 0; id < parts.texts.size(); ++id) {
    if (!parts.texts[id].empty()) tokens.Set(id, parts.texts[id], PieceType::kNormal);
  }
  for (const int32_t id : bpe.byte_ids) {
    if (id >= 0) tokens.types[static_cast<size_t>(id)] = static_cast<int64_t>(PieceType::kByte);
  }
  if (bpe.unk_id >= 0) {
    tokens.types[static_cast<size_t>(bpe.unk_id)] = static_cast<int64_t>(PieceType::kUnknown);
  }
  std::vector<bool> scored(vocab, false);
  for (const BpeRule& rule : bpe.AllRules()) {
    const auto id = static_cast<size_t>(rule.token);
    if (!scored[id]) tokens.scores[id] = -static_cast<double>(rule.rank);
    scored[id] = true;
  }
  tokens.Finish(parts, /*scored=*/true);
  metadata->values[Key("model")] = std::string("llama");
  metadata->values[Key("pre")] = std::string("default");
  metadata->values[Key("add_space_prefix")] = prefix;
  AddTokens(std::move(tokens), /*scored=*/true, metadata);
  return OkStatus();
}

Status AddModel(const std::string& directory, const TokenizerParts& parts, size_t vocab,
                const std::string& pre, Metadata* metadata) {
  if (parts.texts.size() > vocab) {
    return Error(StatusCode::kCorrupt, "the tokenizer has ids up to {}, the model {} rows for them",
                 parts.texts.size() - 1, vocab);
  }
  const auto* bpe = std::get_if<BpeModel>(&parts.model);
  if (bpe != nullptr && bpe->alphabet == BpeModel::Alphabet::kBytes) {
    return AddByteLevel(parts, *bpe, vocab, pre, metadata);
  }
  if (std::holds_alternative<WordPieceModel>(parts.model)) {
    return Error(StatusCode::kUnsupported, "WordPiece is no tokenizer of these models");
  }
  ASSIGN_OR_RETURN(const auto pieces, ReadPieces(directory));
  if (pieces) return AddPieces(parts, *pieces, vocab, metadata);
  if (bpe != nullptr) return AddCharacters(parts, *bpe, vocab, metadata);
  return Error(StatusCode::kUnsupported,
               "a unigram tokenizer.json without its tokenizer.model: GGUF cannot describe it");
}

// What add_special puts around a text.
void AddFrame(const TokenizerParts& parts, Metadata* metadata) {
  std::optional<int32_t> bos = parts.bos;
  const bool one = parts.prefix.size() == 1;
  if (one) bos = parts.prefix[0];
  if (bos) metadata->values[Key("bos_token_id")] = int64_t{*bos};
  if (parts.eos) metadata->values[Key("eos_token_id")] = int64_t{*parts.eos};
  metadata->values[Key("add_bos_token")] = one;
  metadata->values[Key("add_eos_token")] =
      parts.suffix.size() == 1 && parts.eos && parts.suffix[0] == *parts.eos;
}

}  // namespace

Result<std::string> FindPreName(const TokenizerParts& parts) {
  const Words words = Cut(parts.pre_tokenizer);
  const auto* bpe = std::get_if<BpeModel>(&parts.model);
  const bool ignore_merges = bpe != nullptr && bpe->ignore_merges;
  const bool nfc = std::ranges::any_of(parts.normalizer.steps, [](const NormalizerStep& step) {
    const auto* form = std::get_if<UnicodeForm>(&step);
    return form != nullptr && *form == UnicodeForm::kNfc;
  });
  std::string best;
  int best_misses = 0;
  for (const std::string_view name : GgufPreNames()) {
    ASSIGN_OR_RETURN(const GgufPre pre, FindGgufPre(name));
    if (Cut(pre.pre_tokenizer) != words) continue;
    const int misses = 2 * (pre.nfc != nfc) + (pre.ignore_merges != ignore_merges);
    if (!best.empty() && misses >= best_misses) continue;
    best = name;
    best_misses = misses;
  }
  if (!best.empty()) return best;
  return Error(StatusCode::kUnsupported,
               "GGUF has no name for how this tokenizer cuts text into words; one may be given "
               "(--pre)");
}

Result<Metadata> ExportGgufVocab(const std::string& directory, int64_t vocab,
                                 const std::string& pre) {
  Metadata metadata;
  const auto parts = LoadTokenizerParts(directory, {});
  if (!parts.ok() && parts.status().code() == StatusCode::kNotFound) {
    metadata.values[Key("model")] = std::string("no_vocab");
    return metadata;
  }
  if (!parts.ok()) return parts.status();
  const Status model =
      AddModel(directory, *parts, static_cast<size_t>(std::max<int64_t>(vocab, 0)), pre, &metadata);
  if (!model.ok()) return model.WithContext(directory);
  AddFrame(*parts, &metadata);
  nlohmann::ordered_json kwargs;
  const auto chat = LoadChatTemplate(directory, &kwargs);
  if (chat.ok()) {
    metadata.values["tokenizer.chat_template"] = chat->source();
  } else if (chat.status().code() != StatusCode::kNotFound) {
    return chat.status();
  }
  return metadata;
}

}  // namespace frugal
