// How config.json says that a checkpoint's weights are packed ("quantization_config").
//
// Which modules are packed is seen in the file, where each has either its plain `.weight` or the
// packed tensors; the scheme says how to read the latter (model/stored_matrix.h). Keys that only
// say how another runtime would round activations, store its cache or choose its kernels are
// ignored; one that would change the weights' values and is not known here is refused by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config_reader.h"

namespace frugal {

enum class QuantMethod { kNone, kFp8, kCompressedTensors, kMxfp4, kAwq, kGptq };

// What shares a scale.
enum class ScaleSharing {
  kTensor,           // everything
  kChannel,          // a row
  kTensorOrChannel,  // the scale's shape says which
  kGroup,            // `group_size` columns of a row
  kBlock,            // block_rows × block_cols
};

// One way of packing; compressed-tensors may name several.
struct QuantGroup {
  bool is_float = false;  // FP8 E4M3, else integers
  int bits = 4;           // 4 or 8
  bool symmetric = true;  // false: packed zero points are stored
  ScaleSharing sharing = ScaleSharing::kGroup;
  int64_t group_size = 0;
  int64_t block_rows = 0;
  int64_t block_cols = 0;
};

struct QuantScheme {
  QuantMethod method = QuantMethod::kNone;
  std::vector<QuantGroup> groups;   // one, or several with compressed-tensors; none with kNone
  bool gptq_zero_as_is = false;     // "gptq_v2": zeros are stored as they are, not less one
  std::vector<std::string> ignore;  // modules_to_not_convert, ignored_layers, ignore
};

// Reads and checks every key of quantization_config; kNone when there is none, and for GGUF.
// Problems go to the reader's status.
QuantScheme ReadQuantScheme(ConfigReader& config);

// Whether the scheme packs the linear layer `module` ("model.layers.0.mlp.up_proj"), by the
// configuration's lists alone: for a checkpoint whose tensors are not at hand. Names match as the
// loaders match them: transformers' patterns (from the start up to a dot, or as a suffix), and
// compressed-tensors' names and "re:" patterns. A pattern that is no regular expression matches
// nothing.
bool Packs(const QuantScheme& scheme, const std::string& module);

}  // namespace frugal
