// A file mapped read-only into memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"

namespace frugal {

// Owns the mapping; move-only. Thread-safe once open. An empty file maps to an empty span.
// The bytes stay valid only while the file is not truncated by somebody else.
class MappedFile {
 public:
  // kNotFound, kIo (no permission, not a regular file). Messages name the path.
  static Result<MappedFile> Open(const std::string& path);

  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::span<const uint8_t> bytes() const { return {data_, static_cast<size_t>(size_)}; }

 private:
  std::string path_;
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

// Reads a whole (small) file; kResourceExhausted when it is larger than max_bytes.
Result<std::string> ReadFile(const std::string& path, int64_t max_bytes);

}  // namespace frugal
