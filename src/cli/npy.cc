#include "cli/npy.h"

#include <fmt/core.h>

namespace frugal {

std::string NpyHeader(std::string_view dtype, const std::vector<int64_t>& shape) {
  std::string sizes;
  for (int64_t size : shape) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  if (shape.size() == 1) sizes += ',';  // a Python tuple of one
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 dtype, sizes);
  // Magic, version and length are 10 bytes; the data begins at a multiple of 64.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace frugal
