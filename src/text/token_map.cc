#include "text/token_map.h"

#include <algorithm>

#include "base/check.h"
#include "text/flat_map.h"

namespace frugal {

size_t TokenMap::FindSlot(std::string_view key, uint32_t hash) const {
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at].id >= 0) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && slot.length == key.size() &&
        std::string_view(keys_.data() + slot.offset, slot.length) == key) {
      break;
    }
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

bool TokenMap::Insert(std::string_view key, int32_t id) {
  CHECK(id >= 0 && keys_.size() + key.size() < UINT32_MAX);
  if ((size_ + 1) * 2 > slots_.size()) {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id < 0) continue;
      size_t at = slot.hash & (slots_.size() - 1);
      while (slots_[at].id >= 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }
  const auto hash = static_cast<uint32_t>(HashBytes(key));
  Slot& slot = slots_[FindSlot(key, hash)];
  if (slot.id >= 0) return false;
  slot = {hash, static_cast<uint32_t>(keys_.size()), static_cast<uint32_t>(key.size()), id};
  keys_.append(key);
  ++size_;
  max_key_bytes_ = std::max(max_key_bytes_, key.size());
  return true;
}

int32_t TokenMap::Find(std::string_view key) const {
  if (slots_.empty() || key.size() > max_key_bytes_) return -1;
  return slots_[FindSlot(key, static_cast<uint32_t>(HashBytes(key)))].id;
}

}  // namespace frugal
