#include "engine/kv_pool.h"

#include <utility>

#include "base/check.h"
#include "kernels/kernels.h"

namespace frugal {

KvPool::KvPool(int64_t page_bytes, int64_t max_pages)
    : page_bytes_(page_bytes), max_pages_(max_pages) {}

uint8_t* KvPool::Take() {
  if (used_ >= max_pages_) return nullptr;
  ++used_;
  if (!free_.empty()) {
    uint8_t* page = free_.back();
    free_.pop_back();
    return page;
  }
  memory_.emplace_back(page_bytes_);
  return memory_.back().data();
}

void KvPool::Give(uint8_t* page) {
  CHECK(used_ > 0);
  --used_;
  free_.push_back(page);
}

KvSequence::KvSequence(KvSequence&& other) noexcept
    : pool_(other.pool_), pages_(std::exchange(other.pages_, {})) {}

KvSequence& KvSequence::operator=(KvSequence&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(pages_, other.pages_);
  return *this;
}

bool KvSequence::Reserve(int64_t positions) {
  while (page_count() < PagesFor(positions)) {
    uint8_t* page = pool_->Take();
    if (page == nullptr) return false;
    pages_.push_back(page);
  }
  return true;
}

void KvSequence::Truncate(int64_t positions) {
  while (page_count() > PagesFor(positions)) {
    pool_->Give(pages_.back());
    pages_.pop_back();
  }
}

int64_t PagesFor(int64_t positions) { return (positions + kAttentionBlock - 1) / kAttentionBlock; }

}  // namespace frugal
