// frugal render: a chat template around messages, as text.
#include <fmt/core.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/mapped_file.h"
#include "cli/command.h"
#include "cli/conversation.h"
#include "formats/json.h"
#include "text/chat_template.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

struct RenderOptions {
  std::string model;
  std::optional<std::string> messages;
  std::string tools;
  std::vector<std::string> args;
  bool jsonl = false;
};

// "2026-01-15", "2026-01-15 08:30:00" or with a T between.
std::optional<std::tm> ParseTime(const std::string& text) {
  std::tm time = {};
  char separator = ' ';
  int end = 0;
  const int fields =
      std::sscanf(text.c_str(), "%4d-%2d-%2d%n%c%2d:%2d:%2d%n", &time.tm_year, &time.tm_mon,
                  &time.tm_mday, &end, &separator, &time.tm_hour, &time.tm_min, &time.tm_sec, &end);
  if ((fields != 3 && fields != 7) || (separator != ' ' && separator != 'T') ||
      end != static_cast<int>(text.size())) {
    return std::nullopt;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  time.tm_isdst = -1;
  if (time.tm_hour < 0 || time.tm_hour > 23 || time.tm_min < 0 || time.tm_min > 59 ||
      time.tm_sec < 0 || time.tm_sec > 60) {
    return std::nullopt;
  }
  const std::tm asked = time;
  std::mktime(&time);  // fills in the day of the week and of the year, and mends 31 February
  if (time.tm_mon != asked.tm_mon || time.tm_mday != asked.tm_mday) return std::nullopt;
  return time;
}

Result<std::tm> TimeOf(const Json& line) {
  const auto now = line.find("now");
  if (now == line.end() || now->is_null()) return LocalTime();
  if (now->is_string()) {
    if (const auto time = ParseTime(now->get<std::string>())) return *time;
  }
  return Error(StatusCode::kInvalidArgument,
               "\"now\": expected a time as in \"2026-01-15 08:30:00\", found {}", now->dump());
}

struct Loaded {
  ChatTemplate chat_template;
  Json variables;  // what the model itself provides
};

Result<Loaded> Load(const std::string& model) {
  Json variables = Json::object();
  if (model.ends_with(".jinja")) {
    ASSIGN_OR_RETURN(const std::string source, ReadFile(model, int64_t{16} << 20));
    ASSIGN_OR_RETURN(ChatTemplate chat_template, ChatTemplate::Parse(source, model));
    return Loaded{std::move(chat_template), std::move(variables)};
  }
  ASSIGN_OR_RETURN(ChatTemplate chat_template, LoadChatTemplate(model, &variables));
  return Loaded{std::move(chat_template), std::move(variables)};
}

Result<std::string> RenderOne(const Loaded& loaded, const Json& messages, const Json& tools,
                              const Json& kwargs, const std::tm& now) {
  Json variables = loaded.variables;
  variables["messages"] = messages;
  variables["tools"] = tools;
  variables["documents"] = nullptr;
  for (const auto& [key, value] : kwargs.items()) variables[key] = value;
  return loaded.chat_template.Render(variables, now);
}

// One {"messages", "tools", "kwargs", "now"} per line in, {"text"} or {"error"} per line out.
Status RenderLines(const Loaded& loaded) {
  std::string line;
  for (int64_t number = 1; std::getline(std::cin, line); ++number) {
    ASSIGN_OR_RETURN(const Json input, ParseJson(line, fmt::format("stdin line {}", number)));
    if (!input.is_object() || !input.contains("messages")) {
      return Error(StatusCode::kInvalidArgument,
                   "stdin line {}: expected an object with \"messages\"", number);
    }
    const Json kwargs = input.value("kwargs", Json::object());
    if (!kwargs.is_object()) {
      return Error(StatusCode::kInvalidArgument, "stdin line {}: \"kwargs\": expected an object",
                   number);
    }
    ASSIGN_OR_RETURN(const std::tm now, TimeOf(input));
    const Result<std::string> text =
        RenderOne(loaded, input["messages"], input.value("tools", Json()), kwargs, now);
    const Json out = text.ok() ? Json{{"text", *text}} : Json{{"error", text.status().message()}};
    RETURN_IF_ERROR(WriteOut(ToLine(out)));
  }
  return OkStatus();
}

// k=v, where v is JSON if it parses as such and else a string.
Result<Json> ParseArgs(const std::vector<std::string>& args) {
  Json kwargs = Json::object();
  for (const std::string& arg : args) {
    const size_t equals = arg.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error(StatusCode::kInvalidArgument, "--arg: expected name=value, found '{}'", arg);
    }
    const std::string value = arg.substr(equals + 1);
    Json parsed = Json::parse(value, nullptr, /*allow_exceptions=*/false);
    kwargs[arg.substr(0, equals)] = parsed.is_discarded() ? Json(value) : std::move(parsed);
  }
  return kwargs;
}

Status Render(const RenderOptions& options) {
  ASSIGN_OR_RETURN(const Loaded loaded, Load(options.model));
  if (options.jsonl) return RenderLines(loaded);
  ASSIGN_OR_RETURN(const Json messages, ReadJsonFile(*options.messages));
  Json tools;
  if (!options.tools.empty()) {
    ASSIGN_OR_RETURN(tools, ReadJsonFile(options.tools));
  }
  ASSIGN_OR_RETURN(const Json kwargs, ParseArgs(options.args));
  ASSIGN_OR_RETURN(const std::string text, RenderOne(loaded, messages, tools, kwargs, LocalTime()));
  return WriteOut(text);
}

int Run(const RenderOptions& options) {
  if (!options.jsonl && !options.messages) {
    return RefuseUsage("render", "--messages FILE.json or --jsonl is required");
  }
  return ExitStatus(Render(options));
}

}  // namespace

Command RenderCommand() {
  auto options = std::make_shared<RenderOptions>();
  return {.name = "render",
          .about = "Show messages as the model sees them, through its chat template.",
          .options =
              {{.names = "MODEL",
                .value = &options->model,
                .help = "a model with a chat template, or a .jinja file",
                .required = true},
               {.names = "--messages",
                .value = &options->messages,
                .help = "JSON file: [{\"role\", \"content\"}, …]",
                .value_name = "FILE"},
               {.names = "--tools",
                .value = &options->tools,
                .help = "JSON file: list of tool definitions",
                .value_name = "FILE"},
               {.names = "--arg",
                .value = &options->args,
                .help = "variable for the template, as in add_generation_prompt=true (repeatable)",
                .value_name = "NAME=VALUE"},
               {.names = "--jsonl",
                .value = &options->jsonl,
                .help = "one {\"messages\", \"tools\", \"kwargs\", \"now\"} per line on stdin, one "
                        "{\"text\"} or {\"error\"} per line out",
                .value_name = " ",
                .excludes = "--messages"}},
          .footer =
              "Examples:\n"
              "  frugal render MODEL --messages talk.json --arg add_generation_prompt=true\n"
              "  frugal render template.jinja --messages talk.json --tools tools.json --arg "
              "bos_token=\"<s>\"\n"
              "where talk.json holds [{\"role\": \"user\", \"content\": \"Hello\"}]",
          .run = [options] { return Run(*options); }};
}

}  // namespace frugal
