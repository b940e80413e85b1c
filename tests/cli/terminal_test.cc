#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

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

class WaitForInputTest : public testing::Test {
 protected:
  WaitForInputTest() { EXPECT_EQ(pipe(pipe_.data()), 0); }
  ~WaitForInputTest() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  std::array<int, 2> pipe_;
};

TEST_F(WaitForInputTest, SeesInputAndNoOldCtrlC) {
  {
    const InterruptFlag interrupt;
    raise(SIGINT);
  }
  const InterruptFlag interrupt;
  EXPECT_EQ(write(pipe_[1], "a", 1), 1);
  EXPECT_TRUE(InterruptFlag::WaitForInput(pipe_[0]));
}

TEST_F(WaitForInputTest, SeesACtrlCThatCameBefore) {
  const InterruptFlag interrupt;
  raise(SIGINT);
  EXPECT_FALSE(InterruptFlag::WaitForInput(pipe_[0]));
}

TEST_F(WaitForInputTest, SeesACtrlCThatAnotherThreadTook) {
  const InterruptFlag interrupt;
  std::thread other([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the wait has begun, mostly
    raise(SIGINT);
  });
  EXPECT_FALSE(InterruptFlag::WaitForInput(pipe_[0]));
  other.join();
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
