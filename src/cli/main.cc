#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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
  const frugal::Program program = {
      .about = kAbout,
      .version = "frugal " FRUGAL_VERSION,
      .commands = {frugal::RunCommand(), frugal::ChatCommand(), frugal::InspectCommand(),
                   frugal::TokenizeCommand(), frugal::DetokenizeCommand(), frugal::RenderCommand(),
                   frugal::LogitsCommand(), frugal::ConvertCommand(), frugal::SynthCommand(),
                   frugal::BenchCommand(), frugal::TrainTokenizerCommand()}};
  return frugal::RunCommandLine(program, {argv + std::min(argc, 1), argv + argc});
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
