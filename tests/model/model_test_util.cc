#include "tests/model/model_test_util.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "formats/json.h"

namespace frugal {

Metadata FlatJson(const std::string& text) {
  Result<nlohmann::ordered_json> json = ParseJson(text, "config.json");
  EXPECT_TRUE(json.ok()) << json.status().message();
  if (!json.ok()) return {};
  Result<Metadata> metadata = FlattenJson(*json, "config.json");
  EXPECT_TRUE(metadata.ok()) << metadata.status().message();
  return metadata.ok() ? *metadata : Metadata();
}

Checkpoint HfConfig(const std::string& json, const std::string& generation) {
  Checkpoint checkpoint{.container = Container::kHuggingFace, .path = kModelPath};
  checkpoint.metadata = FlatJson(json);
  checkpoint.generation = FlatJson(generation);
  return checkpoint;
}

Checkpoint GgufConfig(const GgufKeys& keys, const std::vector<std::string>& tensors) {
  Checkpoint checkpoint{.container = Container::kGguf, .path = kModelPath};
  checkpoint.metadata.values = keys;
  for (const std::string& name : tensors) {
    checkpoint.tensors.tensors.push_back({.name = name, .view = {}});
  }
  EXPECT_TRUE(IndexTensors(&checkpoint.tensors).ok());
  return checkpoint;
}

std::string Changed(const std::string& json, const std::string& changes) {
  nlohmann::ordered_json all = nlohmann::ordered_json::parse(json);
  const nlohmann::ordered_json changed = nlohmann::ordered_json::parse(changes);
  for (const auto& [key, value] : changed.get_ref<const nlohmann::ordered_json::object_t&>()) {
    if (value.is_null()) {
      all.erase(key);
    } else if (value == "null") {
      all[key] = nullptr;
    } else {
      all[key] = value;
    }
  }
  return all.dump();
}

std::string TinyConfig(const std::string& family, const std::string& changes) {
  return Changed(Changed(kTinyLlama, fmt::format(R"({{"model_type": "{}"}})", family)), changes);
}

GgufKeys TinyGguf(const std::string& arch) {
  GgufKeys keys = {{"general.architecture", arch}};
  const auto add = [&](const char* key, MetaValue value) {
    keys[fmt::format("{}.{}", arch, key)] = std::move(value);
  };
  add("block_count", int64_t{2});
  add("context_length", int64_t{128});
  add("embedding_length", int64_t{16});
  add("feed_forward_length", int64_t{24});
  add("attention.head_count", int64_t{4});
  add("attention.head_count_kv", int64_t{2});
  add("attention.layer_norm_rms_epsilon", 1e-5);
  add("vocab_size", int64_t{40});
  return keys;
}

GgufKeys With(GgufKeys keys, const std::string& key, MetaValue value) {
  keys[key] = std::move(value);
  return keys;
}

ModelSpec SpecOf(const Checkpoint& checkpoint) {
  Result<ModelSpec> spec = ParseModelSpec(checkpoint);
  EXPECT_TRUE(spec.ok()) << spec.status().message();
  if (!spec.ok()) return {.ropes = {{}}, .layers = {{}}};
  return *std::move(spec);
}

ModelSpec SpecOf(const std::string& json) { return SpecOf(HfConfig(json)); }

void ExpectRefused(const Status& status, StatusCode code, const std::string& file,
                   const std::vector<std::string>& parts) {
  const std::string& message = status.message();
  EXPECT_EQ(status.code(), code) << message;
  EXPECT_EQ(message.find(file), 0u) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  }
}

void ExpectParseFails(const Checkpoint& checkpoint, StatusCode code,
                      const std::vector<std::string>& parts) {
  const Result<ModelSpec> spec = ParseModelSpec(checkpoint);
  ASSERT_FALSE(spec.ok()) << (parts.empty() ? "" : parts[0]);
  ExpectRefused(spec.status(), code, fmt::format("{}: ", kModelPath), parts);
}

void ExpectParseFails(const std::string& json, StatusCode code,
                      const std::vector<std::string>& parts) {
  ExpectParseFails(HfConfig(json), code, parts);
}

}  // namespace frugal
