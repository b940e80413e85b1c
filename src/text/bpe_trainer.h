// Training of a byte-level BPE vocabulary (Sennrich et al., arXiv:1508.07909, over bytes as GPT-2
// has it): again and again the pair of neighbouring symbols that occurs most often becomes a symbol
// of its own.
//
// Gives the merges that Hugging Face's `tokenizers` gives for the same words, ties included: of
// equally frequent pairs the one with the smaller ids comes first.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "text/word_counts.h"

namespace frugal {

struct BpeTrainerOptions {
  int64_t vocab_size = 0;                   // special tokens and the 256 bytes included
  int64_t min_frequency = 0;                // a pair that occurs less often is not merged
  std::vector<std::string> special_tokens;  // get the first ids, in this order
  // Called now and then with the number of tokens there are.
  std::function<void(int64_t tokens)> progress;
};

struct TrainedBpe {
  std::vector<std::string> tokens;  // by id; special tokens, bytes and merged ones in their
                                    // printable form (byte_level.h)
  std::vector<std::pair<int32_t, int32_t>> merges;  // by rank
};

// kInvalidArgument for a vocabulary without room for special tokens and bytes, for special tokens
// that are empty, repeated, not UTF-8 or spell a byte, and for a vocabulary larger than the words
// give: the message says how large it can be.
Result<TrainedBpe> TrainBpe(const WordCounts& words, const BpeTrainerOptions& options);

}  // namespace frugal
