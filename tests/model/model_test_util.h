// Checkpoints made in memory or in a folder that goes away, for the tests of model/.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "model/arch/family.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {

// What in-memory checkpoints are called in messages.
inline constexpr const char* kModelPath = "some/model";

Metadata FlatJson(const std::string& text);

// A Hugging Face checkpoint without tensors.
Checkpoint HfConfig(const std::string& json, const std::string& generation = "{}");

using GgufKeys = std::map<std::string, MetaValue, std::less<>>;

// A GGUF checkpoint that names tensors, but holds no data.
Checkpoint GgufConfig(const GgufKeys& keys, const std::vector<std::string>& tensors = {});

// `json` with the members of `changes` put over its own; a member that is null there goes away,
// and one whose value is the string "null" becomes null.
std::string Changed(const std::string& json, const std::string& changes);

// Sound configurations of one small layer each, to be changed.
inline const std::string kTinyLlama = R"({"model_type": "llama", "hidden_size": 16,
    "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 40, "max_position_embeddings": 128})";

std::string TinyConfig(const std::string& family, const std::string& changes = "{}");

GgufKeys TinyGguf(const std::string& arch);

GgufKeys With(GgufKeys keys, const std::string& key, MetaValue value);

// The spec of a checkpoint that must parse.
ModelSpec SpecOf(const Checkpoint& checkpoint);

ModelSpec SpecOf(const std::string& json);

// `status` is `code`, and its message is one line that begins with `file` and holds all `parts`.
void ExpectRefused(const Status& status, StatusCode code, const std::string& file,
                   const std::vector<std::string>& parts);

void ExpectParseFails(const Checkpoint& checkpoint, StatusCode code,
                      const std::vector<std::string>& parts);

void ExpectParseFails(const std::string& json, StatusCode code,
                      const std::vector<std::string>& parts);

}  // namespace frugal
