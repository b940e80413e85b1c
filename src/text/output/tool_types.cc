#include "text/output/tool_types.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "text/output/json_text.h"
#include "text/output/stream.h"

namespace frugal::output {
namespace {

using Json = nlohmann::ordered_json;

JsonKinds KindOfType(std::string_view type) {
  if (type == "string") return kJsonString;
  if (type == "number" || type == "integer") return kJsonNumber;
  if (type == "boolean") return kJsonBoolean;
  if (type == "null") return kJsonNull;
  if (type == "object") return kJsonObject;
  if (type == "array") return kJsonArray;
  return kJsonAny;
}

JsonKinds KindOfValue(const Json& value) {
  return value.is_string()    ? kJsonString
         : value.is_number()  ? kJsonNumber
         : value.is_boolean() ? kJsonBoolean
         : value.is_null()    ? kJsonNull
         : value.is_object()  ? kJsonObject
                              : kJsonArray;
}

// ParseJson bounds the nesting, and so this recursion.
JsonKinds KindsOfSchema(const Json& schema) {
  if (!schema.is_object()) return kJsonAny;
  JsonKinds kinds = 0;
  for (const auto& [key, value] : schema.items()) {
    if (key == "type" && value.is_string()) {
      kinds |= KindOfType(value.get_ref<const std::string&>());
    } else if (key == "type" && value.is_array()) {
      for (const Json& type : value) {
        kinds |= type.is_string() ? KindOfType(type.get_ref<const std::string&>()) : kJsonAny;
      }
    } else if ((key == "anyOf" || key == "oneOf") && value.is_array()) {
      for (const Json& choice : value) kinds |= KindsOfSchema(choice);
    } else if (key == "nullable" && value == true) {
      kinds |= kJsonNull;
    }
  }
  if (kinds != 0) return kinds;
  if (const auto values = schema.find("enum"); values != schema.end() && values->is_array()) {
    for (const Json& value : *values) kinds |= KindOfValue(value);
  }
  if (const auto value = schema.find("const"); value != schema.end()) kinds |= KindOfValue(*value);
  return kinds != 0 ? kinds : kJsonAny;
}

// The kind of a well-formed JSON text.
JsonKinds KindOfText(std::string_view json) {
  switch (json.front()) {
    case '"':
      return kJsonString;
    case '{':
      return kJsonObject;
    case '[':
      return kJsonArray;
    case 't':
    case 'f':
      return kJsonBoolean;
    case 'n':
      return kJsonNull;
    default:
      return kJsonNumber;
  }
}

}  // namespace

Result<ToolTypes> ToolTypes::Parse(std::string_view tools) {
  ToolTypes types;
  if (tools.empty()) return types;
  const auto json = ParseJson(std::string(tools), "tools");
  if (!json.ok()) return Error(StatusCode::kInvalidArgument, "{}", json.status().message());
  if (json->is_null()) return types;
  if (!json->is_array()) {
    return Error(StatusCode::kInvalidArgument, "tools: expected a list of tools, found {}",
                 json->type_name());
  }
  for (const Json& tool : *json) {
    const Json* function = &tool;
    if (tool.is_object() && tool.contains("function")) function = &tool["function"];
    const bool named =
        function->is_object() && function->contains("name") && (*function)["name"].is_string();
    if (!named) {
      return Error(StatusCode::kInvalidArgument,
                   "tools: expected objects with a function's name, found {}",
                   tool.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80));
    }
    auto& parameters = types.tools_[(*function)["name"].get<std::string>()];
    const auto schema = function->find("parameters");
    if (schema == function->end() || !schema->is_object()) continue;
    const auto properties = schema->find("properties");
    if (properties == schema->end() || !properties->is_object()) continue;
    for (const auto& [name, value] : properties->items()) parameters[name] = KindsOfSchema(value);
  }
  return types;
}

JsonKinds ToolTypes::Kinds(std::string_view tool, std::string_view parameter) const {
  const auto parameters = tools_.find(tool);
  if (parameters == tools_.end()) return kJsonAny;
  const auto kinds = parameters->second.find(parameter);
  return kinds == parameters->second.end() ? kJsonAny : kinds->second;
}

std::string ParameterToJson(std::string_view text, JsonKinds kinds) {
  if (kinds == kJsonString) return QuoteJson(text);
  const bool no_strings = (kinds & kJsonString) == 0;
  const std::string_view value = Trim(text);
  // A bare text in quotes is a string that has quotes: templates write strings as they are.
  const auto allowed = [&](std::string_view json) {
    const JsonKinds kind = KindOfText(json);
    return kind != kJsonString && ((kinds & kind) != 0 || (kind == kJsonNull && no_strings));
  };
  if (!value.empty() && nlohmann::json::accept(value.begin(), value.end()) && allowed(value)) {
    return std::string(value);
  }
  if (no_strings) {
    std::string lower(value);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if ((lower == "true" || lower == "false") && allowed(lower)) return lower;
    if (const auto json = PythonToJson(value); json && allowed(*json)) return *json;
  }
  return QuoteJson(text);
}

}  // namespace frugal::output
