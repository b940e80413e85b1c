// Where tests find their files, and how they skip what is not there.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace frugal {

// A file or folder committed under tests/data.
inline std::string TestData(const std::string& name) {
  return FRUGAL_SOURCE_DIR "/tests/data/" + name;
}

// The optional folder of large test material beside the checkout; see SKIP_WITHOUT_SHARED.
inline std::string Shared(const std::string& name) {
  return FRUGAL_SOURCE_DIR "/../shared/" + name;
}

#define SKIP_WITHOUT_SHARED(name)                                                  \
  if (!std::filesystem::exists(::frugal::Shared(name))) {                          \
    GTEST_SKIP() << "optional test material ../shared/" << (name) << " is absent"; \
  }

}  // namespace frugal
