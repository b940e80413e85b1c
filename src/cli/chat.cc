// frugal chat: a conversation at the terminal.
#include <editline/readline.h>
#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/conversation.h"
#include "cli/generate.h"
#include "cli/sampling_options.h"
#include "cli/terminal.h"

namespace frugal {
namespace {

constexpr const char* kHelp =
    "  /system TEXT   set the system message and start over\n"
    "  /reset         forget the conversation\n"
    "  /again         answer the last message once more\n"
    "  /help          this list\n"
    "  /exit          leave (Ctrl-D too)\n"
    "A line that ends in \\ goes on in the next. Ctrl-C stops an answer.";

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

// Lines from the user: edited, with history, at a terminal; plain otherwise.
class LineReader {
 public:
  LineReader() : interactive_(StdinIsTerminal()) {
    if (!interactive_) return;
    path_ = HistoryPath();
    using_history();
    stifle_history(1000);
    if (!path_.empty()) read_history(path_.c_str());
  }

  // False at the end of input. Joins lines that end in a backslash.
  bool Read(std::string* text) {
    text->clear();
    std::string line;
    while (ReadLine(text->empty() ? "> " : "… ", &line)) {
      if (!line.ends_with('\\')) {
        *text += line;
        if (interactive_ && !text->empty()) {
          add_history(text->c_str());
          if (!path_.empty()) write_history(path_.c_str());
        }
        return true;
      }
      line.back() = '\n';
      *text += line;
    }
    return !text->empty();
  }

 private:
  bool ReadLine(const char* prompt, std::string* line) {
    if (!interactive_) return static_cast<bool>(std::getline(std::cin, *line));
    const std::unique_ptr<char, decltype(&std::free)> read(readline(prompt), &std::free);
    if (read == nullptr) return false;
    *line = read.get();
    return true;
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
    ASSIGN_OR_RETURN(std::vector<int32_t> prompt,
                     RenderPrompt(conversation, *engine.tokenizer()));
    ASSIGN_OR_RETURN(const Answer answer,
                     Generate(engine,
                              {.prompt = std::move(prompt),
                               .sampling = sampling,
                               .max_tokens = max_tokens},
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

  // Drops the last answer; false when there is none.
  bool DropAnswer() {
    auto& messages = conversation.variables["messages"];
    if (messages.empty() || messages.back()["role"] != "assistant") return false;
    messages.erase(messages.size() - 1);
    return true;
  }

  // Handles one input; false to leave.
  bool Handle(const std::string& text) {
    if (text == "/exit" || text == "/quit") return false;
    if (text == "/help") {
      PrintNote(kHelp);
    } else if (text == "/reset") {
      Reset();
    } else if (text.starts_with("/system ")) {
      system = text.substr(8);
      Reset();
    } else if (text == "/again") {
      if (DropAnswer()) {
        Answered(Reply());
      } else {
        PrintNote("nothing to answer again");
      }
    } else if (text.starts_with('/')) {
      PrintNote(fmt::format("unknown command {}; /help lists them", text));
    } else if (!text.empty()) {
      AddMessage(&conversation, "user", text);
      Answered(Reply());
    }
    return true;
  }

  // A failed turn leaves the conversation as it was before it.
  void Answered(const Status& status) {
    if (status.ok()) return;
    Fail(status);
    failed = true;
    auto& messages = conversation.variables["messages"];
    if (!messages.empty()) messages.erase(messages.size() - 1);
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
    PrintNote(fmt::format("{}, {} threads. /help lists commands.",
                          (*engine)->model().spec.family, (*engine)->threads()));
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

void AddChatCommand(CLI::App* app, int* exit) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App* chat = app->add_subcommand(
      "chat", std::string("Talk with a model. In the conversation:\n") + kHelp);
  AddModelOptions(chat, &options->model);
  chat->add_option("--system", options->system, "system message");
  chat->add_option("-n,--max-tokens", options->max_tokens, "most tokens per answer")
      ->check(CLI::PositiveNumber);
  AddSamplingFlags(chat, &options->sampling);
  chat->callback([options, exit] { *exit = RunChat(*options); });
}

}  // namespace frugal
