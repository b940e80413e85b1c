#include "cli/units.h"

#include <fmt/core.h>

namespace frugal {

std::string FormatBytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", value / 1e9);
  if (bytes >= 1'000'000) return fmt::format("{:.2f} MB", value / 1e6);
  return fmt::format("{:.2f} KB", value / 1e3);
}

std::string FormatCount(int64_t count) {
  const auto value = static_cast<double>(count);
  if (count >= 1'000'000'000) return fmt::format("{:.2f}B", value / 1e9);
  return fmt::format("{:.2f}M", value / 1e6);
}

}  // namespace frugal
