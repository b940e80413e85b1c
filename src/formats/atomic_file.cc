#include "formats/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace frugal {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

// Writes all of `bytes`; false with errno set when the system refuses.
bool WriteAll(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(n);
  }
  return true;
}

// Makes the rename itself durable. Best effort: some file systems cannot sync a folder.
void SyncFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

Result<AtomicFile> AtomicFile::Create(const std::string& path, int64_t bytes) {
  AtomicFile file;
  file.path_ = path;
  // A rename would replace a device such as /dev/null by a file.
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: cannot write here: it is there already and is not a regular file", path);
  }
  for (int attempt = 0; file.fd_ < 0; ++attempt) {
    file.temp_path_ = fmt::format("{}.tmp-{}-{}", path, getpid(), attempt);
    file.fd_ = open(file.temp_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.fd_ < 0 && (errno != EEXIST || attempt == 1000)) {
      file.temp_path_.clear();
      return file.SystemError("cannot create");
    }
  }
  struct statvfs disk;
  if (bytes > 0 && fstatvfs(file.fd_, &disk) == 0) {
    const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    if (free < static_cast<double>(bytes)) {
      return Error(StatusCode::kResourceExhausted,
                   "{}: {:.2f} GB will be written, and the disk has {:.2f} GB left; free some "
                   "space or write elsewhere (a file of that name is as it was)",
                   path, static_cast<double>(bytes) / 1e9, free / 1e9);
    }
  }
  file.buffer_.reserve(kBufferBytes);
  return file;
}

AtomicFile::~AtomicFile() { Discard(); }

AtomicFile::AtomicFile(AtomicFile&& other) noexcept { *this = std::move(other); }

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temp_path_, other.temp_path_);
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Status AtomicFile::Write(std::span<const uint8_t> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) {
    RETURN_IF_ERROR(Flush());
    if (bytes.size() >= kBufferBytes) {
      return WriteAll(fd_, bytes) ? OkStatus() : SystemError("cannot write");
    }
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return OkStatus();
}

Status AtomicFile::Write(std::string_view text) {
  return Write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status AtomicFile::WriteZeros(int64_t count) {
  static constexpr uint8_t kZeros[4096] = {};
  while (count > 0) {
    const int64_t n = std::min<int64_t>(count, sizeof(kZeros));
    RETURN_IF_ERROR(Write(std::span(kZeros, n)));
    count -= n;
  }
  return OkStatus();
}

Status AtomicFile::Flush() {
  if (!WriteAll(fd_, buffer_)) return SystemError("cannot write");
  buffer_.clear();
  return OkStatus();
}

Status AtomicFile::Commit() {
  RETURN_IF_ERROR(Flush());
  if (fsync(fd_) != 0) return SystemError("cannot write");
  const int fd = std::exchange(fd_, -1);
  if (close(fd) != 0) return SystemError("cannot write");
  if (std::rename(temp_path_.c_str(), path_.c_str()) != 0) return SystemError("cannot rename to");
  temp_path_.clear();
  SyncFolder(path_);
  return OkStatus();
}

Status AtomicFile::SystemError(const char* what) const {
  const int error = errno;
  const char* reason = std::strerror(error);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return Error(
        StatusCode::kResourceExhausted,
        "{}: {}: {}; free some space or write elsewhere (a file of that name is as it was)", path_,
        what, reason);
  }
  return Error(error == ENOENT ? StatusCode::kNotFound : StatusCode::kIo, "{}: {}: {}", path_, what,
               reason);
}

void AtomicFile::Discard() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  if (!temp_path_.empty()) unlink(temp_path_.c_str());
  temp_path_.clear();
}

}  // namespace frugal
