// JSON files of Hugging Face checkpoints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"
#include "formats/metadata.h"

namespace frugal {

// Parses text with key order kept. kCorrupt names `name`, line and column. Nesting is limited to
// 128 levels. Python's NaN, Infinity and -Infinity are not accepted; invalid UTF-8 is an error.
Result<nlohmann::ordered_json> ParseJson(const std::string& text, const std::string& name);

// Reads and parses a file of at most max_bytes.
Result<nlohmann::ordered_json> ReadJsonFile(const std::string& path,
                                            int64_t max_bytes = 256 << 20);

// Flattens an object as formats/metadata.h says. kCorrupt when the top level is no object or two
// keys flatten to the same name.
Result<Metadata> FlattenJson(const nlohmann::ordered_json& json, const std::string& name);

}  // namespace frugal
