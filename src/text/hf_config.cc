#include "text/hf_config.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "formats/json.h"
#include "text/hf_fields.h"

namespace frugal {
namespace {

using nlohmann::json;

// Null when the file is not there.
Result<json> ReadOptional(const std::string& directory, const char* file) {
  const std::filesystem::path path = std::filesystem::path(directory) / file;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return json();
  ASSIGN_OR_RETURN(const nlohmann::ordered_json value, ReadJsonFile(path.string()));
  json root(value);
  if (!root.is_object()) return WrongType(root, path.string(), "an object");
  return root;
}

// A token written as a string, or as an object with "content".
Result<std::string> TokenContent(const json& value, const std::string& path) {
  if (value.is_string()) return value.get<std::string>();
  RETURN_IF_ERROR(ExpectObject(value, path));
  return StringField(value, "content", path);
}

Status ReadRoles(const json& root, const std::string& path, HfConfig* config) {
  for (const char* role : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                           "cls_token", "mask_token"}) {
    const auto found = root.find(role);
    if (found == root.end()) continue;
    std::optional<std::string> content;
    if (!found->is_null()) {
      ASSIGN_OR_RETURN(content, TokenContent(*found, path + "." + role));
      config->special_tokens.push_back(*content);
    }
    if (role == std::string_view("bos_token") && !config->says_bos) {
      config->says_bos = true;
      config->bos_token = content;
    }
    if (role == std::string_view("eos_token") && !config->says_eos) {
      config->says_eos = true;
      config->eos_token = content;
    }
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    const json* list = FindField(root, key);
    if (list == nullptr || !(list->is_array() || list->is_object())) continue;
    for (const json& token : *list) {
      ASSIGN_OR_RETURN(std::string content, TokenContent(token, path + "." + key));
      config->special_tokens.push_back(std::move(content));
    }
  }
  return OkStatus();
}

Status ReadAddedTokensDecoder(const json& root, const std::string& path, HfConfig* config) {
  const json* decoder = FindField(root, "added_tokens_decoder");
  if (decoder == nullptr) return OkStatus();
  const std::string base = path + ".added_tokens_decoder";
  RETURN_IF_ERROR(ExpectObject(*decoder, base));
  for (const auto& [key, value] : decoder->items()) {
    const std::string place = base + "." + key;
    AddedToken token;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token.id);
    if (error != std::errc() || end != key.data() + key.size() || token.id < 0) {
      return Error(StatusCode::kCorrupt, "{}: the key is no token id", place);
    }
    RETURN_IF_ERROR(ExpectObject(value, place));
    ASSIGN_OR_RETURN(token.content, StringField(value, "content", place));
    ASSIGN_OR_RETURN(token.single_word, BoolFieldOr(value, "single_word", place, false));
    ASSIGN_OR_RETURN(token.lstrip, BoolFieldOr(value, "lstrip", place, false));
    ASSIGN_OR_RETURN(token.rstrip, BoolFieldOr(value, "rstrip", place, false));
    ASSIGN_OR_RETURN(token.special, BoolFieldOr(value, "special", place, false));
    ASSIGN_OR_RETURN(token.normalized, BoolFieldOr(value, "normalized", place, !token.special));
    config->added_tokens.push_back(std::move(token));
  }
  return OkStatus();
}

// added_tokens.json: from tokens to ids.
Status ReadAddedTokensJson(const json& root, const std::string& path, HfConfig* config) {
  if (root.is_null()) return OkStatus();
  for (const auto& [content, id] : root.items()) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > INT32_MAX) {
      return WrongType(id, path + "['" + content + "']", "a token id");
    }
    AddedToken token;
    token.id = id.get<int32_t>();
    token.content = content;
    config->added_tokens.push_back(std::move(token));
  }
  return OkStatus();
}

Result<std::optional<int64_t>> FirstId(const json& root, const char* key, const std::string& path) {
  const json* value = FindField(root, key);
  if (value != nullptr && value->is_array()) value = value->empty() ? nullptr : &value->front();
  if (value == nullptr) return std::optional<int64_t>();
  if (!value->is_number_integer()) return WrongType(*value, path + "." + key, "a token id");
  return std::optional<int64_t>(value->get<int64_t>());
}

}  // namespace

