#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace frugal {
namespace {

Status SystemError(const std::string& path, const char* what) {
  const StatusCode code = errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIo;
  return Error(code, "{}: {}: {}", path, what, std::strerror(errno));
}

struct FileDescriptor {
  int fd = -1;
  ~FileDescriptor() {
    if (fd >= 0) close(fd);
  }
};

// Opens a regular file and gives its size.
Status OpenRegular(const std::string& path, FileDescriptor* file, int64_t* size) {
  // O_NONBLOCK: a FIFO must not hang the open; fstat refuses it right after.
  file->fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file->fd < 0) return SystemError(path, "cannot open");
  struct stat info;
  if (fstat(file->fd, &info) != 0) return SystemError(path, "cannot stat");
  if (!S_ISREG(info.st_mode)) return Error(StatusCode::kIo, "{}: not a regular file", path);
  *size = info.st_size;
  return OkStatus();
}

}  // namespace

Result<MappedFile> MappedFile::Open(const std::string& path) {
  FileDescriptor file;
  MappedFile mapped;
  mapped.path_ = path;
  RETURN_IF_ERROR(OpenRegular(path, &file, &mapped.size_));
  if (mapped.size_ > 0) {
    void* data = mmap(nullptr, mapped.size_, PROT_READ, MAP_SHARED, file.fd, 0);
    if (data == MAP_FAILED) {
      mapped.size_ = 0;
      return SystemError(path, "cannot map");
    }
    mapped.data_ = static_cast<const uint8_t*>(data);
  }
  return mapped;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Result<std::string> ReadFile(const std::string& path, int64_t max_bytes) {
  FileDescriptor file;
  int64_t size = 0;
  RETURN_IF_ERROR(OpenRegular(path, &file, &size));
  if (size > max_bytes) {
    return Error(StatusCode::kResourceExhausted, "{}: file has {} bytes, at most {} expected here",
                 path, size, max_bytes);
  }
  std::string text(size, '\0');
  int64_t done = 0;
  while (done < size) {
    const ssize_t n = read(file.fd, text.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "cannot read");
    if (n == 0) break;
    done += n;
  }
  text.resize(done);
  return text;
}

}  // namespace frugal
