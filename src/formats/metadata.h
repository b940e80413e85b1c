// What a checkpoint says about itself, as flat typed key–value pairs, whichever container it
// came in.
//
// GGUF: the file's own keys ("llama.block_count"). Hugging Face: config.json with nested objects
// flattened by dots ("rope_scaling.factor"); null values are kept as kNull. Arrays whose elements
// are all integers, all numbers, all booleans or all strings become typed arrays; an array of
// anything else is flattened by index ("layers.0.kind").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace frugal {

using MetaNull = std::monostate;
using MetaValue =
    std::variant<MetaNull, bool, int64_t, uint64_t, double, std::string, std::vector<bool>,
                 std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

// "a string", "an integer", "a list of numbers"...: for messages.
const char* MetaTypeName(const MetaValue& value);

struct Metadata {
  // Integers are int64_t; uint64_t only when they do not fit.
  std::map<std::string, MetaValue, std::less<>> values;

  const MetaValue* Find(std::string_view key) const;  // null when absent; kNull is found
  bool Has(std::string_view key) const;               // present and not null

  // Typed access. kNotFound when absent or null, kCorrupt when of another type or out of range;
  // messages name the key. GetDouble takes integers too; GetInt and GetInts take doubles with
  // exact integer values (JSON writes 1e6). An empty list is one of whatever type is asked.
  Result<int64_t> GetInt(std::string_view key) const;
  Result<double> GetDouble(std::string_view key) const;
  Result<bool> GetBool(std::string_view key) const;
  Result<std::string> GetString(std::string_view key) const;
  Result<std::vector<int64_t>> GetInts(std::string_view key) const;
  Result<std::vector<double>> GetDoubles(std::string_view key) const;  // integers too
  Result<std::vector<std::string>> GetStrings(std::string_view key) const;
};

}  // namespace frugal
