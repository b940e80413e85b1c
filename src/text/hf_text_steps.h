// The "normalizer" and "pre_tokenizer" of a tokenizer.json.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"
#include "text/normalizer.h"
#include "text/pretokenizer.h"

namespace frugal {

// `value` may be null (nothing to do). kUnsupported for a type Frugal does not know, kCorrupt for
// fields that are missing or of the wrong type; messages name the field.
Result<Normalizer> ParseNormalizer(const nlohmann::json& value);
Result<PreTokenizer> ParsePreTokenizer(const nlohmann::json& value);

// {"String": …} or {"Regex": …}: a literal text, or a pattern.
struct HfPattern {
  std::string text;
  std::shared_ptr<const Regex> regex;
};
Result<HfPattern> ParseHfPattern(const nlohmann::json& object, const std::string& path);

}  // namespace frugal
