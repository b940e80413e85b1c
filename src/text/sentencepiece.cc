#include "text/sentencepiece.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "text/protobuf_wire.h"
#include "text/unicode.h"

namespace frugal {
namespace {

using Piece = SentencePieceModel::Piece;

Status BadField(const char* field) {
  return Error(StatusCode::kCorrupt, "{}: not of the type SentencePiece gives it", field);
}

Status Broken(const char* message, const WireReader& reader) {
  return Error(StatusCode::kCorrupt, "{} breaks off or is no protocol buffer at byte {}", message,
               reader.offset());
}

Status ReadPiece(std::string_view bytes, Piece* piece) {
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 1) {
      if (field.type != WireField::Type::kBytes) return BadField("piece");
      piece->text = field.bytes;
    } else if (field.number == 2) {
      if (field.type != WireField::Type::kFixed32) return BadField("score");
      piece->score = std::bit_cast<float>(static_cast<uint32_t>(field.value));
    } else if (field.number == 3) {
      if (field.type != WireField::Type::kVarint || field.value < 1 || field.value > 6) {
        return BadField("type");
      }
      piece->type = static_cast<PieceType>(field.value);
    }
  }
  if (!reader.ok()) return Broken("the piece", reader);
  if (piece->text.empty()) return Error(StatusCode::kCorrupt, "piece: it is empty");
  if (!std::isfinite(piece->score)) return Error(StatusCode::kCorrupt, "score: it is not finite");
  return OkStatus();
}

Status ReadTrainerSpec(std::string_view bytes, SentencePieceModel* model) {
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    const bool known = field.number == 3 || field.number == 24 || field.number == 35 ||
                       field.number == 41 || field.number == 42;
    if (!known) continue;
    if (field.type != WireField::Type::kVarint) return BadField("trainer_spec");
    const auto id = static_cast<int32_t>(static_cast<uint32_t>(field.value));
    if (field.number == 3) {
      if (field.value != 1 && field.value != 2) {
        return Error(StatusCode::kUnsupported,
                     "trainer_spec.model_type: expected 1 (unigram) or 2 (BPE), found {}",
                     field.value);
      }
      model->kind = static_cast<SentencePieceModel::Kind>(field.value);
    } else if (field.number == 24) {
      model->whitespace_is_suffix = field.value != 0;
    } else if (field.number == 35) {
      model->byte_fallback = field.value != 0;
    } else if (field.number == 41) {
      model->bos_id = id;
    } else {
      model->eos_id = id;
    }
  }
  return reader.ok() ? OkStatus() : Broken("trainer_spec", reader);
}

Status ReadNormalizerSpec(std::string_view bytes, SentencePieceModel* model) {
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 2) {
      if (field.type != WireField::Type::kBytes) {
        return BadField("normalizer_spec.precompiled_charsmap");
      }
      model->charsmap = field.bytes;
      continue;
    }
    if (field.number < 3 || field.number > 5) continue;
    if (field.type != WireField::Type::kVarint) return BadField("normalizer_spec");
    bool* flag = field.number == 3   ? &model->add_dummy_prefix
                 : field.number == 4 ? &model->remove_extra_whitespaces
                                     : &model->escape_whitespaces;
    *flag = field.value != 0;
  }
  return reader.ok() ? OkStatus() : Broken("normalizer_spec", reader);
}

Status CheckDenormalizer(std::string_view bytes) {
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == 2 && !field.bytes.empty()) {
      return Error(StatusCode::kUnsupported, "denormalizer_spec: rewriting of decoded text");
    }
  }
  return reader.ok() ? OkStatus() : Broken("denormalizer_spec", reader);
}

