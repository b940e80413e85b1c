#include "base/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace frugal {
namespace {

TEST(ThreadTeam, EveryMemberRunsOnce) {
  for (int threads : {1, 2, 3, 7}) {
    ThreadTeam team(threads);
    std::vector<int> runs(threads, 0);
    for (int round = 0; round < 200; ++round) team.Run([&](int t) { ++runs[t]; });
    for (int r : runs) EXPECT_EQ(r, 200);
  }
}

TEST(ThreadTeam, BarrierOrdersPhases) {
  ThreadTeam team(4);
  std::atomic<int> count{0};
  std::atomic<int> wrong{0};
  team.Run([&](int) {
    for (int phase = 1; phase <= 100; ++phase) {
      count.fetch_add(1);
      team.Barrier();
      if (count.load() != 4 * phase) wrong.fetch_add(1);
      team.Barrier();
    }
  });
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(count.load(), 400);
}

TEST(ThreadTeam, WritesBeforeRunEndAreSeen) {
  ThreadTeam team(3);
  std::vector<int> data(3000, 0);
  for (int round = 1; round <= 50; ++round) {
    team.Run([&](int t) {
      const Range part = SplitEvenly(3000, t, 3);
      for (int64_t i = part.begin; i < part.end; ++i) data[i] = round;
    });
    for (int value : data) ASSERT_EQ(value, round);
  }
}

TEST(ThreadTeam, SharesOutEveryItemOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadTeam team(threads);
    for (const int64_t count : {0, 1, 7, 100}) {
      for (const int64_t least : {1, 8}) {
        std::vector<std::atomic<int>> taken(count);
        std::atomic<int> short_parts{0};
        team.Run([&](int) {
          for (int round = 0; round < 3; ++round) {
            team.ShareOut(count, least, [&](Range part) {
              if (part.end - part.begin < std::min(least, count)) short_parts.fetch_add(1);
              for (int64_t i = part.begin; i < part.end; ++i) taken[i].fetch_add(1);
            });
            team.Barrier();
          }
        });
        for (const std::atomic<int>& times : taken) EXPECT_EQ(times.load(), 3);
        EXPECT_EQ(short_parts.load(), 0);
      }
    }
  }
}

TEST(ThreadTeam, SplitCoversAllItemsOnce) {
  for (int64_t count : {0, 1, 5, 64, 1001}) {
    for (int threads : {1, 2, 3, 8}) {
      int64_t next = 0;
      for (int t = 0; t < threads; ++t) {
        const Range part = SplitEvenly(count, t, threads);
        EXPECT_EQ(part.begin, next);
        next = part.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

}  // namespace
}  // namespace frugal
