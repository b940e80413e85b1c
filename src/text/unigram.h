// Unigram language model segmentation: the way through a text with the best sum of scores.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/byte_trie.h"
#include "text/word_cache.h"

namespace frugal {

struct UnigramScratch {
  struct Node {
    double score = 0;
    uint32_t start = 0;  // of the piece that ends here
    int32_t id = -1;     // -1: nothing ends here; -2: an unknown character does
  };
  WordCache cache;
  std::vector<Node> nodes;
  std::vector<int32_t> path;
  std::vector<int32_t> ids;
};

// Immutable once built; safe to share.
struct UnigramModel {
  // SentencePiece adds scores up in float, Hugging Face in double; long texts show it.
  bool single_precision = false;
  bool byte_fallback = false;
  int32_t unk_id = -1;                // -1: unknown characters vanish
  std::array<int32_t, 256> byte_ids;  // of "<0xXX>"; -1: none
  double unk_score = 0;               // the lowest score − 10

  UnigramModel() { byte_ids.fill(-1); }

  // A piece that may be chosen. One added again takes the new id and score.
  // kUnsupported for a piece over 4 KiB.
  Status AddPiece(std::string_view piece, int32_t id, double score);

  // Appends the ids of one piece of the pre-tokenizer (well-formed UTF-8).
  void Encode(std::string_view text, UnigramScratch* scratch, std::vector<int32_t>* out) const;

 private:
  template <typename Score>
  void BestPath(std::string_view text, UnigramScratch* scratch) const;
  void EncodePiece(std::string_view text, UnigramScratch* scratch, std::vector<int32_t>* out) const;

  ByteTrie trie_;
  std::vector<double> scores_;  // by id
};

}  // namespace frugal
