// Byte pair encoding, in the three forms checkpoints use: over bytes (GPT-2, tiktoken), over
// characters with merge rules (tokenizer.json), and over characters with scores (SentencePiece).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "text/flat_map.h"
#include "text/token_map.h"
#include "text/word_cache.h"

namespace frugal {

// What one thread needs while it encodes with one model.
struct BpeScratch {
  WordCache cache;
  std::vector<uint32_t> symbols;
  std::vector<uint64_t> heap;            // rank << 32 | position, least first
  std::vector<uint32_t> previous, next;  // neighbours, for long words
  // SentencePiece's unused pieces, and what they were last made of.
  std::unordered_map<uint32_t, std::pair<uint32_t, uint32_t>> unused_from;
  std::vector<int32_t> ids;
};

// Joins two tokens to a third.
struct BpeRule {
  int32_t left = -1;
  int32_t right = -1;
  int32_t token = -1;
  uint32_t rank = 0;
};

// Immutable once built; safe to share.
struct BpeModel {
  enum class Alphabet {
    kBytes,       // words are bytes; every byte is a symbol
    kCharacters,  // words are UTF-8; unknown characters become bytes or unknown before merging
    kPieces,      // SentencePiece: the same, after merging
  };

  Alphabet alphabet = Alphabet::kBytes;
  TokenMap tokens;  // a token's bytes (kBytes) or text → id
  int32_t vocab_size = 0;
  std::array<int32_t, 256> byte_ids;  // kBytes: of single bytes; else: of "<0xXX>"; -1: none
  bool byte_fallback = false;
  bool fuse_unk = false;
  bool ignore_merges = false;      // a word that is a token is that token
  int32_t unk_id = -1;             // -1: unknown characters vanish
  std::string continuing_prefix;   // stands before every character of a word but the first
  std::string end_of_word_suffix;  // stands after the last one

  BpeModel() { byte_ids.fill(-1); }

  // The rule with the lowest rank is applied first, the leftmost of equals. A pair given again
  // takes the new rank. `left` and `right` are token texts (bytes, for kBytes) in `tokens`; false
  // when one of them, or what they make, is no token.
  bool AddMerge(std::string_view left, std::string_view right, uint32_t rank);

  // Every way to join two symbols into `token`, at that rank: for vocabularies that come with
  // ranks or scores instead of rules. kUnsupported for a token over 4 KiB.
  Status AddAllMerges(std::string_view token, uint32_t rank);

  // SentencePiece's UNUSED pieces may be merged through, but are taken apart again at the end.
  void SetUnused(int32_t id);

  // To be called when everything is set.
  void Finish();

  // All rules, by rank.
  std::vector<BpeRule> AllRules() const;

  // Likewise, but where several ways to make a token share its rank (AddAllMerges), only the one
  // that the rules of lower rank leave of its bytes, as the converters of ranked vocabularies write
  // it; none where they leave more than two symbols. For kBytes; `bytes` are the tokens' by id.
  std::vector<BpeRule> Rules(const std::vector<std::string>& bytes) const;

  // Appends the ids of one word (one piece of the pre-tokenizer).
  void Encode(std::string_view word, BpeScratch* scratch, std::vector<int32_t>* out) const;

 private:
  void EncodeWord(std::string_view word, BpeScratch* scratch, std::vector<int32_t>* out) const;
  void Characters(std::string_view word, std::vector<uint32_t>* symbols) const;
  void MergeShort(BpeScratch* scratch) const;
  void MergeLong(BpeScratch* scratch) const;
  void OutputPieces(std::string_view word, BpeScratch* scratch, std::vector<int32_t>* out) const;
  const FlatMap64::Entry* FindMerge(uint32_t left, uint32_t right, BpeScratch* scratch) const;
  void InsertMerge(uint32_t left, uint32_t right, uint32_t rank, int32_t id,
                   std::string_view left_text, std::string_view right_text);
  // kPieces: the symbol of one character, which need not be a token.
  uint32_t CharacterSymbol(std::string_view character) const;

  FlatMap64 merges_;  // left << 32 | right → rank, id
  TokenMap hidden_;   // kPieces: characters that are no tokens but occur in some; ids continue
                      // where the vocabulary ends
  std::vector<uint32_t> piece_bytes_;  // kPieces: by id
  std::vector<bool> unused_;           // by id; empty when there are none
  bool crosses_metaspace_ = false;     // some merge joins …x and ▁…
  bool split_at_metaspace_ = false;
};

// Where an exact encoding may cut a text that is one long word: at every ▁ after something else.
// Gives the end of the word that starts at `begin`.
size_t MetaspaceWordEnd(std::string_view text, size_t begin);

}  // namespace frugal
