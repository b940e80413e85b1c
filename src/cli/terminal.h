// What a terminal changes: a line of progress that goes away again, dimmed notes, Ctrl-C.
#pragma once

#include <string_view>

namespace frugal {

bool StderrIsTerminal();
bool StdinIsTerminal();

// Shows a line on stderr while it lives, on a terminal only.
class StatusLine {
 public:
  explicit StatusLine(std::string_view text);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
};

// Writes to stderr. That it cannot be written to is no error: there is nobody to tell.
void WriteErr(std::string_view text);

// A note for people on stderr: dimmed on a terminal, unless NO_COLOR is set.
void PrintNote(std::string_view text);

// While it lives, Ctrl-C sets a flag instead of ending the program; a second one ends
// it after all. One at a time.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  static bool raised();

  // Waits until `fd` has something to read, or is at its end. False when Ctrl-C came, be it before
  // the wait, in it, or on another thread.
  static bool WaitForInput(int fd);
};

}  // namespace frugal
