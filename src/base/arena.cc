#include "base/arena.h"

#include <cstdlib>
#include <new>

namespace frugal {

void* AllocateAlignedZeroed(size_t bytes) {
  // calloc rather than aligned_alloc + memset: a large block is then mapped lazily.
  void* block = std::calloc(1, bytes + kAlignment);
  if (block == nullptr) throw std::bad_alloc();
  const uintptr_t start = reinterpret_cast<uintptr_t>(block);
  const uintptr_t aligned = (start + kAlignment) & ~(kAlignment - 1);
  reinterpret_cast<void**>(aligned)[-1] = block;
  return reinterpret_cast<void*>(aligned);
}

void FreeAligned(void* p) {
  if (p != nullptr) std::free(reinterpret_cast<void**>(p)[-1]);
}

}  // namespace frugal
