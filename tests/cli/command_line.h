// Reads a command line inside the test, without the built program.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace frugal {

// Reads `args` into the values of `options`. Gives the message that refuses them; "" when nothing
// does.
inline std::string ParseError(const std::vector<Option>& options, std::vector<std::string> args) {
  const Program program = {
      .about = "",
      .version = "",
      .commands = {{.name = "test", .about = "", .options = options, .run = [] { return 0; }}}};
  args.insert(args.begin(), "test");
  testing::internal::CaptureStderr();
  const int exit = RunCommandLine(program, std::move(args));
  const std::string err = testing::internal::GetCapturedStderr();
  EXPECT_EQ(exit == 0, err.empty()) << err;
  constexpr std::string_view kBefore = "frugal: error: ";
  return err.empty() ? "" : err.substr(kBefore.size(), err.find('\n') - kBefore.size());
}

}  // namespace frugal
