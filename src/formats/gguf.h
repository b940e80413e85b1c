// GGUF v2 and v3, single and split files (ggml's docs/gguf.md). Little-endian only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"

namespace frugal {

// One file's header, parsed from its bytes. Tensor views point into `bytes`.
struct GgufHeader {
  uint32_t version = 3;
  uint32_t alignment = 32;
  Metadata metadata;
  std::vector<NamedTensor> tensors;
};

// `name` is the file's name, for messages. Every length is checked against `bytes` before use.
// With metadata_only, tensor data may be missing and the views' `data` is null.
// Errors: kCorrupt; kUnsupported for versions, value types and tensor types that we do not know,
// arrays of arrays and big-endian files.
Result<GgufHeader> ParseGguf(std::span<const uint8_t> bytes, const std::string& name,
                             bool metadata_only = false);

// Opens a file, or the whole set when its name ends in -00001-of-000NN.gguf.
Result<Checkpoint> OpenGguf(const std::string& path, const OpenOptions& options);

// Writes v3 through a temporary file that is renamed when complete; on failure `path` keeps what
// it had. Values are never changed by their stored type: integers become UINT32, INT32, INT64 or
// UINT64, the first that holds them (arrays: INT32 or INT64); numbers become FLOAT32 when that is
// exact and FLOAT64 otherwise (so round to float first what readers expect as FLOAT32).
// kInvalidArgument for what a GGUF cannot hold (null values, names that are not UTF-8, more than
// four dimensions, safetensors-only dtypes); kResourceExhausted when the disk is full; kIo.
// `alignment` is written as general.alignment unless it is 32; when `metadata` has that key, the
// two must agree.
Status WriteGguf(const std::string& path, const Metadata& metadata,
                 const std::vector<NamedTensor>& tensors, uint32_t alignment = 32);

}  // namespace frugal