// The byte that "<0xXX>" stands for, or −1.
int ByteOf(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const int high = digit(text[3]), low = digit(text[4]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

// Whether text can become this piece: the library keeps the others in a table of their own.
bool IsText(PieceType type) {
  return type == PieceType::kNormal || type == PieceType::kUserDefined ||
         type == PieceType::kUnused;
}

std::string Place(const std::string& name, size_t id) {
  return fmt::format("{}: pieces[{}]", name, id);
}

Status BuildBpe(const SentencePieceModel& model, const std::string& name, TokenizerParts* parts,
                int32_t unk_id, const std::array<int32_t, 256>& byte_ids) {
  BpeModel bpe;
  bpe.alphabet = BpeModel::Alphabet::kPieces;
  bpe.vocab_size = static_cast<int32_t>(model.pieces.size());
  bpe.byte_fallback = model.byte_fallback;
  bpe.fuse_unk = true;
  bpe.unk_id = unk_id;
  bpe.byte_ids = byte_ids;
  std::vector<float> scores;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (!IsText(piece.type) || piece.text.empty()) continue;
    if (!bpe.tokens.Insert(piece.text, static_cast<int32_t>(id))) {
      return Error(StatusCode::kCorrupt, "{}: '{}' is there twice", Place(name, id), piece.text);
    }
    scores.push_back(piece.score);
    if (piece.type == PieceType::kUnused) bpe.SetUnused(static_cast<int32_t>(id));
  }
  // The best score is merged first, the leftmost of equals: exactly as with ranks.
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (!IsText(piece.type) || piece.text.empty()) continue;
    const auto rank =
        std::lower_bound(scores.begin(), scores.end(), piece.score, std::greater<>()) -
        scores.begin();
    const Status status = bpe.AddAllMerges(piece.text, static_cast<uint32_t>(rank));
    if (!status.ok()) return status.WithContext(Place(name, id));
  }
  bpe.Finish();
  parts->model = std::move(bpe);
  return OkStatus();
}

Status BuildUnigram(const SentencePieceModel& model, const std::string& name, TokenizerParts* parts,
                    int32_t unk_id, const std::array<int32_t, 256>& byte_ids) {
  UnigramModel unigram;
  unigram.single_precision = true;
  unigram.byte_fallback = model.byte_fallback;
  unigram.unk_id = unk_id;
  unigram.byte_ids = byte_ids;
  float lowest = std::numeric_limits<float>::max();
  float highest = std::numeric_limits<float>::min();  // the library starts there, too
  for (const Piece& piece : model.pieces) {
    if (piece.type != PieceType::kNormal) continue;
    lowest = std::min(lowest, piece.score);
    highest = std::max(highest, piece.score);
  }
  unigram.unk_score = lowest - 10.0f;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (piece.type != PieceType::kNormal && piece.type != PieceType::kUserDefined) continue;
    if (piece.text.empty()) continue;
    // User-defined symbols get a score that beats any other way to write them.
    const double score = piece.type == PieceType::kUserDefined
                             ? static_cast<float>(piece.text.size()) * highest - 0.1
                             : piece.score;
    const Status status = unigram.AddPiece(piece.text, static_cast<int32_t>(id), score);
    if (!status.ok()) return status.WithContext(Place(name, id));
  }
  parts->model = std::move(unigram);
  return OkStatus();
}

}  // namespace

Result<SentencePieceModel> ParseSentencePieceModel(std::string_view bytes,
                                                   const std::string& name) {
  SentencePieceModel model;
  WireReader reader(bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (field.number < 1 || field.number > 5 || field.number == 4) continue;
    if (field.type != WireField::Type::kBytes) {
      return Error(StatusCode::kCorrupt, "{}: field {} of the model is no message", name,
                   field.number);
    }
    Status status;
    if (field.number == 1) {
      model.pieces.emplace_back();
      status = ReadPiece(field.bytes, &model.pieces.back())
                   .WithContext(fmt::format("pieces[{}]", model.pieces.size() - 1));
    } else if (field.number == 2) {
      status = ReadTrainerSpec(field.bytes, &model);
    } else if (field.number == 3) {
      status = ReadNormalizerSpec(field.bytes, &model);
    } else {
      status = CheckDenormalizer(field.bytes);
    }
    if (!status.ok()) return status.WithContext(name);
  }
  if (!reader.ok()) {
    return Broken("the SentencePiece model", reader).WithContext(name);
  }
  if (model.pieces.empty()) {
    return Error(StatusCode::kCorrupt, "{}: pieces: there are none; is this a tokenizer file?",
                 name);
  }
  return model;
}