Result<HfConfig> ReadHfConfig(const std::string& directory) {
  HfConfig config;
  ASSIGN_OR_RETURN(const json tokenizer, ReadOptional(directory, "tokenizer_config.json"));
  if (!tokenizer.is_null()) {
    const std::string path = directory + "/tokenizer_config.json";
    ASSIGN_OR_RETURN(config.tokenizer_class, StringFieldOr(tokenizer, "tokenizer_class", path, ""));
    RETURN_IF_ERROR(ReadRoles(tokenizer, path, &config));
    RETURN_IF_ERROR(ReadAddedTokensDecoder(tokenizer, path, &config));
    if (FindField(tokenizer, "add_bos_token") != nullptr) {
      ASSIGN_OR_RETURN(config.add_bos_token, BoolFieldOr(tokenizer, "add_bos_token", path, false));
    }
    if (FindField(tokenizer, "add_eos_token") != nullptr) {
      ASSIGN_OR_RETURN(config.add_eos_token, BoolFieldOr(tokenizer, "add_eos_token", path, false));
    }
  }
  ASSIGN_OR_RETURN(const json map, ReadOptional(directory, "special_tokens_map.json"));
  if (!map.is_null()) {
    RETURN_IF_ERROR(ReadRoles(map, directory + "/special_tokens_map.json", &config));
  }
  if (config.added_tokens.empty()) {
    ASSIGN_OR_RETURN(const json added, ReadOptional(directory, "added_tokens.json"));
    RETURN_IF_ERROR(ReadAddedTokensJson(added, directory + "/added_tokens.json", &config));
  }
  ASSIGN_OR_RETURN(const json model, ReadOptional(directory, "config.json"));
  if (!model.is_null()) {
    const std::string path = directory + "/config.json";
    ASSIGN_OR_RETURN(config.model_type, StringFieldOr(model, "model_type", path, ""));
    ASSIGN_OR_RETURN(config.bos_id, FirstId(model, "bos_token_id", path));
    ASSIGN_OR_RETURN(config.eos_id, FirstId(model, "eos_token_id", path));
  }
  return config;
}

Status ApplyHfConfig(const HfConfig& config, const std::string& directory, TokenizerParts* parts) {
  std::vector<bool> added(parts->texts.size(), false);
  for (const AddedToken& token : parts->added_tokens) added[static_cast<size_t>(token.id)] = true;
  auto is_added = [&](int32_t id) {
    return static_cast<size_t>(id) < added.size() && added[static_cast<size_t>(id)];
  };
  parts->listed += config.added_tokens.size();
  for (const AddedToken& token : config.added_tokens) {
    const auto id = static_cast<size_t>(token.id);
    const bool taken = id < parts->texts.size() && !parts->texts[id].empty();
    if (is_added(token.id) || (taken && parts->texts[id] != token.content)) continue;
    RETURN_IF_ERROR(
        AddAddedToken(token, fmt::format("{}: added token {}", directory, token.id), parts));
    if (added.size() < parts->texts.size()) added.resize(parts->texts.size(), false);
    added[static_cast<size_t>(token.id)] = true;
  }

  TokenMap ids;
  for (const AddedToken& token : parts->added_tokens) ids.Insert(token.content, token.id);
  for (size_t id = 0; id < parts->texts.size(); ++id) {
    if (!parts->texts[id].empty()) ids.Insert(parts->texts[id], static_cast<int32_t>(id));
  }
  for (const std::string& content : config.special_tokens) {
    const int32_t id = ids.Find(content);
    if (id < 0 || is_added(id)) continue;
    AddedToken token;
    token.id = id;
    token.content = content;
    token.special = true;
    parts->added_tokens.push_back(std::move(token));
    added[static_cast<size_t>(id)] = true;
  }

  auto role = [&](bool says, const std::optional<std::string>& name,
                  const std::optional<int64_t>& number, std::optional<int32_t>* out) {
    if (says) {
      const int32_t id = name ? ids.Find(*name) : -1;
      *out = id >= 0 ? std::optional<int32_t>(id) : std::nullopt;
    } else if (number && *number >= 0 && *number < static_cast<int64_t>(parts->texts.size())) {
      *out = static_cast<int32_t>(*number);
    }
  };
  role(config.says_bos, config.bos_token, config.bos_id, &parts->bos);
  role(config.says_eos, config.eos_token, config.eos_id, &parts->eos);
  // As transformers does: saying either settles both.
  if (config.add_bos_token || config.add_eos_token) {
    parts->prefix.clear();
    parts->suffix.clear();
    if (config.add_bos_token.value_or(false) && parts->bos) parts->prefix.push_back(*parts->bos);
    if (config.add_eos_token.value_or(false) && parts->eos) parts->suffix.push_back(*parts->eos);
  }
  return OkStatus();
}

}  // namespace frugal
