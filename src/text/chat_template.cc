#include "text/chat_template.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "formats/json.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"
#include "text/jinja/unicode.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxSource = 1 << 20;  // the largest published templates have 20 kB

constexpr const char* kSpecialTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                          "pad_token", "cls_token", "mask_token"};

Status ToStatus(const jinja::Failure& failure, const std::string& name) {
  if (failure.raised) return Status(failure.code, failure.message);
  if (failure.line == 0) return Error(failure.code, "{}: {}", name, failure.message);
  return Error(failure.code, "{}:{}:{}: {}", name, failure.line, failure.column, failure.message);
}

bool Exists(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The text of a token as tokenizer_config.json writes it: a string, or an AddedToken's object.
std::optional<std::string> TokenOf(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return std::nullopt;
  const auto content = value.find("content");
  if (content == value.end() || !content->is_string()) return std::nullopt;
  return content->get<std::string>();
}

Status AddSpecialTokens(const Json& config, const std::string& path, Json* kwargs) {
  for (const char* name : kSpecialTokens) {
    const auto it = config.find(name);
    if (it == config.end() || it->is_null() || kwargs->contains(name)) continue;
    const auto token = TokenOf(*it);
    if (!token) {
      return Error(StatusCode::kCorrupt, "{}: {}: expected a string or an object with 'content'",
                   path, name);
    }
    (*kwargs)[name] = *token;
  }
  return OkStatus();
}

// `templates` is a string, or a list of {"name", "template"}. Nothing when there is none that fits.
Result<std::optional<std::string>> ChooseTemplate(const Json& templates, const std::string& path,
                                                  bool with_tools) {
  if (templates.is_null()) return std::optional<std::string>();
  if (templates.is_string()) return std::optional(templates.get<std::string>());
  const auto expected = [&] {
    return Error(StatusCode::kCorrupt,
                 "{}: chat_template: expected a string or a list of objects with 'name' and "
                 "'template'",
                 path);
  };
  if (!templates.is_array()) return expected();
  std::optional<std::string> fallback;
  std::optional<std::string> tool_use;
  for (const Json& entry : templates) {
    if (!entry.is_object()) return expected();
    const auto name = entry.find("name");
    const auto text = entry.find("template");
    if (name == entry.end() || !name->is_string() || text == entry.end() || !text->is_string()) {
      return expected();
    }
    if (*name == "default") fallback = text->get<std::string>();
    if (*name == "tool_use") tool_use = text->get<std::string>();
  }
  if (with_tools && tool_use) return tool_use;
  if (!fallback) {
    return Error(StatusCode::kNotFound, "{}: chat_template: no template is named 'default'", path);
  }
  return fallback;
}

Result<ChatTemplate> LoadFromDirectory(const std::filesystem::path& directory, Json* kwargs,
                                       bool with_tools) {
  const std::string config_path = directory / "tokenizer_config.json";
  Json config = Json::object();
  if (Exists(config_path)) {
    ASSIGN_OR_RETURN(config, ReadJsonFile(config_path));
    if (!config.is_object()) {
      return Error(StatusCode::kCorrupt, "{}: expected an object at the top level", config_path);
    }
    RETURN_IF_ERROR(AddSpecialTokens(config, config_path, kwargs));
  }
  const std::string map_path = directory / "special_tokens_map.json";
  if (Exists(map_path)) {
    ASSIGN_OR_RETURN(const Json map, ReadJsonFile(map_path));
    if (map.is_object()) RETURN_IF_ERROR(AddSpecialTokens(map, map_path, kwargs));
  }

  const std::string tool_path = directory / "additional_chat_templates" / "tool_use.jinja";
  const std::string text_path = directory / "chat_template.jinja";
  for (const std::string& path : {with_tools ? tool_path : text_path, text_path}) {
    if (!Exists(path)) continue;
    ASSIGN_OR_RETURN(const std::string source, ReadFile(path, kMaxSource));
    return ChatTemplate::Parse(source, path);
  }
  const std::string json_path = directory / "chat_template.json";
  if (Exists(json_path)) {
    ASSIGN_OR_RETURN(const Json json, ReadJsonFile(json_path));
    const Json templates = json.is_object() ? json.value("chat_template", Json()) : Json();
    ASSIGN_OR_RETURN(const auto source, ChooseTemplate(templates, json_path, with_tools));
    if (source) return ChatTemplate::Parse(*source, json_path + ": chat_template");
  }
  ASSIGN_OR_RETURN(const auto source,
                   ChooseTemplate(config.value("chat_template", Json()), config_path, with_tools));
  if (source) return ChatTemplate::Parse(*source, config_path + ": chat_template");
  return Error(StatusCode::kNotFound,
               "{}: no chat template: expected chat_template.jinja, or chat_template in "
               "chat_template.json or tokenizer_config.json; is this a base model?",
               directory.string());
}

Result<ChatTemplate> LoadFromGguf(const std::string& path, Json* kwargs, bool with_tools) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, OpenGguf(path, {.metadata_only = true}));
  const Metadata& metadata = checkpoint.metadata;
  if (metadata.Has("tokenizer.ggml.tokens")) {
    ASSIGN_OR_RETURN(const auto tokens, metadata.GetStrings("tokenizer.ggml.tokens"));
    constexpr const char* kIds[] = {"bos", "eos", "unknown", "seperator", "padding", "cls", "mask"};
    for (size_t i = 0; i < std::size(kIds); ++i) {
      std::string key = fmt::format("tokenizer.ggml.{}_token_id", kIds[i]);
      // The key that llama.cpp writes is misspelt.
      if (!metadata.Has(key) && key.find("seperator") != std::string::npos) {
        key = "tokenizer.ggml.separator_token_id";
      }
      if (!metadata.Has(key)) continue;
      ASSIGN_OR_RETURN(const int64_t id, metadata.GetInt(key));
      if (id < 0 || id >= static_cast<int64_t>(tokens.size())) {
        return Error(StatusCode::kCorrupt, "{}: {}: expected an id below {}, found {}", path, key,
                     tokens.size(), id);
      }
      (*kwargs)[kSpecialTokens[i]] = tokens[static_cast<size_t>(id)];
    }
  }
  const std::string tool_key = "tokenizer.chat_template.tool_use";
  const std::string key =
      with_tools && metadata.Has(tool_key) ? tool_key : "tokenizer.chat_template";
  if (!metadata.Has(key)) {
    return Error(StatusCode::kNotFound,
                 "{}: no chat template: no tokenizer.chat_template in it; "
                 "is this a base model?",
                 path);
  }
  const Result<std::string> source = metadata.GetString(key);
  if (!source.ok()) return source.status().WithContext(path);
  return ChatTemplate::Parse(*source, path + ": " + key);
}

}  // namespace