Result<TokenizerParts> MakeSentencePieceParts(const SentencePieceModel& model,
                                              const std::string& name) {
  TokenizerParts parts;
  parts.listed = model.pieces.size();
  parts.texts.reserve(model.pieces.size());
  int32_t unk_id = -1;
  std::array<int32_t, 256> byte_ids;
  byte_ids.fill(-1);
  auto user_defined = std::make_shared<ByteTrie>();
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    const std::string place = Place(name, id);
    RETURN_IF_ERROR(SetToken(static_cast<int64_t>(id), piece.text, place, &parts));
    AddedToken token;
    token.id = static_cast<int32_t>(id);
    token.content = piece.text;
    if (piece.type == PieceType::kUnknown) {
      if (unk_id >= 0) return Error(StatusCode::kCorrupt, "{}: a second unknown piece", place);
      unk_id = static_cast<int32_t>(id);
    }
    if (piece.type == PieceType::kUnknown || piece.type == PieceType::kControl) {
      token.special = true;
      parts.added_tokens.push_back(token);
    } else if (piece.type == PieceType::kByte) {
      const int byte = ByteOf(piece.text);
      if (byte < 0) {
        return Error(StatusCode::kCorrupt, "{}: byte piece '{}' is not of the form <0xXX>", place,
                     piece.text);
      }
      byte_ids[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
    } else if (piece.type == PieceType::kUserDefined && !piece.text.empty()) {
      if (ValidUtf8Prefix(piece.text) == piece.text.size()) {
        user_defined->Insert(piece.text, static_cast<int32_t>(id));
      }
      // BPE cuts the normalised text at them; a unigram model finds them itself.
      if (model.kind == SentencePieceModel::Kind::kBpe) {
        token.normalized = true;
        parts.added_tokens.push_back(token);
      }
    }
  }
  if (unk_id < 0) return Error(StatusCode::kCorrupt, "{}: no piece is the unknown one", name);
  if (model.byte_fallback && std::find(byte_ids.begin(), byte_ids.end(), -1) != byte_ids.end()) {
    return Error(StatusCode::kCorrupt, "{}: byte_fallback without a piece for every byte", name);
  }

  SentencePieceStep step;
  step.add_dummy_prefix = model.add_dummy_prefix;
  step.remove_extra_whitespaces = model.remove_extra_whitespaces;
  step.escape_whitespaces = model.escape_whitespaces;
  step.whitespace_is_suffix = model.whitespace_is_suffix;
  if (!user_defined->empty()) step.user_defined = user_defined;
  if (!model.charsmap.empty()) {
    auto map = Charsmap::Parse(model.charsmap);
    if (!map.ok()) {
      return map.status().WithContext(
          fmt::format("{}: normalizer_spec.precompiled_charsmap", name));
    }
    step.map = std::make_shared<const Charsmap>(*std::move(map));
  }
  parts.normalizer.steps.emplace_back(std::move(step));
  parts.added_tokens_verbatim = true;

  ReplaceDecode spaces;
  spaces.text = kMetaSpace;
  spaces.content = " ";
  parts.decoder.steps.emplace_back(std::move(spaces));
  if (model.byte_fallback) parts.decoder.steps.emplace_back(ByteFallbackDecode{});
  parts.decoder.replace_each_byte = true;
  if (model.add_dummy_prefix || model.remove_extra_whitespaces) {
    parts.decoder.strip = " ";
    parts.decoder.strip_start =
        model.remove_extra_whitespaces ? std::numeric_limits<int64_t>::max() : 1;
  }

  RETURN_IF_ERROR(model.kind == SentencePieceModel::Kind::kBpe
                      ? BuildBpe(model, name, &parts, unk_id, byte_ids)
                      : BuildUnigram(model, name, &parts, unk_id, byte_ids));
  auto role = [&](int32_t id) {
    return id >= 0 && static_cast<size_t>(id) < model.pieces.size() ? std::optional<int32_t>(id)
                                                                    : std::nullopt;
  };
  parts.bos = role(model.bos_id);
  parts.eos = role(model.eos_id);
  return parts;
}

}  // namespace frugal
