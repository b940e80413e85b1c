// The packed weights under tests/data/stored (tools/reference/stored_goldens.py).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "model/stored_matrix.h"
#include "tests/model/model_test_util.h"

namespace frugal {

inline std::vector<std::string> StoredCases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TestData("stored"))) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

inline Checkpoint OpenStored(const std::string& name) {
  Result<Checkpoint> checkpoint = OpenCheckpoint(TestData("stored/" + name));
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  return checkpoint.ok() ? *std::move(checkpoint) : Checkpoint();
}

// Of a configuration that must be sound.
inline QuantScheme SchemeOf(const Checkpoint& checkpoint) {
  ConfigReader config(checkpoint, "llama");
  const QuantScheme scheme = ReadQuantScheme(config);
  EXPECT_TRUE(config.status().ok()) << config.status().message();
  EXPECT_TRUE(config.CheckAllRead().ok()) << config.CheckAllRead().message();
  return scheme;
}

}  // namespace frugal
