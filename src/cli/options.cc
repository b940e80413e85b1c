#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "cli/terminal.h"

namespace frugal {
namespace {

// CLI11's layout, with a blank line before the usage and single ones between the sections.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(28);
    label("SUBCOMMAND", "COMMAND");
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return "\n" + CLI::Formatter::make_usage(app, std::move(name));
  }
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (size_t at; (at = text.find("\n\n\n")) != text.npos;) text.erase(at, 1);
    return text;
  }
};

// Declares an option of each type.
struct Declare {
  CLI::App* app;
  const Option& option;

  CLI::Option* operator()(bool* flag) const {
    return app->add_flag(option.names, *flag, option.help);
  }

  template <typename T>
  CLI::Option* operator()(T* value) const {
    return app->add_option(option.names, *value, option.help);
  }

  template <typename T>
  CLI::Option* operator()(std::optional<T>* value) const {
    const auto set = [value](const T& given) { *value = given; };
    return app->add_option_function<T>(option.names, set, option.help);
  }

  template <typename T>
  CLI::Option* operator()(std::vector<T>* list) const {
    CLI::Option* added = app->add_option(option.names, *list, option.help)->take_all();
    // Else an option would swallow the positional arguments after its value.
    if (!added->get_positional()) added->allow_extra_args(false);
    return added;
  }
};

void AddOption(CLI::App* app, const Option& option) {
  CLI::Option* added = std::visit(Declare{app, option}, option.value);
  if (option.check) {
    const auto check = [check = option.check](std::string& text) { return check(text); };
    added->check(CLI::Validator(check, ""));
  }
  if (option.ignore_case) {
    added->check(CLI::IsMember(option.choices, CLI::ignore_case));
  } else if (!option.choices.empty()) {
    added->check(CLI::IsMember(option.choices));
  }
  if (option.required) added->required();
  if (option.show_default) added->capture_default_str();
  if (option.delimiter != '\0') added->delimiter(option.delimiter);
  if (*option.value_name != '\0') added->option_text(option.value_name);
  if (*option.excludes != '\0') added->excludes(app->get_option(option.excludes));
  if (*option.group != '\0') added->group(option.group);
}

}  // namespace

int RunCommandLine(const Program& program, std::vector<std::string> args) {
  CLI::App app(program.about, "frugal");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(0, 1);
  // What comes later on the command line wins, so that an alias can hold preferences.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", program.version);
  for (const Command& command : program.commands) {
    CLI::App* added = app.add_subcommand(command.name, command.about);
    for (const Option& option : command.options) AddOption(added, option);
    added->footer(command.footer);
  }
  const auto named = [&app] {
    const std::vector<CLI::App*> commands = app.get_subcommands();
    return commands.empty() ? "" : commands.front()->get_name();
  };
  try {
    std::reverse(args.begin(), args.end());  // as CLI11 wants them
    app.parse(std::move(args));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return RefuseUsage(named(), error.what());
    std::ostringstream out;  // help or version
    app.exit(error, out);
    return ExitStatus(WriteOut(out.str()));
  }
  for (const Command& command : program.commands) {
    if (command.name == named()) return command.run();
  }
  return ExitStatus(WriteOut(app.help()));
}

int RefuseUsage(std::string_view command, std::string_view message) {
  std::string text = "frugal: error: ";
  text.append(message).append("\nSee: frugal ").append(command);
  text.append(command.empty() ? "--help\n" : " --help\n");
  WriteErr(text);
  return kExitUsage;
}

}  // namespace frugal
