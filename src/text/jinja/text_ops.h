// Work on whole texts that methods and filters share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

// str.replace: the first `count` places, all when negative.
std::string Replace(Runtime& rt, std::string_view text, std::string_view old, std::string_view with,
                    int64_t count);
// str.splitlines: at every line break that Unicode knows.
std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends);
// Padded with `fill` (one character) to `width` characters; align is '<', '>' or '^'. '^' puts
// the odd one where str.center does.
std::string Justified(Runtime& rt, std::string_view text, int64_t width, std::string_view fill,
                      char align);
bool IsLowerText(Runtime& rt, std::string_view text);  // str.islower
bool IsUpperText(Runtime& rt, std::string_view text);

// int(text, base) and float(text) as Python reads them; false when it is no number.
bool ParseInt(std::string_view text, int base, Int* out);
bool ParseFloat(std::string_view text, double* out);

}  // namespace frugal::jinja
