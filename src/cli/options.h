// What the program's commands take, as plain data, and the reading of a command line.
//
// Only options.cc knows the library that does the work (CLI11): its header takes seconds to
// compile wherever it is included.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace frugal {

// Where a value goes. A bool is a flag without a value; a list may be given several times; of
// everything else the last one counts. What is not given is left as it was.
using OptionValue = std::variant<bool*, std::string*, int64_t*, std::optional<std::string>*,
                                 std::optional<int64_t>*, std::optional<float>*,
                                 std::vector<std::string>*, std::vector<int32_t>*>;

// Says what is wrong with a value as typed; "" when nothing is.
using OptionCheck = std::function<std::string(const std::string& text)>;

struct Option {
  const char* names;  // "-t,--threads"; without dashes where the place alone tells: "MODEL"
  OptionValue value;
  std::string help;
  OptionCheck check = nullptr;
  std::vector<std::string> choices = {};  // the only values there are; empty: any
  bool ignore_case = false;               // in the choices
  bool required = false;
  bool show_default = false;    // --help shows what the value is before the command line
  char delimiter = '\0';        // between the items of a list in one argument
  const char* value_name = "";  // for --help, instead of the value's type
  const char* excludes = "";    // an option above that makes no sense beside this one
  const char* group = "";       // section of --help; "": the command's own
};

struct Command {
  const char* name = "";
  const char* about = "";
  std::vector<Option> options = {};
  std::string footer = {};             // examples, at the end of --help
  std::function<int()> run = nullptr;  // after the options are read; gives the exit status
};

struct Program {
  const char* about;
  const char* version;
  std::vector<Command> commands;
};

// Reads the arguments (without the program's name), runs the command that they name or prints what
// they ask for (help, version), and gives the exit status. Arguments that make no sense are refused
// before anything runs.
int RunCommandLine(const Program& program, std::vector<std::string> args);

// Says on stderr what is wrong with the command line and where help is ("" is the program's own),
// and gives the exit status.
int RefuseUsage(std::string_view command, std::string_view message);

}  // namespace frugal
