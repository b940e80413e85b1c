#include "cli/units.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(Units, Bytes) {
  EXPECT_EQ(FormatBytes(640), "0.64 KB");
  EXPECT_EQ(FormatBytes(1'040'000), "1.04 MB");
  EXPECT_EQ(FormatBytes(378'123'000'000), "378.12 GB");
}

TEST(Units, Counts) {
  EXPECT_EQ(FormatCount(260'000), "0.26M");
  EXPECT_EQ(FormatCount(8'030'261'248), "8.03B");
}

}  // namespace
}  // namespace frugal
