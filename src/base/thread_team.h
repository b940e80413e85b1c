// A persistent team of threads that walks the same work together.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace frugal {

// Run() calls body(thread) on every member, the caller being thread 0, and returns when all have
// returned. Inside, Barrier() waits for all members. Waiting spins briefly, then sleeps.
// One Run() at a time; not re-entrant. body must not throw.
class ThreadTeam {
 public:
  explicit ThreadTeam(int threads);  // at least 1
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return size_; }
  void Run(const std::function<void(int)>& body);
  void Barrier();

  // Inside Run(), by every member with the same arguments, once between two barriers: calls f(part)
  // for parts of [0, count) of at least `least` items until all are taken. A member that is slower
  // takes fewer parts.
  template <typename F>
  void ShareOut(int64_t count, int64_t least, const F& f);

 private:
  void Worker(int thread);

  const int size_;
  std::vector<std::thread> workers_;
  const std::function<void(int)>* body_ = nullptr;
  std::atomic<uint32_t> generation_{0};  // one more per Run
  std::atomic<bool> stop_{false};
  std::atomic<int> arrived_{0};
  std::atomic<uint32_t> phase_{0};  // one more per barrier passed
  std::atomic<int64_t> taken_{0};   // parts, since the last barrier
};

// The part [begin, end) of `count` items that thread `thread` of `threads` takes.
struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};
inline Range SplitEvenly(int64_t count, int thread, int threads) {
  return {count * thread / threads, count * (thread + 1) / threads};
}

template <typename F>
void ThreadTeam::ShareOut(int64_t count, int64_t least, const F& f) {
  constexpr int64_t kPartsOfAMember = 6;
  if (count == 0) return;
  if (size_ == 1) return f(Range{0, count});
  const int parts =
      static_cast<int>(std::clamp<int64_t>(count / least, 1, kPartsOfAMember * size_));
  while (true) {
    const int64_t part = taken_.fetch_add(1, std::memory_order_relaxed);
    if (part >= parts) return;
    f(SplitEvenly(count, static_cast<int>(part), parts));
  }
}

}  // namespace frugal
