// Golden cases of the tokenizers: one JSON object per line.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tests/test_util.h"

namespace frugal {

std::vector<nlohmann::json> ReadJsonLines(const std::string& path);

std::string ReadText(const std::string& path);

// A file with this content, in a folder of its own that lives as long as the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string Write(const std::string& name, const std::string& content) const;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace frugal
