#include "base/machine.h"

#include <gtest/gtest.h>

#include <thread>

namespace frugal {
namespace {

TEST(Machine, ProbeGivesPlausibleFigures) {
  const MachineInfo info = ProbeMachine();
  EXPECT_FALSE(info.cpu.empty());
  EXPECT_GE(info.cores, 1);
  EXPECT_LE(info.cores, static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_GT(info.memory_bytes, int64_t{64} << 20);
}

TEST(Machine, ReadBandwidthIsAPositiveNumber) {
  ThreadTeam team(2);
  const double bandwidth = MeasureReadBandwidth(team);
  EXPECT_GT(bandwidth, 1e7);   // a floppy disk is faster than this
  EXPECT_LT(bandwidth, 1e14);  // and no machine reads this fast
}

TEST(Machine, MemoryLimitText) {
  EXPECT_EQ(ParseMemoryLimit("max\n"), 0);
  EXPECT_EQ(ParseMemoryLimit(""), 0);
  EXPECT_EQ(ParseMemoryLimit("8589934592\n"), int64_t{8} << 30);
  EXPECT_EQ(ParseMemoryLimit("-5"), 0);
  EXPECT_EQ(ParseMemoryLimit("99999999999999999999999"), 0);
}

}  // namespace
}  // namespace frugal
