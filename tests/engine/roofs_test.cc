#include "engine/roofs.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(Roofs, EveryRateIsMeasured) {
  ThreadTeam team(2);
  const Roofs roofs = MeasureRoofs(KernelsFor(BestIsa()), team);
  EXPECT_EQ(roofs.threads, 2);
  EXPECT_GT(roofs.read_bytes_per_s, 0.0);
  for (const double rate : roofs.operations_per_s) EXPECT_GT(rate, 0.0);
}

TEST(Roofs, SecondsOfACost) {
  const Roofs roofs = {
      .threads = 1, .read_bytes_per_s = 100.0, .operations_per_s = {10.0, 20.0, 40.0}};
  const PassCost cost = {.bytes = 250.0, .operations = {10.0, 10.0, 10.0}};
  EXPECT_DOUBLE_EQ(ReadSeconds(cost, roofs), 2.5);
  EXPECT_DOUBLE_EQ(ComputeSeconds(cost, roofs), 1.0 + 0.5 + 0.25);
}

}  // namespace
}  // namespace frugal
