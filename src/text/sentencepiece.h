// SentencePiece vocabularies: tokenizer.model files (sentencepiece_model.proto), and the same
// lists of pieces out of a GGUF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer_parts.h"

namespace frugal {

// sentencepiece_model.proto, ModelProto.SentencePiece.Type; GGUF's token types are the same.
enum class PieceType {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

struct SentencePieceModel {
  enum class Kind { kUnigram = 1, kBpe = 2 };
  struct Piece {
    std::string text;  // empty only in a GGUF, for an id that no token has
    float score = 0;
    PieceType type = PieceType::kNormal;
  };
  Kind kind = Kind::kUnigram;
  std::vector<Piece> pieces;  // by id
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool whitespace_is_suffix = false;
  std::string charsmap;            // empty: characters stay as they are
  int32_t bos_id = 1, eos_id = 2;  // −1: none
};

// `name` is the file's, for messages. kCorrupt names the field; kUnsupported for models of words
// or characters, and for denormalisation.
Result<SentencePieceModel> ParseSentencePieceModel(std::string_view bytes, const std::string& name);

// Turns it into a tokenizer. Control and unknown pieces are special tokens. Nothing is put
// around a text yet.
Result<TokenizerParts> MakeSentencePieceParts(const SentencePieceModel& model,
                                              const std::string& name);

}  // namespace frugal
