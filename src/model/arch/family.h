// A model family: how its metadata becomes a ModelSpec, and which tensors it has. One file per
// family in this folder, one line in registry.cc.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config_reader.h"
#include "model/spec.h"
#include "model/tensor_table.h"

namespace frugal {

struct Family {
  std::string_view name;
  std::span<const std::string_view> model_types;  // config.json's model_type
  std::span<const std::string_view> gguf_archs;   // GGUF's general.architecture
  // Reads every key that changes the result; leaves problems in the reader's status.
  ModelSpec (*parse)(ConfigReader& config);
  std::vector<TensorDesc> (*tensors)(const ModelSpec& spec);
  // Of config.json's architectures, for makers who gave a model another's model_type: the first of
  // them decides before model_type does.
  std::span<const std::string_view> architectures = {};
};

std::span<const Family* const> AllFamilies();

// The family of an opened checkpoint; kUnsupported names the type and lists the known ones.
Result<const Family*> FindFamily(const Checkpoint& checkpoint);

// Finds the family, parses, and checks that no key was left unread and that the spec is sound
// (heads divide, sizes positive and bounded).
Result<ModelSpec> ParseModelSpec(const Checkpoint& checkpoint);

// The table of a spec that ParseModelSpec made.
std::vector<TensorDesc> ModelTensors(const ModelSpec& spec);

}  // namespace frugal
