// Writes a model as one GGUF file: from the files its maker publishes, or from another GGUF with
// other element types.
//
// The family's tensor table gives names, and what either container does to rows and elements; keys
// come from the spec (gguf_keys.h). What the file says is read back before a byte of weights is
// written: a model that GGUF's architecture cannot express in full is refused.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"
#include "model/gguf_quant.h"

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

// gguf_quant.h says which tensor gets which type. Holds a few megabytes of weights at a time. On
// failure `path` keeps what it had. kUnsupported for families and settings that GGUF does not know,
// and values that the type cannot hold; the errors of reading and writing. Messages name file and
// tensor.
Result<GgufExportSummary> ExportGguf(const Checkpoint& source, const std::string& path,
                                     const GgufExportOptions& options, ThreadTeam& team);

}  // namespace frugal
