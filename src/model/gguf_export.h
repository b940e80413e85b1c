// Writes a model as one GGUF file: from the files its maker publishes, or from another GGUF with
// other element types.
//
// The family's tensor table gives names, and what either container does to rows and elements; keys
// come from the spec (gguf_keys.h). What the file says is read back before a byte of weights is
// written: a model that GGUF's architecture cannot express in full is refused.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"

namespace frugal {

struct GgufExportOptions {
  // Of the matrices; none: what they have, or BF16 where GGUF has no such type.
  std::optional<DType> type;
  // Keys besides those of the architecture: the vocabulary, the model's name. The spec's start and
  // end tokens join them where they are missing. Not used where the source is a GGUF, which has its
  // own.
  Metadata metadata;
  // Called before each tensor.
  std::function<void(int64_t tensor, int64_t tensors)> progress;
};

struct GgufExportSummary {
  std::string arch;
  int64_t tensors = 0;
  int64_t bytes = 0;                     // of the tensors
  std::map<std::string, int64_t> types;  // element type → tensors
  // Matrices whose rows are no multiple of the block: "Q4_K → Q5_0" → tensors.
  std::map<std::string, int64_t> fallbacks;
};

// Types that `type` may be: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, MXFP4.
std::vector<DType> GgufExportTypes();

// What a matrix becomes under `type`:
// - routers, convolutions and all that is no matrix stay F32;
// - the output head, or the embedding that serves as one, is Q6_K under the formats of 4 and 5
//   bits, as llama.cpp makes it;
// - under MXFP4 the experts are MXFP4 and the rest Q8_0; without experts, all but head and
//   embedding are MXFP4;
// - where a row is no multiple of the block: Q4_K → Q5_0, Q5_K → Q5_1, Q6_K → Q8_0, as llama.cpp
//   has it, and F16 where it is no multiple of 32 either.
// Holds a few megabytes of weights at a time. On failure `path` keeps what it had. kUnsupported for
// families and settings that GGUF does not know, and values that the type cannot hold; the errors
// of reading and writing. Messages name file and tensor.
Result<GgufExportSummary> ExportGguf(const Checkpoint& source, const std::string& path,
                                     const GgufExportOptions& options, ThreadTeam& team);

}  // namespace frugal
