#include "text/gguf_vocab.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/byte_level.h"
#include "text/sentencepiece.h"
#include "text/split_patterns.h"
#include "text/unicode.h"

namespace frugal {
namespace {

std::string Key(const char* name) { return std::string("tokenizer.ggml.") + name; }

Result<bool> BoolOr(const Metadata& metadata, const char* name, bool fallback) {
  if (!metadata.Has(Key(name))) return fallback;
  return metadata.GetBool(Key(name));
}

struct Vocab {
  std::vector<std::string> tokens;
  std::vector<int64_t> types;  // as tokens, or empty

  PieceType Type(size_t id) const {
    if (types.empty() || types[id] < 1 || types[id] > 6) return PieceType::kNormal;
    return static_cast<PieceType>(types[id]);
  }
};

Result<Vocab> ReadVocab(const Metadata& metadata) {
  Vocab vocab;
  ASSIGN_OR_RETURN(vocab.tokens, metadata.GetStrings(Key("tokens")));
  if (metadata.Has(Key("token_type"))) {
    ASSIGN_OR_RETURN(vocab.types, metadata.GetInts(Key("token_type")));
    if (vocab.types.size() != vocab.tokens.size()) {
      return Error(StatusCode::kCorrupt, "{}: {} entries for {} tokens", Key("token_type"),
                   vocab.types.size(), vocab.tokens.size());
    }
  }
  if (vocab.tokens.empty()) return Error(StatusCode::kCorrupt, "{} is empty", Key("tokens"));
  return vocab;
}

// A token id; none when absent, or −1 as some converters write it.
Result<std::optional<int32_t>> TokenId(const Metadata& metadata, const char* name, size_t tokens) {
  if (!metadata.Has(Key(name))) return std::optional<int32_t>();
  ASSIGN_OR_RETURN(const int64_t id, metadata.GetInt(Key(name)));
  if (id == -1 || id == UINT32_MAX) return std::optional<int32_t>();
  if (id < 0 || id >= static_cast<int64_t>(tokens)) {
    return Error(StatusCode::kCorrupt, "{}: id {} is out of range for {} tokens", Key(name), id,
                 tokens);
  }
  return std::optional<int32_t>(static_cast<int32_t>(id));
}

// Texts, and the control and user-defined tokens, as they stand in the file.
Status AddTokens(const Vocab& vocab, TokenizerParts* parts) {
  parts->listed = vocab.tokens.size();
  parts->texts.reserve(vocab.tokens.size());
  for (size_t id = 0; id < vocab.tokens.size(); ++id) {
    const std::string field = fmt::format("{}[{}]", Key("tokens"), id);
    RETURN_IF_ERROR(SetToken(static_cast<int64_t>(id), vocab.tokens[id], field, parts));
    const PieceType type = vocab.Type(id);
    const bool special = type == PieceType::kControl || type == PieceType::kUnknown;
    if (vocab.tokens[id].empty() || (!special && type != PieceType::kUserDefined)) continue;
    AddedToken token;
    token.id = static_cast<int32_t>(id);
    token.content = vocab.tokens[id];
    token.special = special;
    parts->added_tokens.push_back(std::move(token));
  }
  return OkStatus();
}

// What add_special puts around a text. `add_sep` and the others are the defaults.
Status SetFrame(const Metadata& metadata, bool add_bos, bool add_eos, bool add_sep,
                TokenizerParts* parts) {
  const size_t n = parts->texts.size();
  ASSIGN_OR_RETURN(parts->bos, TokenId(metadata, "bos_token_id", n));
  ASSIGN_OR_RETURN(parts->eos, TokenId(metadata, "eos_token_id", n));
  ASSIGN_OR_RETURN(const auto cls, TokenId(metadata, "cls_token_id", n));
  ASSIGN_OR_RETURN(auto sep, TokenId(metadata, "seperator_token_id", n));  // the format's spelling
  if (!sep) {
    ASSIGN_OR_RETURN(sep, TokenId(metadata, "separator_token_id", n));
  }
  ASSIGN_OR_RETURN(add_bos, BoolOr(metadata, "add_bos_token", add_bos));
  ASSIGN_OR_RETURN(add_eos, BoolOr(metadata, "add_eos_token", add_eos));
  ASSIGN_OR_RETURN(add_sep, BoolOr(metadata, "add_sep_token", add_sep));
  const std::optional<int32_t> first = parts->bos ? parts->bos : cls;
  if (add_bos && first) parts->prefix.push_back(*first);
  if (add_sep && sep) parts->suffix.push_back(*sep);
  if (add_eos && parts->eos) parts->suffix.push_back(*parts->eos);
  return OkStatus();
}

Status AddMerges(const Metadata& metadata, BpeModel* bpe) {
  ASSIGN_OR_RETURN(const std::vector<std::string> merges, metadata.GetStrings(Key("merges")));
  for (size_t i = 0; i < merges.size(); ++i) {
    const std::string& merge = merges[i];
    // The first token may be a space itself only where it is the first character.
    const size_t space = merge.find(' ', 1);
    const auto left =
        FromByteLevel(std::string_view(merge).substr(0, std::min(space, merge.size())));
    const auto right = space == std::string::npos
                           ? std::nullopt
                           : FromByteLevel(std::string_view(merge).substr(space + 1));
    if (!left || !right || !bpe->AddMerge(*left, *right, static_cast<uint32_t>(i))) {
      return Error(StatusCode::kCorrupt, "{}[{}]: '{}' does not join two tokens to a third",
                   Key("merges"), i, merge);
    }
  }
  return OkStatus();
}

Result<TokenizerParts> MakeByteLevel(const Metadata& metadata, const std::string& pattern) {
  ASSIGN_OR_RETURN(const Vocab vocab, ReadVocab(metadata));
  GgufPre pre;
  if (!pattern.empty()) {
    auto split = SplitAtMatches(pattern, RegexDialect::kFancy);
    if (!split.ok()) return split.status().WithContext("pattern");
    pre.pre_tokenizer.steps.emplace_back(*std::move(split));
  } else if (!metadata.Has(Key("pre"))) {
    return Error(StatusCode::kUnsupported,
                 "{} is missing, so how text is cut into words is not known (the file was "
                 "converted before GGUF said it); convert the checkpoint again or give its "
                 "pre-tokenizer regex (--pattern)",
                 Key("pre"));
  } else {
    ASSIGN_OR_RETURN(const std::string name, metadata.GetString(Key("pre")));
    auto found = FindGgufPre(name);
    if (!found.ok()) return found.status().WithContext(Key("pre"));
    pre = *std::move(found);
  }
  TokenizerParts parts;
  RETURN_IF_ERROR(AddTokens(vocab, &parts));
  BpeModel bpe;
  bpe.vocab_size = static_cast<int32_t>(vocab.tokens.size());
  bpe.ignore_merges = pre.ignore_merges;
  for (size_t id = 0; id < vocab.tokens.size(); ++id) {
    const PieceType type = vocab.Type(id);
    if (type != PieceType::kNormal && type != PieceType::kUnused) continue;
    const auto bytes = FromByteLevel(vocab.tokens[id]);
    if (!bytes || bytes->empty()) continue;
    if (!bpe.tokens.Insert(*bytes, static_cast<int32_t>(id))) {
      return Error(StatusCode::kCorrupt, "{}[{}]: token '{}' is there twice", Key("tokens"), id,
                   vocab.tokens[id]);
    }
    if (bytes->size() == 1) {
      bpe.byte_ids[static_cast<unsigned char>((*bytes)[0])] = static_cast<int32_t>(id);
    }
  }
  RETURN_IF_ERROR(AddMerges(metadata, &bpe));
  bpe.Finish();
  parts.model = std::move(bpe);
  if (pre.nfc) parts.normalizer.steps.emplace_back(UnicodeForm::kNfc);
  parts.pre_tokenizer = std::move(pre.pre_tokenizer);
  parts.decoder.steps.emplace_back(ByteLevelDecode{});
  RETURN_IF_ERROR(SetFrame(metadata, pre.add_bos, /*add_eos=*/false, pre.add_sep, &parts));
  return parts;
}

Result<TokenizerParts> MakeSentencePiece(const Metadata& metadata, bool unigram) {
  ASSIGN_OR_RETURN(Vocab vocab, ReadVocab(metadata));
  ASSIGN_OR_RETURN(const std::vector<double> scores, metadata.GetDoubles(Key("scores")));
  if (scores.size() != vocab.tokens.size()) {
    return Error(StatusCode::kCorrupt, "{}: {} entries for {} tokens", Key("scores"), scores.size(),
                 vocab.tokens.size());
  }
  SentencePieceModel model;
  model.kind = unigram ? SentencePieceModel::Kind::kUnigram : SentencePieceModel::Kind::kBpe;
  size_t bytes = 0;
  bool has_unknown = false;
  for (size_t id = 0; id < vocab.tokens.size(); ++id) {
    if (!(scores[id] >= -1e30 && scores[id] <= 1e30)) {
      return Error(StatusCode::kCorrupt, "{}[{}]: the score is not finite", Key("scores"), id);
    }
    const PieceType type = vocab.Type(id);
    bytes += type == PieceType::kByte ? 1 : 0;
    has_unknown |= type == PieceType::kUnknown;
    model.pieces.push_back({std::move(vocab.tokens[id]), static_cast<float>(scores[id]), type});
  }
  if (!has_unknown) {
    ASSIGN_OR_RETURN(const auto unk, TokenId(metadata, "unknown_token_id", model.pieces.size()));
    model.pieces[static_cast<size_t>(unk.value_or(0))].type = PieceType::kUnknown;
  }
  model.byte_fallback = bytes > 0;
  ASSIGN_OR_RETURN(model.add_dummy_prefix, BoolOr(metadata, "add_space_prefix", true));
  ASSIGN_OR_RETURN(model.remove_extra_whitespaces,
                   BoolOr(metadata, "remove_extra_whitespaces", false));
  if (metadata.Has(Key("precompiled_charsmap"))) {
    ASSIGN_OR_RETURN(const std::vector<int64_t> map, metadata.GetInts(Key("precompiled_charsmap")));
    for (const int64_t byte : map) model.charsmap.push_back(static_cast<char>(byte));
  }
  ASSIGN_OR_RETURN(TokenizerParts parts, MakeSentencePieceParts(model, Key("tokens")));
  RETURN_IF_ERROR(SetFrame(metadata, /*add_bos=*/!unigram, /*add_eos=*/unigram, false, &parts));
  return parts;
}

// GGUF stores a word's first piece with ▁ before it and the others without "##".
Result<TokenizerParts> MakeWordPiece(const Metadata& metadata) {
  ASSIGN_OR_RETURN(const Vocab vocab, ReadVocab(metadata));
  TokenizerParts parts;
  RETURN_IF_ERROR(AddTokens(vocab, &parts));
  WordPieceModel wordpiece;
  ASSIGN_OR_RETURN(const auto unk, TokenId(metadata, "unknown_token_id", vocab.tokens.size()));
  if (!unk) return Error(StatusCode::kCorrupt, "{} is missing", Key("unknown_token_id"));
  wordpiece.unk_id = *unk;
  for (size_t id = 0; id < vocab.tokens.size(); ++id) {
    std::string_view text = vocab.tokens[id];
    if (vocab.Type(id) != PieceType::kNormal || text.empty()) continue;
    const bool starts = text.starts_with(kMetaSpace);
    if (starts) text.remove_prefix(kMetaSpace.size());
    if (text.empty()) continue;
    (starts ? wordpiece.starts : wordpiece.continuations).Insert(text, static_cast<int32_t>(id));
  }
  parts.model = std::move(wordpiece);
  BertStep bert;
  ASSIGN_OR_RETURN(bert.lowercase, BoolOr(metadata, "normalizer.lowercase", true));
  ASSIGN_OR_RETURN(bert.strip_accents,
                   BoolOr(metadata, "normalizer.strip_accents", bert.lowercase));
  parts.normalizer.steps.emplace_back(bert);
  auto& steps = parts.pre_tokenizer.steps;
  steps.emplace_back(CharClassStep{CharClass::kWhitespace, SplitBehavior::kRemoved});
  steps.emplace_back(CharClassStep{CharClass::kPunctuation, SplitBehavior::kIsolated});
  parts.decoder.steps.emplace_back(MetaspaceDecode{std::string(kMetaSpace), true});
  parts.decoder.steps.emplace_back(WordPieceDecode{/*prefix=*/"", /*cleanup=*/true});
  RETURN_IF_ERROR(SetFrame(metadata, /*add_bos=*/true, false, /*add_sep=*/true, &parts));
  return parts;
}

Result<TokenizerParts> Make(const Metadata& metadata, const std::string& pattern) {
  ASSIGN_OR_RETURN(const std::string model, metadata.GetString(Key("model")));
  if (model == "gpt2") return MakeByteLevel(metadata, pattern);
  if (model == "llama") return MakeSentencePiece(metadata, /*unigram=*/false);
  if (model == "t5") return MakeSentencePiece(metadata, /*unigram=*/true);
  if (model == "bert") return MakeWordPiece(metadata);
  return Error(StatusCode::kUnsupported, "{}: '{}' is not known", Key("model"), model);
}

}  // namespace

Result<TokenizerParts> MakeGgufParts(const Metadata& metadata, const std::string& name,
                                     const std::string& pattern) {
  auto parts = Make(metadata, pattern);
  if (!parts.ok()) return parts.status().WithContext(name);
  return parts;
}

}  // namespace frugal
