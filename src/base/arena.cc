#include "base/arena.h"

#include <sys/mman.h>

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
  // Weights are read end to end for every token: with 4 KiB pages address translation costs a
  // good part of the bandwidth. Only advice: a system without huge pages goes on as before.
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  const uintptr_t first = (start + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t last = (start + bytes) & ~(kHugePage - 1);
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(aligned);
}

void FreeAligned(void* p) {
  if (p != nullptr) std::free(reinterpret_cast<void**>(p)[-1]);
}

}  // namespace frugal
