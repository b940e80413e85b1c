// Hash tables with open addressing for the tokenizers' inner loops: built once, then read-only.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace frugal {

inline uint64_t MixBits(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashBytes(std::string_view bytes) {
  constexpr uint64_t k1 = 0x9E3779B97F4A7C15u, k2 = 0xD6E8FEB86659FD93u;
  uint64_t h = k1 ^ bytes.size();
  const char* p = bytes.data();
  size_t n = bytes.size();
  for (; n > 8; p += 8, n -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = MixBits(h ^ word, k2);
  }
  uint64_t tail = 0;
  if (n > 0) std::memcpy(&tail, p, n);
  return MixBits(h ^ tail, k1);
}

// 64-bit keys to a pair of 32-bit values. The key ~0 is reserved.
class FlatMap64 {
 public:
  struct Entry {
    uint64_t key = kEmpty;
    uint32_t first = 0;
    uint32_t second = 0;
  };

  // Replaces what `key` had.
  void Set(uint64_t key, uint32_t first, uint32_t second) {
    if ((size_ + 1) * 2 > slots_.size()) Grow();
    Entry& entry = slots_[FindSlot(key)];
    if (entry.key == kEmpty) ++size_;
    entry = {key, first, second};
  }

  // Null when absent.
  const Entry* Find(uint64_t key) const {
    if (slots_.empty()) return nullptr;
    const Entry& entry = slots_[FindSlot(key)];
    return entry.key == key ? &entry : nullptr;
  }

  size_t size() const { return size_; }

  // Calls visit(entry) for each, in no order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Entry& entry : slots_) {
      if (entry.key != kEmpty) visit(entry);
    }
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};

  size_t FindSlot(uint64_t key) const {
    size_t slot = MixBits(key ^ 0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu) & (slots_.size() - 1);
    while (slots_[slot].key != kEmpty && slots_[slot].key != key) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  void Grow() {
    std::vector<Entry> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Entry& entry : old) {
      if (entry.key != kEmpty) slots_[FindSlot(entry.key)] = entry;
    }
  }

  std::vector<Entry> slots_;
  size_t size_ = 0;
};

}  // namespace frugal
