// NumPy's .npy files, version 1.0 (numpy/lib/format.py), written as the rows come.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace frugal {

// float32 in C order, shape (rows, cols). Written under a temporary name; Close() puts the file
// in place. Errors (disk full, no such folder) name the file and leave an older one alone.
class NpyWriter {
 public:
  static Result<NpyWriter> Create(const std::string& path, int64_t rows, int64_t cols);
  ~NpyWriter();
  NpyWriter(NpyWriter&& other) noexcept;
  NpyWriter& operator=(NpyWriter&&) = delete;

  Status Write(std::span<const float> values);
  Status Close();

 private:
  NpyWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  std::string temporary() const { return path_ + ".partial"; }
  Status SystemError(const char* what) const;

  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace frugal
