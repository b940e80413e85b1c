#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace frugal {
namespace {

volatile sig_atomic_t g_interrupts = 0;
struct sigaction g_previous;
// The handler writes a byte, so that a poll sees a Ctrl-C that came just before it, which a read
// would sleep through. Empty, but between a Ctrl-C and the next flag.
int g_wake[2] = {-1, -1};

void OnInterrupt(int /*signal*/) {
  const int saved = errno;
  g_interrupts = g_interrupts + 1;
  if (g_interrupts > 1) _exit(130);
  [[maybe_unused]] const ssize_t written = write(g_wake[1], "", 1);
  errno = saved;
}

}  // namespace

bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }
bool StdinIsTerminal() { return isatty(STDIN_FILENO) == 1; }

void WriteErr(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

StatusLine::StatusLine(std::string_view text) {
  if (StderrIsTerminal()) WriteErr(fmt::format("\r\033[K{}", text));
}

StatusLine::~StatusLine() {
  if (StderrIsTerminal()) WriteErr("\r\033[K");
}

void PrintNote(std::string_view text) {
  const bool colour = StderrIsTerminal() && std::getenv("NO_COLOR") == nullptr;
  WriteErr(fmt::format("{}{}{}\n", colour ? "\033[2m" : "", text, colour ? "\033[0m" : ""));
}

InterruptFlag::InterruptFlag() {
  g_interrupts = 0;
  if (g_wake[0] < 0 && pipe2(g_wake, O_CLOEXEC | O_NONBLOCK) != 0) g_wake[0] = g_wake[1] = -1;
  char byte;
  while (read(g_wake[0], &byte, 1) > 0) {
  }
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, &g_previous);
}

InterruptFlag::~InterruptFlag() { sigaction(SIGINT, &g_previous, nullptr); }

bool InterruptFlag::raised() { return g_interrupts > 0; }

bool InterruptFlag::WaitForInput(int fd) {
  pollfd fds[] = {{fd, POLLIN, 0}, {g_wake[0], POLLIN, 0}};
  while (!raised() && fds[0].revents == 0) poll(fds, 2, -1);
  return !raised();
}

}  // namespace frugal
