// The "post_processor" and "decoder" of a tokenizer.json.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "base/status.h"
#include "text/token_decoder.h"

namespace frugal {

// What a post-processor puts around one text.
struct TokenFrame {
  std::vector<int32_t> prefix, suffix;
};

// `value` may be null. kUnsupported for a type Frugal does not know, or an order of decoders that
// cannot be run token by token; kCorrupt for fields that are missing or of the wrong type.
Result<TokenFrame> ParsePostProcessor(const nlohmann::json& value);
Result<TokenDecoder> ParseDecoder(const nlohmann::json& value);

}  // namespace frugal
