// WordPiece: the longest piece that starts a word, then the longest that goes on, and so on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/word_cache.h"

namespace frugal {

struct WordPieceScratch {
  WordCache cache;
  std::vector<int32_t> ids;
};

// Immutable once built; safe to share.
struct WordPieceModel {
  ByteTrie starts;               // pieces that may start a word → id
  ByteTrie continuations;        // pieces that may go on, without their "##" → id
  int32_t unk_id = 0;            // for a word that cannot be put together
  int64_t max_characters = 100;  // longer words are unknown

  // Appends the ids of one word (well-formed UTF-8).
  void Encode(std::string_view word, WordPieceScratch* scratch, std::vector<int32_t>* out) const;

 private:
  void EncodeWord(std::string_view word, std::vector<int32_t>* out) const;
};

}  // namespace frugal
