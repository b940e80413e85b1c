#include "tests/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace frugal {

const char* ProgramPath() { return FRUGAL_BINARY_DIR "/frugal"; }

void ExecProgram(const Call& call) {
  for (const auto& [name, value] : call.env) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv = {const_cast<char*>("frugal")};
  for (const std::string& arg : call.args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  execv(ProgramPath(), argv.data());
  _exit(126);
}

int ExitOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1000 + WTERMSIG(wait_status);
}

Output RunProgram(const Call& call) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "pipe2: " << errno;
    return {};
  }
  const pid_t child = fork();
  if (child == 0) {
    if (!call.out_path.empty()) out[1] = open(call.out_path.c_str(), O_WRONLY);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (call.close_stderr) close(STDERR_FILENO);
    ExecProgram(call);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  // The program may end without reading its input.
  const auto old_handler = signal(SIGPIPE, SIG_IGN);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  std::string_view left = call.input;
  Output output;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kTimeoutSeconds);
  pollfd fds[3] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}, {in[1], POLLOUT, 0}};
  std::string* const texts[2] = {&output.out, &output.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "the program did not end in " << kTimeoutSeconds << " s";
      kill(child, SIGKILL);
      break;
    }
    if (poll(fds, 3, 1000) <= 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buffer[1 << 16];
      const ssize_t n = read(fds[i].fd, buffer, sizeof(buffer));
      if (n > 0) {
        texts[i]->append(buffer, n);
      } else if (n == 0 || errno != EINTR) {
        fds[i].fd = -1;
      }
    }
    if (fds[2].fd >= 0 && fds[2].revents != 0) {
      const ssize_t n = write(in[1], left.data(), left.size());
      if (n > 0) left.remove_prefix(n);
      if ((n < 0 && errno != EAGAIN && errno != EINTR) || left.empty()) {
        close(in[1]);
        fds[2].fd = -1;
      }
    }
  }
  if (fds[2].fd >= 0) close(in[1]);
  close(out[0]);
  close(err[0]);
  signal(SIGPIPE, old_handler);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  output.exit = ExitOf(status);
  return output;
}

Output RunProgram(std::vector<std::string> args, std::string input) {
  Call call;
  call.args = std::move(args);
  call.input = std::move(input);
  return RunProgram(call);
}

std::string MustRun(std::vector<std::string> args, std::string input) {
  std::string line;
  for (const std::string& arg : args) line += " " + arg;
  const Output output = RunProgram(std::move(args), std::move(input));
  EXPECT_EQ(output.exit, 0) << line;
  EXPECT_EQ(output.err, "") << line;
  return output.out;
}

void ExpectFailure(const Output& output, const std::vector<std::string>& parts, int exit) {
  EXPECT_EQ(output.exit, exit) << output.err;
  EXPECT_EQ(output.err.find("frugal: error: "), 0u) << output.err;
  ASSERT_NE(output.err, "");
  EXPECT_EQ(output.err.find('\n'), output.err.size() - 1) << output.err;
  for (const std::string& part : parts) {
    EXPECT_NE(output.err.find(part), std::string::npos) << output.err << "lacks: " << part;
  }
}

void ExpectUsage(const Output& output, const std::string& part) {
  EXPECT_EQ(output.exit, 2) << output.err;
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err.find("frugal: error: "), 0u) << output.err;
  EXPECT_NE(output.err.find(part), std::string::npos) << output.err << "lacks: " << part;
}

}  // namespace frugal
