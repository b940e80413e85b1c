#include "tests/model/stored_test_util.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace frugal {

std::vector<std::string> StoredCases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TestData("stored"))) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Checkpoint OpenStored(const std::string& name) {
  Result<Checkpoint> checkpoint = OpenCheckpoint(TestData("stored/" + name));
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  return checkpoint.ok() ? *std::move(checkpoint) : Checkpoint();
}

QuantScheme SchemeOf(const Checkpoint& checkpoint) {
  ConfigReader config(checkpoint, "llama");
  const QuantScheme scheme = ReadQuantScheme(config);
  EXPECT_TRUE(config.status().ok()) << config.status().message();
  EXPECT_TRUE(config.CheckAllRead().ok()) << config.CheckAllRead().message();
  return scheme;
}

}  // namespace frugal
