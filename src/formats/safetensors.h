// Safetensors, single file and sharded (huggingface/safetensors, README "Format").
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"

namespace frugal {

// One file's header, parsed from its bytes; views point into `bytes`. `__metadata__` goes to
// `metadata`. Headers over 100 MB, overlapping or out-of-range offsets, duplicate names, and
// sizes that disagree with dtype and shape are kCorrupt.
struct SafetensorsHeader {
  Metadata metadata;
  std::vector<NamedTensor> tensors;
};
Result<SafetensorsHeader> ParseSafetensors(std::span<const uint8_t> bytes,
                                           const std::string& name);

// Opens `directory` (config.json with its weights).
Result<Checkpoint> OpenHuggingFace(const std::string& directory, const OpenOptions& options);

// Writes one file through a temporary file that is renamed when complete.
Status WriteSafetensors(const std::string& path, const Metadata& metadata,
                        const std::vector<NamedTensor>& tensors);

}  // namespace frugal
