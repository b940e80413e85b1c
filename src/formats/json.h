// JSON files of Hugging Face checkpoints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"
#include "formats/metadata.h"

namespace frugal {

// Parses text with key order kept. kCorrupt names `name`, line and column. Nesting is limited to
// 128 levels. Duplicate keys, Python's NaN, Infinity and -Infinity, numbers beyond double and
// invalid UTF-8 are errors; integers beyond 64 bits become double.
// Looking up a key in an ordered_json is a linear search: iterate over large objects instead.
Result<nlohmann::ordered_json> ParseJson(const std::string& text, const std::string& name);

// Reads and parses a file of at most max_bytes.
Result<nlohmann::ordered_json> ReadJsonFile(const std::string& path, int64_t max_bytes = 256 << 20);

// Flattens an object as formats/metadata.h says; an empty object is kept as null, an empty array
// as a list of integers (which every list getter accepts). kCorrupt when the top level is no
// object or two keys flatten to the same name; kUnsupported for a list with integers of 2^63 or
// more; kResourceExhausted when the result would be far larger than configuration files are.
Result<Metadata> FlattenJson(const nlohmann::ordered_json& json, const std::string& name);

}  // namespace frugal
