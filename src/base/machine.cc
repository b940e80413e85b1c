#include "base/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/arena.h"

namespace frugal {
namespace {

std::string ReadSmall(const char* path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string CpuName() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

int64_t ParseMemoryLimit(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && value > 0 ? value : 0;
}

double MeasureReadBandwidth(ThreadTeam& team) {
  constexpr int64_t kWords = (int64_t{256} << 20) / sizeof(uint64_t);
  AlignedBuffer<uint64_t> buffer(kWords);
  // Each page must be real memory, not the system's shared page of zeros.
  team.Run([&](int thread) {
    const Range part = SplitEvenly(kWords, thread, team.size());
    std::fill(buffer.data() + part.begin, buffer.data() + part.end, uint64_t{1});
  });
  std::atomic<uint64_t> sum{0};  // keeps the reads from being optimised away
  double best = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < 4; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    team.Run([&](int thread) {
      const Range part = SplitEvenly(kWords, thread, team.size());
      uint64_t lanes[8] = {};  // independent chains: the sum must not be the limit
      int64_t i = part.begin;
      for (; i + 8 <= part.end; i += 8) {
        for (int lane = 0; lane < 8; ++lane) lanes[lane] += buffer[i + lane];
      }
      for (uint64_t lane : lanes) sum.fetch_add(lane, std::memory_order_relaxed);
    });
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return kWords * sizeof(uint64_t) / best;
}

MachineInfo ProbeMachine() {
  MachineInfo info;
  info.cpu = CpuName();
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) info.cores = std::max(1, CPU_COUNT(&set));
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  if (pages > 0) info.memory_bytes = pages * sysconf(_SC_PAGESIZE);
  const int64_t limit = ParseMemoryLimit(ReadSmall("/sys/fs/cgroup/memory.max"));
  if (limit > 0) info.memory_bytes = std::min(info.memory_bytes, limit);
  return info;
}

}  // namespace frugal
