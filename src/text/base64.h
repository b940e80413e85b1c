// Base64 (RFC 4648, standard alphabet).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace frugal {

// Nullopt when `text` is not base64; padding at the end may be missing.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace frugal
