// Shapes and tensor views. A view never owns its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace frugal {

// Row-major, outermost dimension first: a weight of a linear layer is {out_features, in_features}.
// (GGUF stores dimensions innermost first; the reader turns them round.)
using Shape = std::vector<int64_t>;

std::string ShapeToString(const Shape& shape);  // "(4096, 11008)"

// Product of the dimensions; -1 on a negative dimension or int64 overflow.
int64_t NumElements(const Shape& shape);

struct TensorView {
  DType dtype = DType::kF32;
  Shape shape;
  const uint8_t* data = nullptr;  // may be unaligned (files do not promise alignment)
  int64_t bytes = 0;

  // A tensor seen as a matrix: every dimension but the last makes the rows.
  int64_t cols() const { return shape.empty() ? 1 : shape.back(); }
  int64_t rows() const;  // 0 when cols() is 0
};

}  // namespace frugal
