// Checkpoints made in memory or in a folder that goes away, for the tests of model/.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "formats/gguf.h"
#include "formats/json.h"
#include "formats/safetensors.h"
#include "model/arch/family.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {

// What in-memory checkpoints are called in messages.
inline constexpr const char* kModelPath = "some/model";

inline Metadata FlatJson(const std::string& text) {
  Result<nlohmann::ordered_json> json = ParseJson(text, "config.json");
  EXPECT_TRUE(json.ok()) << json.status().message();
  if (!json.ok()) return {};
  Result<Metadata> metadata = FlattenJson(*json, "config.json");
  EXPECT_TRUE(metadata.ok()) << metadata.status().message();
  return metadata.ok() ? *metadata : Metadata();
}

// A Hugging Face checkpoint without tensors.
inline Checkpoint HfConfig(const std::string& json, const std::string& generation = "{}") {
  Checkpoint checkpoint{.container = Container::kHuggingFace, .path = kModelPath};
  checkpoint.metadata = FlatJson(json);
  checkpoint.generation = FlatJson(generation);
  return checkpoint;
}

using GgufKeys = std::map<std::string, MetaValue, std::less<>>;

// A GGUF checkpoint that names tensors, but holds no data.
inline Checkpoint GgufConfig(const GgufKeys& keys, const std::vector<std::string>& tensors = {}) {
  Checkpoint checkpoint{.container = Container::kGguf, .path = kModelPath};
  checkpoint.metadata.values = keys;
  for (const std::string& name : tensors) {
    checkpoint.tensors.tensors.push_back({.name = name, .view = {}});
  }
  EXPECT_TRUE(IndexTensors(&checkpoint.tensors).ok());
  return checkpoint;
}

// `json` with the members of `changes` put over its own; a member that is null there goes away,
// and one whose value is the string "null" becomes null.
inline std::string Changed(const std::string& json, const std::string& changes) {
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

// Sound configurations of one small layer each, to be changed.
inline const std::string kTinyLlama = R"({"model_type": "llama", "hidden_size": 16,
    "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 40, "max_position_embeddings": 128})";

inline std::string TinyConfig(const std::string& family, const std::string& changes = "{}") {
  return Changed(Changed(kTinyLlama, fmt::format(R"({{"model_type": "{}"}})", family)), changes);
}

inline GgufKeys TinyGguf(const std::string& arch) {
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

inline GgufKeys With(GgufKeys keys, const std::string& key, MetaValue value) {
  keys[key] = std::move(value);
  return keys;
}

// The spec of a checkpoint that must parse.
inline ModelSpec SpecOf(const Checkpoint& checkpoint) {
  Result<ModelSpec> spec = ParseModelSpec(checkpoint);
  EXPECT_TRUE(spec.ok()) << spec.status().message();
  if (!spec.ok()) return {.ropes = {{}}, .layers = {{}}};
  return *std::move(spec);
}

inline ModelSpec SpecOf(const std::string& json) { return SpecOf(HfConfig(json)); }

// `status` is `code`, and its message is one line that begins with `file` and holds all `parts`.
inline void ExpectRefused(const Status& status, StatusCode code, const std::string& file,
                          const std::vector<std::string>& parts) {
  const std::string& message = status.message();
  EXPECT_EQ(status.code(), code) << message;
  EXPECT_EQ(message.find(file), 0u) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  }
}

inline void ExpectParseFails(const Checkpoint& checkpoint, StatusCode code,
                             const std::vector<std::string>& parts) {
  const Result<ModelSpec> spec = ParseModelSpec(checkpoint);
  ASSERT_FALSE(spec.ok()) << (parts.empty() ? "" : parts[0]);
  ExpectRefused(spec.status(), code, fmt::format("{}: ", kModelPath), parts);
}

inline void ExpectParseFails(const std::string& json, StatusCode code,
                             const std::vector<std::string>& parts) {
  ExpectParseFails(HfConfig(json), code, parts);
}

}  // namespace frugal
