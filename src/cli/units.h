// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace frugal {

std::string FormatBytes(int64_t bytes);  // "1.04 MB"
std::string FormatCount(int64_t count);  // "8.03B", "0.26M"

}  // namespace frugal
