// A trie over bytes: which of many strings start at a place in a text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/flat_map.h"

namespace frugal {

// Built once, then read-only and safe to share.
class ByteTrie {
 public:
  ByteTrie() : first_(256, 0), values_(1, -1) {}

  // `key` must not be empty, `value` not negative. A key inserted again takes the new value.
  void Insert(std::string_view key, int32_t value);

  bool empty() const { return values_.size() == 1; }
  bool CanStartWith(unsigned char byte) const { return first_[byte] != 0; }

  // A walk from the root: Step() follows one byte, false at a dead end; value() is -1 where no
  // key ends.
  class Walk {
   public:
    explicit Walk(const ByteTrie& trie) : trie_(trie) {}
    bool Step(unsigned char byte) {
      if (node_ == 0) {
        node_ = trie_.first_[byte];
        return node_ != 0;
      }
      const auto* edge = trie_.edges_.Find(static_cast<uint64_t>(node_) << 8 | byte);
      if (edge == nullptr) return false;
      node_ = edge->first;
      return true;
    }
    int32_t value() const { return trie_.values_[node_]; }

   private:
    const ByteTrie& trie_;
    uint32_t node_ = 0;
  };

  struct Match {
    int32_t value = -1;  // -1: no key starts there
    size_t bytes = 0;
  };
  Match Longest(std::string_view text, size_t at) const;

 private:
  std::vector<uint32_t> first_;  // children of the root, by byte; 0: none
  FlatMap64 edges_;              // (node << 8 | byte) → child, for the other nodes
  std::vector<int32_t> values_;  // by node; node 0 is the root
};

}  // namespace frugal
