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
// With metadata_only, tensor data may be missing.
Result<GgufHeader> ParseGguf(std::span<const uint8_t> bytes, const std::string& name,
                             bool metadata_only = false);

// Opens a file, or the whole set when its name ends in -00001-of-000NN.gguf.
Result<Checkpoint> OpenGguf(const std::string& path, const OpenOptions& options);

// Writes v3 through a temporary file that is renamed when complete. MetaValue types map to
// BOOL, INT32/INT64/UINT32/UINT64 (UINT32 where a non-negative value fits: what published files
// use), FLOAT32, STRING and arrays of INT32/INT64, FLOAT32, STRING, BOOL.
Status WriteGguf(const std::string& path, const Metadata& metadata,
                 const std::vector<NamedTensor>& tensors, uint32_t alignment = 32);

}  // namespace frugal
