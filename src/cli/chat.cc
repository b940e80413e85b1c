// frugal chat: a conversation at the terminal.
#include <editline/readline.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/conversation.h"
#include "cli/generate.h"
#include "cli/sampling_options.h"
#include "cli/terminal.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

constexpr const char* kHelp =
    "  /system TEXT   set the system message and start over; without TEXT, have none\n"
    "  /reset         forget the conversation\n"
    "  /again         answer the last message once more\n"
    "  /help          this list\n"
    "  /exit          leave (Ctrl-D too)\n"
    "A line that ends in \\ goes on in the next. Ctrl-C stops an answer, or drops the line.";

struct ChatOptions {
  ModelOptions model;
  SamplingFlags sampling;
  std::string system;
  int64_t max_tokens = -1;
};

// Where the history of typed lines is kept; empty when the user has no home.
std::string HistoryPath() {
  std::string folder;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    folder = state;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folder = std::string(home) + "/.local/state";
  } else {
    return "";
  }
  std::error_code ignored;  // without the folder the history is simply not kept
  std::filesystem::create_directories(folder + "/frugal", ignored);
  return folder + "/frugal/chat_history";
}

// One character for the line editor; the end of input when Ctrl-C was pressed, which the editor's
// own reader would sleep through.
int ReadCharacter(std::FILE* in) {
  std::mbstate_t state = {};
  while (true) {
    if (!InterruptFlag::WaitForInput(fileno(in))) return EOF;
    char byte = 0;
    const ssize_t n = read(fileno(in), &byte, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return EOF;
    wchar_t character = 0;
    const size_t length = std::mbrtowc(&character, &byte, 1, &state);
    if (length <= 1) return static_cast<int>(character);
    if (length == static_cast<size_t>(-1)) state = {};  // not UTF-8: skip the byte
  }
}

// Lines from the user: edited, with history, at a terminal; plain otherwise.
class LineReader {
 public:
  LineReader() : interactive_(StdinIsTerminal()) {
    if (!interactive_) return;
    path_ = HistoryPath();
    rl_outstream = stderr;  // stdout is for answers
    rl_getc_function = ReadCharacter;
    using_history();
    stifle_history(1000);
    if (!path_.empty()) read_history(path_.c_str());
  }

  // False at the end of input. Joins lines that end in a backslash.
  bool Read(std::string* text) {
    text->clear();
    std::string line;
    while (true) {
      switch (ReadLine(text->empty() ? "> " : "… ", &line)) {
        case Got::kEnd:
          return !text->empty();
        case Got::kInterrupt:
          text->clear();
          continue;
        case Got::kLine:
          break;
      }
      if (line.ends_with('\\')) {
        line.back() = '\n';
        *text += line;
        continue;
      }
      *text += line;
      if (interactive_ && !text->empty()) {
        add_history(text->c_str());
        if (!path_.empty()) write_history(path_.c_str());
      }
      return true;
    }
  }

 private:
  enum class Got { kLine, kEnd, kInterrupt };

  Got ReadLine(const char* prompt, std::string* line) {
    if (!interactive_) return std::getline(std::cin, *line) ? Got::kLine : Got::kEnd;
    const InterruptFlag interrupt;
    const std::unique_ptr<char, decltype(&std::free)> read(readline(prompt), &std::free);
    if (read == nullptr) {
      WriteErr("\n");
      if (!InterruptFlag::raised()) return Got::kEnd;
      PrintNote("Ctrl-D leaves");
      return Got::kInterrupt;
    }
    *line = read.get();
    return Got::kLine;
  }

  bool interactive_;
  std::string path_;
};

struct Chat {
  Engine& engine;
  Conversation conversation;
  SamplingOptions sampling;
  std::string system;
  int64_t max_tokens;

  void Reset() {
    conversation.variables["messages"].clear();
    if (!system.empty()) AddMessage(&conversation, "system", system);
  }

  // Answers the messages so far and keeps the answer.
  Status Reply() {
    ASSIGN_OR_RETURN(std::vector<int32_t> prompt, RenderPrompt(conversation, *engine.tokenizer()));
    ASSIGN_OR_RETURN(
        const Answer answer,
        Generate(engine,
                 {.prompt = std::move(prompt), .sampling = sampling, .max_tokens = max_tokens},
                 WriteOut));
    RETURN_IF_ERROR(WriteOut("\n"));
    AddMessage(&conversation, "assistant", answer.text);
    ++sampling.seed;  // /again asks for another answer, not the same
    std::string note = DescribeSpeed(answer);
    if (answer.finish == FinishReason::kCancelled) note = "stopped; " + note;
    if (answer.finish == FinishReason::kLength) note = "length limit reached; " + note;
    PrintNote(note);
    return OkStatus();
  }

  // Answers `text`, or with none the last message once more. A turn that fails leaves the
  // conversation as it was before it.
  void Turn(const std::optional<std::string>& text) {
    auto& messages = conversation.variables["messages"];
    const auto before = messages;
    if (text) {
      AddMessage(&conversation, "user", *text);
    } else if (!messages.empty() && messages.back()["role"] == "assistant") {
      messages.erase(messages.size() - 1);
    } else {
      PrintNote("nothing to answer again");
      return;
    }
    if (const Status status = Reply(); !status.ok()) {
      Fail(status);
      failed = true;
      messages = before;
    }
  }

  // Handles one input; false to leave.
  bool Handle(const std::string& text) {
    if (text == "/exit" || text == "/quit") return false;
    if (text == "/help") {
      PrintNote(kHelp);
    } else if (text == "/reset") {
      Reset();
      PrintNote("conversation forgotten");
    } else if (text == "/system" || text.starts_with("/system ")) {
      system = text.substr(std::min(text.size(), std::strlen("/system ")));
      Reset();
      PrintNote(system.empty() ? "no system message; conversation forgotten"
                               : "system message set; conversation forgotten");
    } else if (text == "/again") {
      Turn(std::nullopt);
    } else if (text.starts_with('/')) {
      PrintNote(fmt::format("unknown command {}; /help lists them", Printable(text)));
    } else if (!text.empty()) {
      Turn(text);
    }
    return true;
  }

  bool failed = false;
};

int RunChat(const ChatOptions& options) {
  const Result<EngineOptions> usage = ToEngineOptions(options.model);
  if (!usage.ok()) return FailUsage(usage.status());
  Result<std::unique_ptr<Engine>> engine = LoadEngine(options.model);
  if (!engine.ok()) return Fail(engine.status());
  if ((*engine)->tokenizer() == nullptr) return Fail((*engine)->tokenizer_status());
  Result<Conversation> conversation = StartConversation(options.model.model);
  if (!conversation.ok()) return Fail(conversation.status());
  const Result<SamplingOptions> sampling =
      ToSamplingOptions(options.sampling, (*engine)->model().checkpoint.generation);
  if (!sampling.ok()) return FailUsage(sampling.status());

  Chat chat{.engine = **engine,
            .conversation = *std::move(conversation),
            .sampling = *sampling,
            .system = options.system,
            .max_tokens = options.max_tokens};
  chat.Reset();
  const bool interactive = StdinIsTerminal();
  if (interactive) {
    PrintNote(fmt::format("{}, {} threads. /help lists commands.", (*engine)->model().spec.family,
                          (*engine)->threads()));
  }
  LineReader reader;
  std::string text;
  while (reader.Read(&text) && chat.Handle(text)) {
    // A script wants to know that a turn failed; a person sees it and goes on.
    if (chat.failed && !interactive) return kExitFailure;
  }
  return kExitOk;
}

}  // namespace

Command ChatCommand() {
  auto options = std::make_shared<ChatOptions>();
  Command command = {
      .name = "chat",
      .about = "Talk with a model at the terminal.",
      .options = {{.names = "--system", .value = &options->system, .help = "system message"},
                  {.names = "-n,--max-tokens",
                   .value = &options->max_tokens,
                   .help =
                       "most tokens per answer; -1: until the model stops or the context is full",
                   .check = IntegerIn(-1),
                   .show_default = true}},
      .footer = std::string("In the conversation:\n") + kHelp +
                "\n\n"
                "Example:\n"
                "  frugal chat MODEL --system \"Answer in one sentence.\" --temp 0.7",
      .run = [options] { return RunChat(*options); }};
  AddSamplingFlags(&command, &options->sampling);
  AddModelOptions(&command, &options->model);
  return command;
}

}  // namespace frugal
