// Runs the built program as a shell would, and looks at what comes out.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

const char* ProgramPath();

// Generous: a loaded machine under a sanitizer must not fail a test that is right.
constexpr int kTimeoutSeconds = 300;

struct Call {
  std::vector<std::string> args;
  std::string input;     // what stdin holds
  std::string out_path;  // where stdout goes instead of Output::out
  bool close_stderr = false;
  std::map<std::string, std::string> env;  // set on top of the environment
};

struct Output {
  int exit = -1;  // the exit status, or 1000 + the signal that ended the program
  std::string out;
  std::string err;
};

// In the child: becomes the program.
[[noreturn]] void ExecProgram(const Call& call);

int ExitOf(int wait_status);

Output RunProgram(const Call& call);

Output RunProgram(std::vector<std::string> args, std::string input = "");

// Success with nothing on stderr; gives stdout.
std::string MustRun(std::vector<std::string> args, std::string input = "");

// `output` is a failure with exactly one line on stderr, which holds every one of `parts`.
void ExpectFailure(const Output& output, const std::vector<std::string>& parts = {}, int exit = 1);

// A request that makes no sense: one line says so, and the next says where help is.
void ExpectUsage(const Output& output, const std::string& part);

}  // namespace frugal
