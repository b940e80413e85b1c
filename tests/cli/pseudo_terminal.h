// The program at a terminal: a person types, and looks at the screen.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "tests/cli/program.h"

namespace frugal {

class PseudoTerminal {
 public:
  // Whether this machine gives terminals out: a container without /dev/pts does not.
  static bool Available();

  // stdin and stderr are the terminal; stdout too, unless the call gives a path.
  explicit PseudoTerminal(const Call& call);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  void Type(std::string_view keys);

  // Reads until `text` shows, after what the last call waited for. False, and a failure, when the
  // program ends or the time is over before that.
  bool WaitFor(const std::string& text);

  // Waits for the prompt and until the line editor listens: before that, the terminal itself would
  // act on what is typed.
  bool WaitForPrompt(const std::string& prompt = "> ");

  // The exit status, once the program has ended; it is killed when it does not.
  int Wait();

  const std::string& screen() const { return screen_; }
  // What came since the last WaitFor.
  std::string Rest() const { return screen_.substr(seen_); }

 private:
  bool Read();

  pid_t child_ = -1;
  int fd_ = -1;
  std::string screen_;
  size_t seen_ = 0;
  bool late_ = false;
};

constexpr const char* kNoTerminals = "no pseudo-terminals here: is /dev/pts mounted?";

}  // namespace frugal
