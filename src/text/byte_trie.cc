#include "text/byte_trie.h"

#include "base/check.h"

namespace frugal {

void ByteTrie::Insert(std::string_view key, int32_t value) {
  CHECK(!key.empty() && value >= 0);
  uint32_t node = 0;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const auto next = static_cast<uint32_t>(values_.size());
    if (node == 0) {
      if (first_[byte] == 0) {
        first_[byte] = next;
        values_.push_back(-1);
      }
      node = first_[byte];
      continue;
    }
    const uint64_t edge = static_cast<uint64_t>(node) << 8 | byte;
    if (const auto* found = edges_.Find(edge)) {
      node = found->first;
    } else {
      edges_.Set(edge, next, 0);
      values_.push_back(-1);
      node = next;
    }
  }
  values_[node] = value;
}

ByteTrie::Match ByteTrie::Longest(std::string_view text, size_t at) const {
  Match best;
  Walk walk(*this);
  for (size_t i = at; i < text.size() && walk.Step(static_cast<unsigned char>(text[i])); ++i) {
    if (walk.value() >= 0) best = {walk.value(), i + 1 - at};
  }
  return best;
}

}  // namespace frugal
