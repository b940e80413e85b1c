#include "formats/metadata.h"

#include <cmath>
#include <utility>

#include "formats/utf8.h"

namespace frugal {
namespace {

Status WrongType(std::string_view key, const char* expected, const MetaValue& value) {
  return Error(StatusCode::kCorrupt, "key '{}': expected {}, found {}", Printable(key), expected,
               MetaTypeName(value));
}

// The value of a key that must be there.
Result<const MetaValue*> Required(const Metadata& metadata, std::string_view key) {
  const MetaValue* value = metadata.Find(key);
  if (value == nullptr) return Error(StatusCode::kNotFound, "key '{}' is missing", Printable(key));
  if (std::holds_alternative<MetaNull>(*value)) {
    return Error(StatusCode::kNotFound, "key '{}' is null", Printable(key));
  }
  return value;
}

// An empty list has no elements whose type could be wrong: it is a list of whatever is asked.
bool IsEmptyList(const MetaValue& value) {
  return std::visit(
      [](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::vector<bool>> ||
                      std::is_same_v<T, std::vector<int64_t>> ||
                      std::is_same_v<T, std::vector<double>> ||
                      std::is_same_v<T, std::vector<std::string>>) {
          return v.empty();
        } else {
          return false;
        }
      },
      value);
}

bool ExactInt(double value, int64_t* out) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value >= -kLimit && value < kLimit) || std::trunc(value) != value) return false;
  *out = static_cast<int64_t>(value);
  return true;
}

template <typename T>
Result<T> GetAs(const Metadata& metadata, std::string_view key, const char* expected) {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(metadata, key));
  if (const T* typed = std::get_if<T>(value)) return *typed;
  return WrongType(key, expected, *value);
}

}  // namespace

const char* MetaTypeName(const MetaValue& value) {
  static constexpr const char* kNames[] = {"null",
                                           "a boolean",
                                           "an integer",
                                           "an integer of 2^63 or more",
                                           "a number",
                                           "a string",
                                           "a list of booleans",
                                           "a list of integers",
                                           "a list of numbers",
                                           "a list of strings"};
  static_assert(std::size(kNames) == std::variant_size_v<MetaValue>);
  return kNames[value.index()];
}

const MetaValue* Metadata::Find(std::string_view key) const {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

bool Metadata::Has(std::string_view key) const {
  const MetaValue* value = Find(key);
  return value != nullptr && !std::holds_alternative<MetaNull>(*value);
}

Result<int64_t> Metadata::GetInt(std::string_view key) const {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(*this, key));
  if (const auto* v = std::get_if<int64_t>(value)) return *v;
  if (const auto* v = std::get_if<uint64_t>(value)) {
    return Error(StatusCode::kCorrupt, "key '{}': expected an integer below 2^63, found {}",
                 Printable(key), *v);
  }
  if (const auto* v = std::get_if<double>(value)) {
    int64_t exact = 0;
    if (ExactInt(*v, &exact)) return exact;
    return Error(StatusCode::kCorrupt, "key '{}': expected an integer, found {}", Printable(key),
                 *v);
  }
  return WrongType(key, "an integer", *value);
}

Result<double> Metadata::GetDouble(std::string_view key) const {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(*this, key));
  if (const auto* v = std::get_if<double>(value)) return *v;
  if (const auto* v = std::get_if<int64_t>(value)) return static_cast<double>(*v);
  if (const auto* v = std::get_if<uint64_t>(value)) return static_cast<double>(*v);
  return WrongType(key, "a number", *value);
}

Result<bool> Metadata::GetBool(std::string_view key) const {
  return GetAs<bool>(*this, key, "a boolean");
}

Result<std::string> Metadata::GetString(std::string_view key) const {
  return GetAs<std::string>(*this, key, "a string");
}

Result<std::vector<int64_t>> Metadata::GetInts(std::string_view key) const {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(*this, key));
  if (const auto* v = std::get_if<std::vector<int64_t>>(value)) return *v;
  if (IsEmptyList(*value)) return std::vector<int64_t>();
  const auto* doubles = std::get_if<std::vector<double>>(value);
  if (doubles == nullptr) return WrongType(key, "a list of integers", *value);
  std::vector<int64_t> ints(doubles->size());
  for (size_t i = 0; i < ints.size(); ++i) {
    if (!ExactInt((*doubles)[i], &ints[i])) {
      return Error(StatusCode::kCorrupt, "key '{}', element {}: expected an integer, found {}",
                   Printable(key), i, (*doubles)[i]);
    }
  }
  return ints;
}

Result<std::vector<double>> Metadata::GetDoubles(std::string_view key) const {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(*this, key));
  if (const auto* v = std::get_if<std::vector<double>>(value)) return *v;
  if (const auto* v = std::get_if<std::vector<int64_t>>(value)) {
    return std::vector<double>(v->begin(), v->end());
  }
  if (IsEmptyList(*value)) return std::vector<double>();
  return WrongType(key, "a list of numbers", *value);
}

Result<std::vector<std::string>> Metadata::GetStrings(std::string_view key) const {
  ASSIGN_OR_RETURN(const MetaValue* value, Required(*this, key));
  if (IsEmptyList(*value)) return std::vector<std::string>();
  return GetAs<std::vector<std::string>>(*this, key, "a list of strings");
}

}  // namespace frugal
