// Typed access to the fields of a JSON object, with errors that name the field.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"

namespace frugal {

// Null when absent or null.
const nlohmann::json* FindField(const nlohmann::json& object, const char* key);

// `path` is the object's own place ("normalizer.normalizers[1]"). kCorrupt when the field is of
// another type, or absent where there is no default.
Result<std::string> StringField(const nlohmann::json& object, const char* key,
                                const std::string& path);
Result<std::string> StringFieldOr(const nlohmann::json& object, const char* key,
                                  const std::string& path, const std::string& fallback);
Result<bool> BoolFieldOr(const nlohmann::json& object, const char* key, const std::string& path,
                         bool fallback);
Result<int64_t> IntFieldOr(const nlohmann::json& object, const char* key, const std::string& path,
                           int64_t fallback);
Result<const nlohmann::json*> ArrayField(const nlohmann::json& object, const char* key,
                                         const std::string& path);

Status ExpectObject(const nlohmann::json& value, const std::string& path);

// "path: expected `expected`, found a string".
Status WrongType(const nlohmann::json& value, const std::string& path, const char* expected);

}  // namespace frugal
