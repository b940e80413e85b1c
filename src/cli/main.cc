#include <fmt/core.h>

#include <clocale>
#include <csignal>
#include <exception>
#include <new>

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

int Main(int argc, char** argv) {
  CLI::App app(kAbout, "frugal");
  app.require_subcommand(1);
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
  if (argc == 1) {
    fmt::print("{}", app.help());
    return frugal::kExitOk;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? frugal::kExitOk : frugal::kExitUsage;
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");      // line editing counts characters, not bytes
  std::signal(SIGPIPE, SIG_IGN);            // a closed pipe is a write error with a message
  try {
    return Main(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "frugal: error: out of memory; a smaller --ctx needs less\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "frugal: error: {}\n", error.what());
  }
  return frugal::kExitFailure;
}
