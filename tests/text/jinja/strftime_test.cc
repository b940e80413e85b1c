#include "text/jinja/strftime.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaStrftime, Goldens) { RunGoldens("strftime", 45); }

std::tm Date(int year, int month, int day) {
  std::tm t{};
  t.tm_year = year - 1900;
  t.tm_mon = month - 1;
  t.tm_mday = day;
  return t;
}

// ISO weeks at the turn of the year, where they belong to the other one.
TEST(JinjaStrftime, IsoWeeks) {
  using jinja::Strftime;
  EXPECT_EQ(Strftime("%G-W%V-%u", Date(2021, 1, 3)), "2020-W53-7");
  EXPECT_EQ(Strftime("%G-W%V-%u", Date(2024, 12, 30)), "2025-W01-1");
  EXPECT_EQ(Strftime("%G-W%V-%u", Date(2026, 12, 31)), "2026-W53-4");
  EXPECT_EQ(Strftime("%G-W%V-%u", Date(2000, 1, 1)), "1999-W52-6");
  EXPECT_EQ(Strftime("%j %U %W", Date(2024, 12, 31)), "366 52 53");
}

// A tm with only the date filled in: the weekday is worked out from it.
TEST(JinjaStrftime, WorksOutTheWeekday) {
  EXPECT_EQ(jinja::Strftime("%A %d %B %Y", Date(2026, 1, 15)), "Thursday 15 January 2026");
  EXPECT_EQ(jinja::Strftime("%a", Date(2000, 2, 29)), "Tue");
  EXPECT_EQ(jinja::Strftime("%s", Date(1970, 1, 2)), "86400");
}

TEST(JinjaStrftime, SurvivesOddClocks) {
  std::tm t = Date(2026, 1, 15);
  t.tm_mon = 77;
  t.tm_year = INT32_MAX;
  t.tm_mday = -5;
  EXPECT_FALSE(jinja::Strftime("%A %j %G %V %s %Y", t).empty());
  EXPECT_EQ(jinja::Strftime("%999999999d", Date(2026, 1, 5)).size(), 1024u);  // bounded padding
}

}  // namespace
}  // namespace frugal
