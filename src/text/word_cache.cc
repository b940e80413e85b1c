#include "text/word_cache.h"

#include <cstring>

#include "text/flat_map.h"

namespace frugal {
namespace {

constexpr size_t kFirstSlots = 1 << 10;  // a short prompt should not pay for a big table
constexpr size_t kMaxSlots = 1 << 17;    // 4 MiB; about 50,000 words fill it

}  // namespace

const std::span<const int32_t>* WordCache::Find(std::string_view word) {
  if (slots_.empty()) slots_.resize(kFirstSlots);
  hash_ = HashBytes(word);
  slot_ = hash_ & (slots_.size() - 1);
  while (slots_[slot_].length > 0) {
    const Slot& slot = slots_[slot_];
    if (slot.hash == hash_ && slot.length == word.size() &&
        std::memcmp(words_.data() + slot.word, word.data(), word.size()) == 0) {
      found_ = {ids_.data() + slot.ids, slot.count};
      return &found_;
    }
    slot_ = (slot_ + 1) & (slots_.size() - 1);
  }
  return nullptr;
}

void WordCache::Add(std::string_view word, std::span<const int32_t> ids) {
  if (word.empty() || word.size() > kMaxWordBytes || ids.size() > kMaxWordBytes) return;
  if (size_ * 5 > slots_.size() * 2) {
    slots_.assign(slots_.size() < kMaxSlots ? slots_.size() * 4 : slots_.size(), Slot{});
    words_.clear();
    ids_.clear();
    size_ = 0;
    slot_ = hash_ & (slots_.size() - 1);
  }
  slots_[slot_] = {hash_, static_cast<uint32_t>(words_.size()), static_cast<uint32_t>(ids_.size()),
                   static_cast<uint16_t>(word.size()), static_cast<uint16_t>(ids.size())};
  words_.append(word);
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  ++size_;
}

}  // namespace frugal
