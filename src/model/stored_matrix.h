// A weight matrix as a checkpoint stores it: plain, or packed by one of the schemes that makers
// publish. Packed ones are read row by row into the block form of one of the kernels' formats; no
// value is rounded on the way, and nothing is ever expanded to float32.
//
//   stored as                             becomes
//   FP8 E4M3 with any scales              F8_G128 or F8_G32, by the columns that share a scale
//   int4 of compressed-tensors            I4_G128 or I4_G32; symmetric in groups: I4_BF16 or Q4_0
//                                         where the scales have that type
//   int8 of compressed-tensors, GPTQ      I8_G128 or I8_G32
//   AWQ, 4-bit GPTQ                       I4_G128 or I4_G32
//   gpt-oss's blocks                      MXFP4, its nibbles in GGUF's order
//
// Layouts: compressed-tensors' compressors (pack_quantized.py, quant_args.py), AutoAWQ's
// WQLinear_GEMM, AutoGPTQ's QuantLinear, transformers' integrations/mxfp4.py and
// finegrained_fp8.py.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "formats/checkpoint.h"
#include "model/quant_scheme.h"

namespace frugal {

enum class StoredForm { kPlain, kFp8, kInt8, kPackedRows, kMxfp4, kAwq, kGptq };

// Views into the checkpoint, which must outlive it.
struct StoredMatrix {
  DType dtype = DType::kF32;  // of the rows as read; for plain tensors as stored
  int64_t experts = 1;
  int64_t n = 0;  // rows of each expert
  int64_t k = 0;  // columns
  // Where columns are not stored in their order (act-order): position → column of the weight. The
  // activations must be permuted alike: x'[p] = x[column_order[p]]. Else empty.
  std::vector<int32_t> column_order;

  // What follows is for the functions below.
  StoredForm form = StoredForm::kPlain;
  TensorView weight;
  TensorView scale;
  TensorView zero;           // empty where symmetric
  TensorView group_index;    // group of each column; empty where columns stand in order
  int bits = 0;              // of packed integers
  int zero_offset = 0;       // added to a stored zero point
  int64_t scale_rows = 1;    // rows that share a scale
  int64_t group = 1;         // columns that share a scale
  int64_t row_stride = 0;    // elements from one such set of rows to the next in `scale`
  int64_t group_stride = 0;  // likewise of columns
};

// Finds the weight `name` ("model.layers.0.mlp.up_proj.weight", or without ".weight") of shape
// (n, k) or (experts, n, k) and checks types and shapes of all its tensors, that scales are finite
// and group indices in range. The names of its tensors, those that only matter to other runtimes
// (input_scale and the like) among them, are appended to `used_names`.
// kNotFound when the file has no such weight; kCorrupt when a tensor is missing, misshapen or
// holds what it must not; kUnsupported when no kernel reads it. Messages name file and tensor.
Result<StoredMatrix> FindStoredMatrix(const Checkpoint& checkpoint, const QuantScheme& scheme,
                                      const std::string& name, const Shape& shape,
                                      std::vector<std::string>* used_names);

// Bytes of one row as read: whole blocks of `dtype`.
int64_t StoredRowBytes(const StoredMatrix& matrix);

// The row where it lies in the file, StoredRowBytes long and maybe unaligned, or null when it must
// be read.
const uint8_t* StoredRow(const StoredMatrix& matrix, int64_t expert, int64_t row);

// Rows [row, row + count) of one expert, one after another. Faster by 16 than one by one where the
// file has columns together (AWQ, GPTQ). Re-entrant.
void ReadStoredRows(const StoredMatrix& matrix, int64_t expert, int64_t row, int64_t count,
                    uint8_t* dst);
inline void ReadStoredRow(const StoredMatrix& matrix, int64_t expert, int64_t row, uint8_t* dst) {
  ReadStoredRows(matrix, expert, row, 1, dst);
}

}  // namespace frugal
