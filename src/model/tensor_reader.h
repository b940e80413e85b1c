// A checkpoint's tensors under the roles of the model's table, read row by row as the numbers the
// model computes with: whatever container, packing, row order or load transform they have there.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"
#include "model/spec.h"
#include "model/stored_matrix.h"
#include "model/tensor_table.h"

namespace frugal {

// A tensor of the table, found. A matrix is (n, k), or `experts` of them; a vector is one row of
// k elements, or one per expert.
struct SourceTensor {
  TensorDesc desc;
  const StoredName* stored = nullptr;  // desc.gguf or desc.hf
  Load load = Load::kAsIs;
  bool vector = false;
  int64_t experts = 1;
  int64_t n = 1;
  int64_t k = 0;
  // One stored tensor, or one per expert; each maybe in `pieces` parts of its rows or columns, one
  // after another.
  int64_t pieces = 1;
  std::vector<StoredMatrix> matrices;
  std::vector<TensorView> vectors;

  SourceTensor() = default;
  SourceTensor(const SourceTensor&) = delete;
  SourceTensor& operator=(const SourceTensor&) = delete;
};

// Tensors by role and layer. Views lie in the checkpoint, which must outlive it.
struct TensorReader {
  std::map<std::pair<Role, int>, SourceTensor> tensors;

  const SourceTensor* Find(Role role, int layer) const;  // null when the checkpoint has none
};

// Finds every tensor of the model's table and checks names, shapes and element types, as the binder
// does (weights.h); the errors are its too, a tensor that is left over among them.
Result<TensorReader> OpenTensors(const Checkpoint& checkpoint, const ModelSpec& spec);

// Rows [row, row + count) of one expert as float32, k elements each. Re-entrant.
void ReadRows(const SourceTensor& tensor, int64_t expert, int64_t row, int64_t count, float* dst);

// The element type a row is stored in, where ReadRows only decodes such a row, and the row's bytes
// where they lie or read into `scratch` (StoredRowBytes long): what a copy needs. Null where rows
// are changed on the way.
const DType* CopyType(const SourceTensor& tensor);
const uint8_t* CopyRow(const SourceTensor& tensor, int64_t expert, int64_t row,
                       std::vector<uint8_t>* scratch);

}  // namespace frugal
