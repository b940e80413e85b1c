// The tensor table of a model: every tensor it needs, named once for both containers. The binder,
// the writers and the sums of parameters all walk this list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "model/spec.h"

namespace frugal {

enum class Role {
  kEmbedding,
  kOutputNorm,
  kOutput,
  kRopeFactors,  // GGUF only: divisors of the rope frequencies
  kAttnNorm,
  kAttnQ,
  kAttnK,
  kAttnV,
  kAttnO,
  kAttnQBias,
  kAttnKBias,
  kAttnVBias,
  kAttnOBias,
  kAttnQNorm,
  kAttnKNorm,
  kFfnNorm,
  kFfnGate,
  kFfnUp,
  kFfnDown,
  kFfnGateBias,
  kFfnUpBias,
  kFfnDownBias,
};

struct TensorDesc {
  Role role;
  int layer = -1;         // -1: belongs to the whole model
  std::string gguf_name;  // empty: this container has no such tensor
  std::string hf_name;    // likewise
  Shape shape;            // row-major: (out, in)
  bool required = true;   // an optional tensor may be missing
};

// Rows that several families share. Each appends to `table`.
// Embedding (v, d), output norm (d), output head (v, d) unless tied, rope factors (optional).
void AddModelTensors(const ModelSpec& spec, std::vector<TensorDesc>* table);
// Pre-norm and projections of a GQA layer under the Hugging Face names of Llama and its kin.
void AddGqaTensors(const ModelSpec& spec, int layer, std::vector<TensorDesc>* table);
// Pre-norm and the three matrices of a GLU layer.
void AddGluTensors(const ModelSpec& spec, int layer, std::vector<TensorDesc>* table);
// All of the above: the whole table of a plain Llama-like decoder.
std::vector<TensorDesc> DecoderTensors(const ModelSpec& spec);

// Parameters in a table: every element of every tensor that is in the Hugging Face form.
int64_t CountParameters(const std::vector<TensorDesc>& table);

}  // namespace frugal
