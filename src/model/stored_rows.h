// The numbers inside a stored matrix's tensors, for stored_matrix.cc (which finds the tensors) and
// stored_rows.cc (which reads rows).
#pragma once

#include <cstring>

#include "model/stored_matrix.h"

namespace frugal {

// Element i of a tensor, which may be unaligned.
inline int32_t Int32At(const TensorView& view, int64_t i) {
  int32_t value;
  std::memcpy(&value, view.data + 4 * i, sizeof(value));
  return value;
}
float FloatAt(const TensorView& view, int64_t i);

// The group whose scale the column at this position has.
int64_t GroupOf(const StoredMatrix& m, int64_t position);

// The zero point of a row's group, 0 to 2^bits − 1.
int ZeroAt(const StoredMatrix& m, int64_t row, int64_t group);

}  // namespace frugal
