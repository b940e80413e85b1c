#include "tests/cli/pseudo_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace frugal {

bool PseudoTerminal::Available() {
  int fds[2];
  if (openpty(&fds[0], &fds[1], nullptr, nullptr, nullptr) != 0) return false;
  close(fds[0]);
  close(fds[1]);
  return true;
}

PseudoTerminal::PseudoTerminal(const Call& call) {
  winsize size = {.ws_row = 50, .ws_col = 200};
  child_ = forkpty(&fd_, nullptr, nullptr, &size);
  if (child_ == 0) {
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    if (!call.out_path.empty()) {
      dup2(open(call.out_path.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    }
    ExecProgram(call);
  }
  if (child_ < 0) ADD_FAILURE() << "forkpty: " << errno;
}

PseudoTerminal::~PseudoTerminal() {
  if (child_ > 0) Wait();
  if (fd_ >= 0) close(fd_);
}

void PseudoTerminal::Type(std::string_view keys) {
  EXPECT_EQ(write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

bool PseudoTerminal::WaitFor(const std::string& text) {
  while (true) {
    const size_t at = screen_.find(text, seen_);
    if (at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (Read()) continue;
    ADD_FAILURE() << "the terminal never showed: " << text
                  << "\nit shows: " << screen_.substr(seen_);
    return false;
  }
}

bool PseudoTerminal::WaitForPrompt(const std::string& prompt) {
  if (!WaitFor(prompt)) return false;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kTimeoutSeconds);
  while (std::chrono::steady_clock::now() < end) {
    termios modes = {};
    if (tcgetattr(fd_, &modes) == 0 && (modes.c_lflag & ICANON) == 0) return true;
    usleep(1000);
  }
  ADD_FAILURE() << "nothing reads the keys";
  return false;
}

int PseudoTerminal::Wait() {
  if (child_ < 0) return -1;
  while (Read()) {
  }
  if (late_) kill(child_, SIGKILL);
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  return ExitOf(status);
}

bool PseudoTerminal::Read() {
  if (fd_ < 0) return false;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kTimeoutSeconds);
  while (std::chrono::steady_clock::now() < end) {
    pollfd poll_fd = {fd_, POLLIN, 0};
    if (poll(&poll_fd, 1, 1000) <= 0) continue;
    char buffer[4096];
    const ssize_t n = read(fd_, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;  // EIO: the program is gone
    screen_.append(buffer, n);
    return true;
  }
  late_ = true;
  return false;
}

}  // namespace frugal
