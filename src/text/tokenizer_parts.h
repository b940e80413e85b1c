// What a loader reads out of a file, whatever the container: everything a Tokenizer consists of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalizer.h"
#include "text/pretokenizer.h"
#include "text/token_decoder.h"
#include "text/tokenizer.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

namespace frugal {

struct TokenizerParts {
  // Stored texts by id; ids that no token has are empty. Filled by SetToken().
  std::vector<std::string> texts;
  // How many tokens the file lists: ids may leave gaps, but not out of proportion to it, since
  // every id takes memory.
  size_t listed = 0;
  std::vector<AddedToken> added_tokens;  // their text also stands in `texts`
  // Added tokens that are `normalized` are looked for as they stand, not in normalised form
  // (SentencePiece's dummy prefix is no part of them).
  bool added_tokens_verbatim = false;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::variant<BpeModel, UnigramModel, WordPieceModel> model;
  TokenDecoder decoder;
  std::vector<int32_t> prefix, suffix;  // what add_special puts around a text
  std::optional<int32_t> bos, eos;
};

// Notes that `id` has this text. kCorrupt when the id is out of range or has another text;
// `field` names the place in the file.
Status SetToken(int64_t id, std::string_view text, const std::string& field, TokenizerParts* parts);

// SetToken() and an entry in parts->added_tokens. Once per id.
Status AddAddedToken(const AddedToken& token, const std::string& field, TokenizerParts* parts);

// Finds out what `path` holds (see Tokenizer::Load) and reads it.
Result<TokenizerParts> LoadTokenizerParts(const std::string& path, const TokenizerOptions& options);

// What every loader ends with. kUnsupported when the normaliser could make a text
// disproportionately long.
Result<Tokenizer> MakeTokenizer(TokenizerParts parts);

}  // namespace frugal
