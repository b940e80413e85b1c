// Which element type each tensor of a GGUF file gets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/gguf.h"
#include "model/gguf_plan.h"

namespace frugal {

struct GgufExportSummary {
  std::string arch;
  int64_t tensors = 0;
  int64_t bytes = 0;                     // of the tensors
  std::map<std::string, int64_t> types;  // element type → tensors
  // Matrices whose rows are no multiple of the block: "Q4_K → Q5_0" → tensors.
  std::map<std::string, int64_t> fallbacks;
};

// Types that can be asked for: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K,
// MXFP4.
std::vector<DType> GgufExportTypes();

struct GgufTypes {
  std::vector<GgufTensor> tensors;  // in the plan's order
  GgufExportSummary summary;
};

// What the matrices of a plan for a model of this spec become under `asked`:
// - routers, convolutions and all that is no matrix stay F32;
// - the output head, or the embedding that serves as one, is Q6_K under the formats of 4 and 5
//   bits, as llama.cpp makes it;
// - under MXFP4 the experts are MXFP4 and the rest Q8_0; without experts, all but head and
//   embedding are MXFP4;
// - where a row is no multiple of the block: Q4_K → Q5_0, Q5_K → Q5_1, Q6_K → Q8_0, as llama.cpp
//   has it, and F16 where it is no multiple of 32 either.
// Where nothing is asked, they keep what the source has, or become BF16 where GGUF has no such
// type. The plan's keys get general.file_type and general.quantization_version.
GgufTypes ChooseTypes(std::optional<DType> asked, const ModelSpec& spec, GgufPlan* plan);

// The one type of all the rows a tensor is made of, where they are taken over in their order; else
// null.
const DType* OwnType(const PlanTensor& tensor);

}  // namespace frugal