struct ChatTemplate::Impl {
  std::string name;
  std::string source;
  jinja::Template tree;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

const std::string& ChatTemplate::source() const { return impl_->source; }

Result<ChatTemplate> ChatTemplate::Parse(std::string_view source, const std::string& name) {
  if (static_cast<int64_t>(source.size()) > kMaxSource) {
    return Error(StatusCode::kResourceExhausted,
                 "{}: the template is larger than {} bytes; is this a chat template?", name,
                 kMaxSource);
  }
  if (const size_t bad = jinja::FindInvalidUtf8(source); bad != std::string_view::npos) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: expected UTF-8 text, found an invalid byte at offset {}", name, bad);
  }
  auto impl = std::make_unique<Impl>();
  impl->name = name;
  impl->source = source;
  try {
    impl->tree = jinja::Parse(source);
  } catch (const jinja::Failure& failure) {
    return ToStatus(failure, name);
  }
  return ChatTemplate(std::move(impl));
}

Result<std::string> ChatTemplate::Render(const Json& variables, const std::tm& now,
                                         const RenderLimits& limits) const {
  if (!variables.is_object()) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: expected the variables as a JSON object, found {}", impl_->name,
                 variables.type_name());
  }
  try {
    jinja::Interpreter interpreter(impl_->tree,
                                   {limits.max_steps, limits.max_output, limits.max_depth}, now);
    std::string text = interpreter.Render(variables);
    if (jinja::HasSurrogate(text)) {
      return Error(StatusCode::kInvalidArgument,
                   "{}: the text holds a lone surrogate, which UTF-8 cannot write", impl_->name);
    }
    return text;
  } catch (const jinja::Failure& failure) {
    return ToStatus(failure, impl_->name);
  }
}

Result<ChatTemplate> LoadChatTemplate(const std::string& model, Json* kwargs, bool with_tools) {
  *kwargs = Json::object();
  std::error_code error;
  if (std::filesystem::is_directory(model, error)) {
    return LoadFromDirectory(model, kwargs, with_tools);
  }
  if (model.ends_with(".gguf")) return LoadFromGguf(model, kwargs, with_tools);
  ASSIGN_OR_RETURN(const std::string source, ReadFile(model, kMaxSource));
  return ChatTemplate::Parse(source, model);
}

}  // namespace frugal
