// Aligned memory that is taken once and lives as long as its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/check.h"

namespace frugal {

// One cache line, and one AVX-512 register.
constexpr size_t kAlignment = 64;

inline int64_t AlignUp(int64_t value, int64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

// 64-byte aligned and zeroed; the block's own start is kept just before the aligned address.
void* AllocateAlignedZeroed(size_t bytes);
void FreeAligned(void* p);

// Owns `count` elements of plain data, 64-byte aligned and zeroed. Move-only.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Throws std::bad_alloc like any container; callers bound `count` first.
  explicit AlignedBuffer(int64_t count) : size_(count) {
    CHECK(count >= 0);
    const size_t bytes = AlignUp(count * static_cast<int64_t>(sizeof(T)), kAlignment);
    // Large blocks come from the system already zero, without touching the pages.
    data_.reset(static_cast<T*>(AllocateAlignedZeroed(bytes)));
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { FreeAligned(p); }
  };

  std::unique_ptr<T, Free> data_;
  int64_t size_ = 0;
};

}  // namespace frugal
