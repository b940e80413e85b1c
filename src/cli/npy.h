// NumPy's .npy files, version 1.0 (numpy/lib/format.py).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frugal {

// What comes before the data: `dtype` as NumPy writes it ("<f4"), elements in C order.
std::string NpyHeader(std::string_view dtype, const std::vector<int64_t>& shape);

}  // namespace frugal
