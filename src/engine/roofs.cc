#include "engine/roofs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <vector>

#include "base/arena.h"
#include "base/machine.h"

namespace frugal {
namespace {

double Seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Numbers to compute with, small enough that no sum overflows.
void FillData(Arithmetic arithmetic, uint8_t* data) {
  for (int64_t i = 0; i < kDotProbeBytes; ++i) {
    // 0x3f3f and 0x3f3f3f3f are numbers a little below 1.
    data[i] = arithmetic == Arithmetic::kInt8 ? static_cast<uint8_t>(i % 4) : 0x3f;
  }
}

double MeasureDots(const Kernels& kernels, Arithmetic arithmetic, ThreadTeam& team) {
  std::vector<AlignedBuffer<uint8_t>> data;
  for (int t = 0; t < team.size(); ++t) {
    data.emplace_back(kDotProbeBytes);
    FillData(arithmetic, data.back().data());
  }
  std::vector<DotProbe> probes(team.size());
  const auto run = [&](int64_t passes) {
    const auto start = std::chrono::steady_clock::now();
    team.Run([&](int t) { probes[t] = kernels.dot_probe(arithmetic, passes, data[t].data()); });
    return Seconds(start);
  };
  // As many passes as take some milliseconds, so that starting the team does not count.
  int64_t passes = 1;
  while (run(passes) < 5e-3 && passes < int64_t{1} << 30) passes *= 2;
  passes *= 4;
  double best = 0.0;
  for (int i = 0; i < 5; ++i) {
    const double seconds = run(passes);
    double operations = 0.0;
    for (const DotProbe& probe : probes) operations += static_cast<double>(probe.operations);
    best = std::max(best, operations / seconds);
  }
  return best;
}

}  // namespace

Roofs MeasureRoofs(const Kernels& kernels, ThreadTeam& team) {
  Roofs roofs{.threads = team.size(), .read_bytes_per_s = MeasureReadBandwidth(team)};
  for (int kind = 0; kind < kNumArithmetics; ++kind) {
    roofs.operations_per_s[kind] = MeasureDots(kernels, static_cast<Arithmetic>(kind), team);
  }
  return roofs;
}

double ReadSeconds(const PassCost& cost, const Roofs& roofs) {
  return cost.bytes / roofs.read_bytes_per_s;
}

double ComputeSeconds(const PassCost& cost, const Roofs& roofs) {
  double seconds = 0.0;
  for (int kind = 0; kind < kNumArithmetics; ++kind) {
    seconds += cost.operations[kind] / roofs.operations_per_s[kind];
  }
  return seconds;
}

}  // namespace frugal
