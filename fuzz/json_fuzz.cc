// ParseJson and FlattenJson on any text: no crash, and what is accepted survives being written
// and read again.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "formats/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string name = "config.json";
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto json = frugal::ParseJson(text, name);
  if (!json.ok()) {
    CHECK(json.status().message().starts_with(name + ": line "));
    return 0;
  }
  const auto again = frugal::ParseJson(json->dump(), name);
  CHECK(again.ok() && *again == *json);
  const auto flat = frugal::FlattenJson(*json, name);
  CHECK(flat.ok() || flat.status().message().starts_with(name + ": "));
  return 0;
}
