// A stand-in for a full disk.
#pragma once

#include <sys/resource.h>

namespace frugal {

// While it lives, files of this process cannot grow past `bytes`: writes fail with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes);
  ~FileSizeLimit();
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_;
  void (*handler_)(int);
};

}  // namespace frugal
