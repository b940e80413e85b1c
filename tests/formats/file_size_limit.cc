#include "tests/formats/file_size_limit.h"

#include <csignal>

namespace frugal {

FileSizeLimit::FileSizeLimit(rlim_t bytes) {
  handler_ = std::signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old_);
  const rlimit limit = {bytes, old_.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
}

FileSizeLimit::~FileSizeLimit() {
  setrlimit(RLIMIT_FSIZE, &old_);
  std::signal(SIGXFSZ, handler_);
}

}  // namespace frugal
