#include "cli/terminal.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace frugal {
namespace {

volatile sig_atomic_t g_interrupts = 0;
struct sigaction g_previous;

void OnInterrupt(int /*signal*/) {
  g_interrupts = g_interrupts + 1;
  if (g_interrupts > 1) _exit(130);
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
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, &g_previous);
}

InterruptFlag::~InterruptFlag() { sigaction(SIGINT, &g_previous, nullptr); }

bool InterruptFlag::raised() { return g_interrupts > 0; }

}  // namespace frugal
