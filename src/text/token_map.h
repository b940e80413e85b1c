// Byte strings to ids, for vocabularies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

// Built once, then read-only and safe to share.
class TokenMap {
 public:
  // False, changing nothing, when the key is there already. Total key bytes must stay below 4 GiB.
  bool Insert(std::string_view key, int32_t id);

  int32_t Find(std::string_view key) const;  // -1 when absent
  size_t size() const { return size_; }
  size_t max_key_bytes() const { return max_key_bytes_; }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t offset = 0;
    uint32_t length = 0;
    int32_t id = -1;  // -1: free
  };

  size_t FindSlot(std::string_view key, uint32_t hash) const;

  std::vector<Slot> slots_;
  std::string keys_;
  size_t size_ = 0;
  size_t max_key_bytes_ = 0;
};

}  // namespace frugal
