#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <sstream>

#include "cli/command.h"

namespace {

constexpr const char* kAbout =
    "Frugal runs open-weight language models from the files their makers publish.\n"
    "\n"
    "  frugal run MODEL -p \"Why is the sky blue?\"    one answer\n"
    "  frugal chat MODEL                             a conversation\n"
    "  frugal inspect MODEL                          what a checkpoint is and needs\n"
    "\n"
    "MODEL is a .gguf file or a Hugging Face directory (config.json and safetensors).\n"
    "Each command explains itself: frugal run --help";

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

int Main(int argc, char** argv) {
  CLI::App app(kAbout, "frugal");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(0, 1);
  // What comes later on the command line wins, so that an alias can hold preferences.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", "frugal " FRUGAL_VERSION);
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    // The subcommand that was being parsed knows its options best.
    const CLI::App* at = failed;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return fmt::format("frugal: error: {}\nSee: frugal {}--help\n", error.what(),
                       at == failed ? "" : at->get_name() + " ");
  });
  int exit = frugal::kExitOk;
  frugal::AddRunCommand(&app, &exit);
  frugal::AddChatCommand(&app, &exit);
  frugal::AddInspectCommand(&app, &exit);
  frugal::AddTokenizeCommand(&app, &exit);
  frugal::AddDetokenizeCommand(&app, &exit);
  frugal::AddRenderCommand(&app, &exit);
  frugal::AddLogitsCommand(&app, &exit);
  frugal::AddConvertCommand(&app, &exit);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::CallForHelp();
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;  // help or version
    if (app.exit(error, out) != 0) return frugal::kExitUsage;
    const frugal::Status written = frugal::WriteOut(out.str());
    return written.ok() ? frugal::kExitOk : frugal::Fail(written);
  }
  return exit;
}

// Where the caller closed a standard stream, a file opened later would take its number, and what is
// meant for the stream would go into that file.
void FillStandardStreams() {
  while (true) {
    const int fd = open("/dev/null", O_RDONLY);  // writing fails, as it should
    if (fd < 0) return;
    if (fd > STDERR_FILENO) {
      close(fd);
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  FillStandardStreams();
  std::setlocale(LC_CTYPE, "C.UTF-8");  // line editing counts characters, not bytes
  std::signal(SIGPIPE, SIG_IGN);        // a closed pipe is a write error with a message
  try {
    return Main(argc, argv);
  } catch (const std::bad_alloc&) {
    return frugal::Fail(
        {frugal::StatusCode::kResourceExhausted, "out of memory; a smaller --ctx needs less"});
  } catch (const std::exception& error) {
    return frugal::Fail({frugal::StatusCode::kIo, error.what()});
  }
}
