#include "text/hf_tokenizer.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "text/byte_level.h"
#include "text/hf_fields.h"
#include "text/hf_id_steps.h"
#include "text/hf_text_steps.h"
#include "text/split_patterns.h"
#include "text/unicode.h"

namespace frugal {
namespace {

using nlohmann::json;

bool IsByteToken(std::string_view text, int* byte) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return false;
  int value = 0;
  for (const char c : text.substr(3, 2)) {
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (c >= 'A' && c <= 'F') {
      value = value * 16 + (c - 'A' + 10);
    } else {
      return false;
    }
  }
  *byte = value;
  return true;
}

Status SetVocabulary(const HfDocument& document, TokenizerParts* parts) {
  parts->listed = document.vocab.size();
  for (const HfDocument::Entry& entry : document.vocab) {
    RETURN_IF_ERROR(
        SetToken(entry.id, entry.text, fmt::format("model.vocab['{}']", entry.text), parts));
  }
  return OkStatus();
}

Result<int32_t> UnkId(const json& model, const HfDocument& document, bool required) {
  if (FindField(model, "unk_token") == nullptr && !required) return -1;
  ASSIGN_OR_RETURN(const std::string unk, StringFieldOr(model, "unk_token", "model", "[UNK]"));
  for (const HfDocument::Entry& entry : document.vocab) {
    if (entry.text == unk) return static_cast<int32_t>(entry.id);
  }
  return Error(StatusCode::kCorrupt, "model.unk_token: '{}' is not in the vocabulary", unk);
}

// Whether words can be given to the model as the bytes they are: the text is in byte-level form
// when it comes to the model, every byte is a token, and nothing in the model looks at characters.
bool CanUseBytes(const BpeModel& bpe, const TokenizerParts& parts, const HfDocument& document) {
  int byte_level_steps = 0;
  for (const NormalizerStep& step : parts.normalizer.steps) {
    byte_level_steps += std::holds_alternative<ByteLevelStep>(step) ? 1 : 0;
  }
  for (const PreTokenizerStep& step : parts.pre_tokenizer.steps) {
    byte_level_steps += std::holds_alternative<ToByteLevelStep>(step) ? 1 : 0;
    if (std::holds_alternative<MetaspaceStep>(step) && byte_level_steps > 0) return false;
  }
  if (byte_level_steps != 1 || !bpe.continuing_prefix.empty() || !bpe.end_of_word_suffix.empty()) {
    return false;
  }
  size_t bytes = 0;
  for (const HfDocument::Entry& entry : document.vocab) {
    const auto raw = entry.text.size() <= 2 ? FromByteLevel(entry.text) : std::nullopt;
    bytes += raw && raw->size() == 1 ? 1 : 0;
  }
  return bytes == 256;
}

// Takes the text back from byte-level form at the end, or does not put it there at all.
void DropByteLevel(PreTokenizer* pre_tokenizer) {
  auto& steps = pre_tokenizer->steps;
  if (!steps.empty() && std::holds_alternative<ToByteLevelStep>(steps.back())) {
    steps.pop_back();
  } else {
    steps.emplace_back(FromByteLevelStep{});
  }
}

Status BuildBpe(const json& model, const HfDocument& document, TokenizerParts* parts) {
  if (!document.has_merges) return Error(StatusCode::kCorrupt, "model.merges is missing");
  if (document.vocab_is_list) {
    return Error(StatusCode::kCorrupt, "model.vocab: expected an object, found a list");
  }
  if (FindField(model, "dropout") != nullptr && model["dropout"] != 0.0) {
    return Error(StatusCode::kUnsupported, "model.dropout: encoding at random is for training");
  }
  BpeModel bpe;
  ASSIGN_OR_RETURN(bpe.continuing_prefix,
                   StringFieldOr(model, "continuing_subword_prefix", "model", ""));
  ASSIGN_OR_RETURN(bpe.end_of_word_suffix, StringFieldOr(model, "end_of_word_suffix", "model", ""));
  ASSIGN_OR_RETURN(bpe.fuse_unk, BoolFieldOr(model, "fuse_unk", "model", false));
  ASSIGN_OR_RETURN(bpe.byte_fallback, BoolFieldOr(model, "byte_fallback", "model", false));
  ASSIGN_OR_RETURN(bpe.ignore_merges, BoolFieldOr(model, "ignore_merges", "model", false));
  ASSIGN_OR_RETURN(bpe.unk_id, UnkId(model, document, /*required=*/false));
  RETURN_IF_ERROR(SetVocabulary(document, parts));
  bpe.vocab_size = static_cast<int32_t>(parts->texts.size());

  const bool bytes = CanUseBytes(bpe, *parts, document);
  bpe.alphabet = bytes ? BpeModel::Alphabet::kBytes : BpeModel::Alphabet::kCharacters;
  if (bytes) DropByteLevel(&parts->pre_tokenizer);
  // A token whose text is not byte-level stands in the vocabulary, but words never match it.
  auto key = [bytes](const std::string& text) -> std::optional<std::string> {
    return bytes ? FromByteLevel(text) : text;
  };
  for (const HfDocument::Entry& entry : document.vocab) {
    const auto text = key(entry.text);
    if (!text || text->empty()) continue;
    const auto id = static_cast<int32_t>(entry.id);
    if (!bpe.tokens.Insert(*text, id)) {
      return Error(StatusCode::kCorrupt, "model.vocab: token '{}' is there twice", entry.text);
    }
    int byte = 0;
    if (bytes && text->size() == 1) {
      bpe.byte_ids[static_cast<unsigned char>((*text)[0])] = id;
    } else if (!bytes && IsByteToken(*text, &byte)) {
      bpe.byte_ids[static_cast<size_t>(byte)] = id;
    }
  }
  for (size_t i = 0; i < document.merges.size(); ++i) {
    const auto& [left, right] = document.merges[i];
    const auto left_key = key(left), right_key = key(right);
    if (!left_key || !right_key || !bpe.AddMerge(*left_key, *right_key, static_cast<uint32_t>(i))) {
      return Error(StatusCode::kCorrupt,
                   "model.merges[{}]: '{}' + '{}' does not join two tokens to a third", i, left,
                   right);
    }
  }
  bpe.Finish();
  parts->model = std::move(bpe);
  return OkStatus();
}

Status BuildUnigram(const json& model, const HfDocument& document, TokenizerParts* parts) {
  if (!document.vocab_is_list) {
    return Error(StatusCode::kCorrupt, "model.vocab: expected a list, found an object");
  }
  UnigramModel unigram;
  RETURN_IF_ERROR(SetVocabulary(document, parts));
  ASSIGN_OR_RETURN(const int64_t unk, IntFieldOr(model, "unk_id", "model", -1));
  if (unk < -1 || unk >= static_cast<int64_t>(document.vocab.size())) {
    return Error(StatusCode::kCorrupt, "model.unk_id: {} is out of range for {} pieces", unk,
                 document.vocab.size());
  }
  unigram.unk_id = static_cast<int32_t>(unk);
  ASSIGN_OR_RETURN(unigram.byte_fallback, BoolFieldOr(model, "byte_fallback", "model", false));
  double lowest = std::numeric_limits<double>::infinity();
  for (const HfDocument::Entry& entry : document.vocab) {
    lowest = std::min(lowest, entry.score);
    if (entry.text.empty()) continue;
    const auto id = static_cast<int32_t>(entry.id);
    const Status status = unigram.AddPiece(entry.text, id, entry.score);
    if (!status.ok()) return status.WithContext(fmt::format("model.vocab[{}]", entry.id));
    int byte = 0;
    if (IsByteToken(entry.text, &byte)) unigram.byte_ids[static_cast<size_t>(byte)] = id;
  }
  unigram.unk_score = lowest - 10;
  parts->model = std::move(unigram);
  return OkStatus();
}

Status BuildWordPiece(const json& model, const HfDocument& document, TokenizerParts* parts) {
  if (document.vocab_is_list) {
    return Error(StatusCode::kCorrupt, "model.vocab: expected an object, found a list");
  }
  WordPieceModel wordpiece;
  RETURN_IF_ERROR(SetVocabulary(document, parts));
  ASSIGN_OR_RETURN(wordpiece.unk_id, UnkId(model, document, /*required=*/true));
  ASSIGN_OR_RETURN(wordpiece.max_characters,
                   IntFieldOr(model, "max_input_chars_per_word", "model", 100));
  ASSIGN_OR_RETURN(const std::string prefix,
                   StringFieldOr(model, "continuing_subword_prefix", "model", "##"));
  for (const HfDocument::Entry& entry : document.vocab) {
    if (entry.text.empty()) continue;
    const auto id = static_cast<int32_t>(entry.id);
    wordpiece.starts.Insert(entry.text, id);
    if (entry.text.starts_with(prefix) && entry.text.size() > prefix.size()) {
      wordpiece.continuations.Insert(std::string_view(entry.text).substr(prefix.size()), id);
    }
  }
  parts->model = std::move(wordpiece);
  return OkStatus();
}

Status ReadAddedTokens(const json& root, TokenizerParts* parts) {
  const json* list = FindField(root, "added_tokens");
  if (list == nullptr) return OkStatus();
  if (!list->is_array()) return WrongType(*list, "added_tokens", "a list");
  parts->listed += list->size();
  std::vector<bool> seen;
  for (size_t i = 0; i < list->size(); ++i) {
    const json& entry = (*list)[i];
    const std::string path = fmt::format("added_tokens[{}]", i);
    RETURN_IF_ERROR(ExpectObject(entry, path));
    AddedToken token;
    ASSIGN_OR_RETURN(const int64_t id, IntFieldOr(entry, "id", path, -1));
    ASSIGN_OR_RETURN(token.content, StringField(entry, "content", path));
    ASSIGN_OR_RETURN(token.single_word, BoolFieldOr(entry, "single_word", path, false));
    ASSIGN_OR_RETURN(token.lstrip, BoolFieldOr(entry, "lstrip", path, false));
    ASSIGN_OR_RETURN(token.rstrip, BoolFieldOr(entry, "rstrip", path, false));
    ASSIGN_OR_RETURN(token.special, BoolFieldOr(entry, "special", path, false));
    ASSIGN_OR_RETURN(token.normalized, BoolFieldOr(entry, "normalized", path, !token.special));
    if (id < 0 || id > INT32_MAX) {
      return Error(StatusCode::kCorrupt, "{}.id: {} is out of range", path, id);
    }
    token.id = static_cast<int32_t>(id);
    RETURN_IF_ERROR(AddAddedToken(token, path, parts));
    if (seen.size() < parts->texts.size()) seen.resize(parts->texts.size(), false);
    if (seen[static_cast<size_t>(id)]) {
      return Error(StatusCode::kCorrupt, "{}.id: {} is there twice", path, id);
    }
    seen[static_cast<size_t>(id)] = true;
  }
  return OkStatus();
}

std::string ModelType(const json& model, const HfDocument& document) {
  const json* type = FindField(model, "type");
  if (type != nullptr && type->is_string()) return type->get<std::string>();
  // Files from before there was a type.
  if (document.vocab_is_list) return "Unigram";
  return document.has_merges ? "BPE" : "WordPiece";
}

Status Build(const HfDocument& document, TokenizerParts* parts) {
  const json& root = *document.root;
  RETURN_IF_ERROR(ExpectObject(root, "the file"));
  const json* model = FindField(root, "model");
  if (model == nullptr) {
    return Error(StatusCode::kCorrupt, "model is missing; is this a tokenizer.json?");
  }
  RETURN_IF_ERROR(ExpectObject(*model, "model"));
  if (!document.has_vocab) return Error(StatusCode::kCorrupt, "model.vocab is missing");
  const json null;
  auto field = [&](const char* key) -> const json& {
    const json* found = FindField(root, key);
    return found == nullptr ? null : *found;
  };
  ASSIGN_OR_RETURN(parts->normalizer, ParseNormalizer(field("normalizer")));
  ASSIGN_OR_RETURN(parts->pre_tokenizer, ParsePreTokenizer(field("pre_tokenizer")));
  ASSIGN_OR_RETURN(TokenFrame frame, ParsePostProcessor(field("post_processor")));
  ASSIGN_OR_RETURN(parts->decoder, ParseDecoder(field("decoder")));
  const std::string type = ModelType(*model, document);
  if (type == "BPE") {
    RETURN_IF_ERROR(BuildBpe(*model, document, parts));
  } else if (type == "Unigram") {
    RETURN_IF_ERROR(BuildUnigram(*model, document, parts));
  } else if (type == "WordPiece") {
    RETURN_IF_ERROR(BuildWordPiece(*model, document, parts));
  } else {
    return Error(StatusCode::kUnsupported, "model.type: '{}' is not known", type);
  }
  RETURN_IF_ERROR(ReadAddedTokens(root, parts));
  for (const auto* ids : {&frame.prefix, &frame.suffix}) {
    for (const int32_t id : *ids) {
      if (static_cast<size_t>(id) >= parts->texts.size()) {
        return Error(StatusCode::kCorrupt, "post_processor: token id {} is not in the vocabulary",
                     id);
      }
    }
  }
  parts->prefix = std::move(frame.prefix);
  parts->suffix = std::move(frame.suffix);
  return OkStatus();
}

}  // namespace

