#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace frugal {
namespace {

TEST(InterruptFlag, CatchesCtrlCWhileItLives) {
  const InterruptFlag interrupt;
  EXPECT_FALSE(InterruptFlag::raised());
  raise(SIGINT);
  EXPECT_TRUE(InterruptFlag::raised());
}

TEST(InterruptFlag, BeginsClear) {
  {
    const InterruptFlag interrupt;
    raise(SIGINT);
  }
  const InterruptFlag interrupt;
  EXPECT_FALSE(InterruptFlag::raised());
}

TEST(InterruptFlagDeathTest, ASecondCtrlCEndsTheProgram) {
  EXPECT_EXIT(
      {
        const InterruptFlag interrupt;
        raise(SIGINT);
        raise(SIGINT);
      },
      testing::ExitedWithCode(130), "");
}

TEST(InterruptFlagDeathTest, AfterwardsCtrlCIsWhatItWas) {
  EXPECT_EXIT(
      {
        { const InterruptFlag interrupt; }
        raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

// CaptureStderr makes stderr a file, which is no terminal.
TEST(Notes, AwayFromATerminalAreBareText) {
  testing::internal::CaptureStderr();
  PrintNote("three tokens");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "three tokens\n");
}

TEST(StatusLine, AwayFromATerminalSaysNothing) {
  testing::internal::CaptureStderr();
  { const StatusLine line("loading"); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace frugal
