// Safetensors, single file and sharded (huggingface/safetensors, README "Format").
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"

namespace frugal {

// The most a header may take (the reference implementation's limit).
inline constexpr uint64_t kSafetensorsMaxHeader = 100'000'000;  // bytes

// One file's header, parsed from its bytes; views point into `bytes`. Tensors are in the order of
// their data. `__metadata__` goes to `metadata`. kCorrupt: headers over 100 MB or that are not
// JSON, duplicate names, sizes that disagree with dtype and shape, and offsets that leave the
// file, overlap or leave holes (the format allows none). kUnsupported: dtypes we do not know.
struct SafetensorsHeader {
  Metadata metadata;
  std::vector<NamedTensor> tensors;
};
Result<SafetensorsHeader> ParseSafetensors(std::span<const uint8_t> bytes, const std::string& name);

// Opens `directory`: config.json, generation_config.json when it is there, and the weights of
// model.safetensors or else of the shards that model.safetensors.index.json lists. The map and the
// shards must hold the same tensors. Without either, of files that are split by the ranks of tensor
// parallelism (pytorch_model-NNNNN-TP-common.safetensors or -TP-000 and on): rank r's part of a
// tensor is named "<name>#TP-00r". Of a model that also sees images (text_config), the text model.
Result<Checkpoint> OpenHuggingFace(const std::string& directory, const OpenOptions& options);

// Writes one file through a temporary file that is renamed when complete; on failure `path` keeps
// what it had. The data lies in the order of `tensors`. Metadata values must be strings.
// kInvalidArgument for what the format cannot hold, kResourceExhausted when the disk is full, kIo.
Status WriteSafetensors(const std::string& path, const Metadata& metadata,
                        const std::vector<NamedTensor>& tensors);

}  // namespace frugal
