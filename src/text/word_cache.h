// Remembers how words were encoded. One per working thread; bounded; forgets everything at once
// when it is full, which costs little because the common words come back at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 64;

  // Null when the word is not there; else its ids, valid until the next call.
  const std::span<const int32_t>* Find(std::string_view word);

  // Remembers the word last looked for, and not found, with Find().
  void Add(std::string_view word, std::span<const int32_t> ids);

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t word = 0;    // offset in words_
    uint32_t ids = 0;     // offset in ids_
    uint16_t length = 0;  // 0: free
    uint16_t count = 0;
  };

  std::vector<Slot> slots_;
  std::string words_;
  std::vector<int32_t> ids_;
  size_t size_ = 0;
  uint64_t hash_ = 0;  // of the word Find() did not find
  size_t slot_ = 0;
  std::span<const int32_t> found_;
};

// Appends the ids of `word`: from the cache, or by encode(word, temporary).
template <typename Encode>
void EncodeThroughCache(std::string_view word, WordCache* cache, std::vector<int32_t>* temporary,
                        const Encode& encode, std::vector<int32_t>* out) {
  if (word.size() > WordCache::kMaxWordBytes) return encode(word, out);
  if (const auto* ids = cache->Find(word)) {
    out->insert(out->end(), ids->begin(), ids->end());
    return;
  }
  temporary->clear();
  encode(word, temporary);
  cache->Add(word, *temporary);
  out->insert(out->end(), temporary->begin(), temporary->end());
}

}  // namespace frugal
