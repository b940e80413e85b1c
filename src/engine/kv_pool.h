// Memory for keys and values, in pages of kAttentionBlock positions of all layers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/arena.h"

namespace frugal {

// Hands out pages up to a limit, taking memory from the system when a page is first used.
// Not thread-safe.
class KvPool {
 public:
  KvPool(int64_t page_bytes, int64_t max_pages);

  int64_t page_bytes() const { return page_bytes_; }
  int64_t max_pages() const { return max_pages_; }
  int64_t free_pages() const { return max_pages_ - used_; }

  uint8_t* Take();           // null when the limit is reached
  void Give(uint8_t* page);  // a page that Take gave

 private:
  int64_t page_bytes_;
  int64_t max_pages_;
  int64_t used_ = 0;
  std::vector<AlignedBuffer<uint8_t>> memory_;
  std::vector<uint8_t*> free_;
};

// The pages of one sequence. Gives them back when it ends. Move-only; the pool must outlive it.
class KvSequence {
 public:
  explicit KvSequence(KvPool* pool) : pool_(pool) {}
  ~KvSequence() { Truncate(0); }
  KvSequence(KvSequence&& other) noexcept;
  KvSequence& operator=(KvSequence&& other) noexcept;

  // Makes room for positions 0 … positions − 1; false when the pool is exhausted (what was taken
  // is kept).
  bool Reserve(int64_t positions);
  // Gives back pages that hold no position below `positions`.
  void Truncate(int64_t positions);

  uint8_t* const* pages() const { return pages_.data(); }
  int64_t page_count() const { return static_cast<int64_t>(pages_.size()); }

 private:
  KvPool* pool_;
  std::vector<uint8_t*> pages_;
};

// Pages that hold this many positions.
int64_t PagesFor(int64_t positions);

}  // namespace frugal
