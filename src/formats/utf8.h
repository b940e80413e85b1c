// Text that comes from files: is it UTF-8, and how is it shown in a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frugal {

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
bool IsValidUtf8(std::string_view text);

// `text` fit for one line of a message: control characters and bytes that are not UTF-8 become
// \xNN, and a text longer than max_bytes is cut and ends in "...".
std::string Printable(std::string_view text, size_t max_bytes = 120);

}  // namespace frugal
