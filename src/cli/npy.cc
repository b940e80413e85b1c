#include "cli/npy.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace frugal {

Status NpyWriter::SystemError(const char* what) const {
  return Error(StatusCode::kIo, "{}: cannot {}: {}", path_, what, std::strerror(errno));
}

Result<NpyWriter> NpyWriter::Create(const std::string& path, int64_t rows, int64_t cols) {
  NpyWriter writer(path, nullptr);
  writer.file_ = std::fopen(writer.temporary().c_str(), "wb");
  if (writer.file_ == nullptr) return writer.SystemError("create");
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  // Magic, version and length are 10 bytes; data starts at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const uint8_t length[2] = {static_cast<uint8_t>(header.size() & 0xff),
                             static_cast<uint8_t>(header.size() >> 8)};
  if (std::fwrite("\x93NUMPY\x01\x00", 1, 8, writer.file_) != 8 ||
      std::fwrite(length, 1, 2, writer.file_) != 2 ||
      std::fwrite(header.data(), 1, header.size(), writer.file_) != header.size()) {
    return writer.SystemError("write");
  }
  return writer;
}

NpyWriter::NpyWriter(NpyWriter&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, nullptr)) {}

NpyWriter::~NpyWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(temporary().c_str());
}

Status NpyWriter::Write(std::span<const float> values) {
  if (std::fwrite(values.data(), sizeof(float), values.size(), file_) != values.size()) {
    return SystemError("write");
  }
  return OkStatus();
}

Status NpyWriter::Close() {
  const int closed = std::fclose(std::exchange(file_, nullptr));
  if (closed != 0 || std::rename(temporary().c_str(), path_.c_str()) != 0) {
    const Status status = SystemError("write");
    std::remove(temporary().c_str());
    return status;
  }
  return OkStatus();
}

}  // namespace frugal
