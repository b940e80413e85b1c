// A file that appears whole or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace frugal {

// Writes go to a temporary file in the same folder ("NAME.tmp-…"); Commit() makes them durable and
// renames it over `path`. Without Commit(), or when anything fails, the temporary file is removed
// and `path` keeps what it had. Move-only; not thread-safe.
// Errors: kResourceExhausted when the disk (or a quota or file size limit) is full, kNotFound when
// the folder is missing, kInvalidArgument when `path` is there but no regular file, kIo.
class AtomicFile {
 public:
  // Where at least `bytes` will be written, a disk that has no room for them is an error at once.
  static Result<AtomicFile> Create(const std::string& path, int64_t bytes = 0);

  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  Status Write(std::span<const uint8_t> bytes);
  Status Write(std::string_view text);
  Status WriteZeros(int64_t count);

  // Nothing may be written afterwards.
  Status Commit();

 private:
  AtomicFile() = default;
  Status Flush();
  Status SystemError(const char* what) const;
  void Discard();

  std::string path_;
  std::string temp_path_;  // empty once renamed or removed
  int fd_ = -1;
  std::vector<uint8_t> buffer_;
};

}  // namespace frugal
