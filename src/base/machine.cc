#include "base/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

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
