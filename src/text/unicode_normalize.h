// Unicode normalisation forms (UAX #15), in time n log n whatever the text.
#pragma once

#include <string>
#include <string_view>

namespace frugal {

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

// `text` must be well-formed UTF-8.
std::string NormalizeUnicode(std::string_view text, UnicodeForm form);

}  // namespace frugal
