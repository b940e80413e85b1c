// GGUF v2 and v3, single and split files (ggml's docs/gguf.md). Little-endian only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/atomic_file.h"
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

// What a GGUF's header says of one tensor.
struct GgufTensor {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;  // row-major; the file has it innermost first
};

// Writes v3 tensor by tensor, through a temporary file that is renamed by Commit(); without it, or
// when anything fails, `path` keeps what it had. Values are never changed by their stored type:
// integers become UINT32, INT32, INT64 or UINT64, the first that holds them (arrays: INT32 or
// INT64); numbers become FLOAT32 when that is exact and FLOAT64 otherwise (so round to float first
// what readers expect as FLOAT32). Move-only; not thread-safe.
// kInvalidArgument for what a GGUF cannot hold (null values, names that are not UTF-8, more than
// four dimensions, safetensors-only dtypes); kResourceExhausted when the disk is full or has too
// little room from the start; kIo.
class GgufWriter {
 public:
  // `alignment` is written as general.alignment unless it is 32; when `metadata` has that key, the
  // two must agree.
  static Result<GgufWriter> Create(const std::string& path, const Metadata& metadata,
                                   const std::vector<GgufTensor>& tensors, uint32_t alignment = 32);

  // The next bytes of the tensors' data, in their order. A call stays within one tensor.
  Status Write(std::span<const uint8_t> bytes);

  // To be called when every tensor is written.
  Status Commit();

 private:
  explicit GgufWriter(AtomicFile file) : file_(std::move(file)) {}
  Status PadWhereComplete();

  AtomicFile file_;
  uint32_t alignment_ = 32;
  std::vector<int64_t> sizes_;  // bytes of each tensor
  size_t tensor_ = 0;           // the one that is being written
  int64_t written_ = 0;         // bytes of it
};

// Bytes of the file that a GgufWriter of the usual alignment makes of these; its errors too.
Result<int64_t> GgufFileBytes(const std::string& path, const Metadata& metadata,
                              const std::vector<GgufTensor>& tensors);

// Writes all of it at once.
Status WriteGguf(const std::string& path, const Metadata& metadata,
                 const std::vector<NamedTensor>& tensors, uint32_t alignment = 32);

}  // namespace frugal
