// A published checkpoint, opened: its metadata and its tensors, still where they lie on disk.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "base/status.h"
#include "base/tensor.h"
#include "formats/metadata.h"

namespace frugal {

enum class Container { kGguf, kHuggingFace };

struct NamedTensor {
  std::string name;
  TensorView view;  // into one of TensorSource::files
  int file = 0;     // index into TensorSource::files, for messages
};

// Owns the mapped files; views stay valid as long as it lives. Move-only. Every view was checked
// to lie inside its file, to have the byte size its dtype and shape ask for, and not to overlap
// another; names are unique.
struct TensorSource {
  std::vector<MappedFile> files;
  std::vector<NamedTensor> tensors;            // in file order
  std::unordered_map<std::string, int> index;  // name → position in tensors

  const NamedTensor* Find(std::string_view name) const;  // null when absent
};

// Fills `index`. kCorrupt when two tensors share a name.
Status IndexTensors(TensorSource* source);

struct Checkpoint {
  Container container = Container::kHuggingFace;
  std::string path;     // as the user gave it: the .gguf file or the directory
  Metadata metadata;    // GGUF keys, or config.json flattened
  Metadata generation;  // generation_config.json flattened; empty when there is none
  TensorSource tensors;
};

struct OpenOptions {
  // For a directory with only config.json, a vocabulary-only GGUF, a header without its data:
  // weights are not looked for, and Checkpoint::tensors stays empty.
  bool metadata_only = false;
};

// `path` is a .gguf file (the first of a split set opens the set), or a directory with
// config.json and model.safetensors, model.safetensors.index.json or files by tensor-parallel rank
// (safetensors.h).
// Errors: kNotFound, kCorrupt, kUnsupported, kIo; messages name file and field.
Result<Checkpoint> OpenCheckpoint(const std::string& path, const OpenOptions& options = {});

}  // namespace frugal
