#include "text/hf_fields.h"

#include <nlohmann/json.hpp>

namespace frugal {

using nlohmann::json;

Status WrongType(const json& value, const std::string& path, const char* expected) {
  return Error(StatusCode::kCorrupt, "{}: expected {}, found {}", path, expected,
               value.type_name());
}

const json* FindField(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> StringField(const json& object, const char* key, const std::string& path) {
  const json* field = FindField(object, key);
  if (field == nullptr) return Error(StatusCode::kCorrupt, "{}.{} is missing", path, key);
  if (!field->is_string()) return WrongType(*field, path + "." + key, "a string");
  return field->get<std::string>();
}

Result<std::string> StringFieldOr(const json& object, const char* key, const std::string& path,
                                  const std::string& fallback) {
  if (FindField(object, key) == nullptr) return fallback;
  return StringField(object, key, path);
}

Result<bool> BoolFieldOr(const json& object, const char* key, const std::string& path,
                         bool fallback) {
  const json* field = FindField(object, key);
  if (field == nullptr) return fallback;
  if (!field->is_boolean()) return WrongType(*field, path + "." + key, "true or false");
  return field->get<bool>();
}

Result<int64_t> IntFieldOr(const json& object, const char* key, const std::string& path,
                           int64_t fallback) {
  const json* field = FindField(object, key);
  if (field == nullptr) return fallback;
  if (!field->is_number_integer()) return WrongType(*field, path + "." + key, "an integer");
  if (field->is_number_unsigned() && field->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    return Error(StatusCode::kCorrupt, "{}.{}: {} is out of range", path, key,
                 field->get<uint64_t>());
  }
  return field->get<int64_t>();
}

Result<const json*> ArrayField(const json& object, const char* key, const std::string& path) {
  const json* field = FindField(object, key);
  if (field == nullptr) return Error(StatusCode::kCorrupt, "{}.{} is missing", path, key);
  if (!field->is_array()) return WrongType(*field, path + "." + key, "a list");
  return field;
}

Status ExpectObject(const json& value, const std::string& path) {
  return value.is_object() ? OkStatus() : WrongType(value, path, "an object");
}

}  // namespace frugal
