// SentencePiece's precompiled_charsmap: a Darts double-array trie from character sequences to
// their replacements (sentencepiece's normalizer.h; darts-clone's darts.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace frugal {

// Immutable; safe to share.
class Charsmap {
 public:
  // `blob`: the trie's size in bytes (uint32, little-endian), its units, then replacement
  // strings that end in NUL. kCorrupt when the sizes disagree, kUnsupported when a replacement
  // is longer than 1 KiB.
  static Result<Charsmap> Parse(std::string_view blob);

  struct Match {
    size_t bytes = 0;  // of the text; 0: nothing matches
    std::string_view replacement;
  };
  Match Longest(std::string_view text, size_t at) const;
  // What Hugging Face's "Precompiled" takes: the replacement of the shortest matching prefix.
  Match Shortest(std::string_view text) const;

  size_t max_replacement_bytes() const { return max_replacement_bytes_; }

 private:
  Match Find(std::string_view text, size_t at, bool longest) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
  size_t max_replacement_bytes_ = 0;
};

}  // namespace frugal
