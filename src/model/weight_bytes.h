// What the weights of a published checkpoint weigh, from its configuration alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "model/quant_scheme.h"
#include "model/spec.h"
#include "model/tensor_table.h"

namespace frugal {

// Bytes by element type (GetDType's names; "FP8", "int4", "int8", "MXFP4" for packed weights with
// their scales) of the tensors in `table`, the model's: those that `scheme` packs, and all others
// in the type that the configuration names ("torch_dtype" or "dtype"; BF16 when it names none).
// Embedding, output head, routers and vectors are never packed. Tensors beyond the table (vision
// towers, layers of multi-token prediction) are not counted.
std::map<std::string, int64_t> EstimateWeightBytes(const Metadata& config,
                                                   const std::vector<TensorDesc>& table,
                                                   const QuantScheme& scheme);

}  // namespace frugal