Result<TokenizerParts> ParseHfTokenizer(const std::string& text, const std::string& name) {
  ASSIGN_OR_RETURN(const HfDocument document, ParseHfDocument(text, name));
  TokenizerParts parts;
  const Status status = Build(document, &parts);
  if (!status.ok()) return status.WithContext(name);
  return parts;
}

Result<TokenizerParts> ParseVocabMerges(const std::string& vocab, const std::string& merges,
                                        const std::string& pattern, const std::string& directory) {
  ASSIGN_OR_RETURN(HfDocument document, ParseVocabJson(vocab, directory + "/vocab.json"));
  const std::string name = directory + "/merges.txt";
  size_t line_number = 0;
  for (size_t at = 0; at < merges.size();) {
    const size_t end = std::min(merges.find('\n', at), merges.size());
    std::string_view line(merges.data() + at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    ++line_number;
    if (line.empty() || line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      return Error(StatusCode::kCorrupt,
                   "{}: line {}: expected two tokens with one space between, found '{}'", name,
                   line_number, line);
    }
    document.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  document.has_merges = true;
  TokenizerParts parts;
  auto split = SplitAtMatches(pattern, RegexDialect::kFancy);
  if (!split.ok()) return split.status().WithContext("pattern");
  parts.pre_tokenizer.steps.emplace_back(*std::move(split));
  parts.pre_tokenizer.steps.emplace_back(ToByteLevelStep{});
  parts.decoder.steps.emplace_back(ByteLevelDecode{});
  const Status status = BuildBpe(json::object(), document, &parts);
  if (!status.ok()) return status.WithContext(directory + " (vocab.json, merges.txt)");
  return parts;
}

std::string VocabMergesPattern(const std::string& tokenizer_class, const std::string& model_type,
                               bool* nfc) {
  auto is = [](std::string_view name, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  *nfc = false;
  if (is(tokenizer_class, {"Qwen2Tokenizer", "Qwen2TokenizerFast"}) ||
      (tokenizer_class.empty() && is(model_type, {"qwen2", "qwen2_moe", "qwen3", "qwen3_moe"}))) {
    *nfc = true;
    return std::string(kQwen2Pattern);
  }
  if (is(tokenizer_class,
         {"GPT2Tokenizer", "GPT2TokenizerFast", "RobertaTokenizer", "RobertaTokenizerFast",
          "BartTokenizer", "BartTokenizerFast", "CodeGenTokenizer", "CodeGenTokenizerFast"}) ||
      (tokenizer_class.empty() && is(model_type, {"gpt2", "roberta", "bart", "opt", "codegen"}))) {
    return std::string(kGpt2Pattern);
  }
  return "";
}

}  // namespace frugal
