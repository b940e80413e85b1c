#include "base/tensor.h"

#include <fmt/core.h>

namespace frugal {

std::string ShapeToString(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return text + ")";
}

int64_t NumElements(const Shape& shape) {
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) return -1;
  }
  return count;
}

int64_t TensorView::rows() const {
  const int64_t c = cols();
  return c > 0 ? NumElements(shape) / c : 0;
}

}  // namespace frugal
