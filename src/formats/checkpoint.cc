#include "formats/checkpoint.h"

#include <filesystem>
#include <system_error>

#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

bool StartsWithGgufMagic(const MappedFile& file) {
  const std::span<const uint8_t> bytes = file.bytes();
  return bytes.size() >= 4 &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), 4) == "GGUF";
}

Result<Checkpoint> OpenFile(const std::string& path, const OpenOptions& options) {
  {
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    // A name in .gguf is a promise: what is wrong with the file is then the GGUF reader's to say.
    if (StartsWithGgufMagic(file) || path.ends_with(".gguf")) return OpenGguf(path, options);
  }
  const std::string name = std::filesystem::path(path).filename().string();
  if (name.ends_with(".safetensors") || name == "config.json" ||
      name == "model.safetensors.index.json") {
    return Error(StatusCode::kInvalidArgument,
                 "{}: expected a .gguf file or a checkpoint's directory; give the directory that "
                 "holds this file",
                 path);
  }
  return Error(StatusCode::kUnsupported,
               "{}: expected a GGUF file or a directory with config.json and safetensors, found a "
               "file that does not start with 'GGUF'",
               path);
}

}  // namespace

const NamedTensor* TensorSource::Find(std::string_view name) const {
  const auto it = index.find(std::string(name));
  return it == index.end() ? nullptr : &tensors[it->second];
}

Status IndexTensors(TensorSource* source) {
  source->index.clear();
  source->index.reserve(source->tensors.size());
  for (size_t i = 0; i < source->tensors.size(); ++i) {
    const NamedTensor& tensor = source->tensors[i];
    const auto [it, inserted] = source->index.emplace(tensor.name, static_cast<int>(i));
    if (!inserted) {
      const NamedTensor& first = source->tensors[it->second];
      return Error(StatusCode::kCorrupt, "{}: tensor '{}' is in {} too",
                   source->files[tensor.file].path(), Printable(tensor.name),
                   source->files[first.file].path());
    }
  }
  return OkStatus();
}

Result<Checkpoint> OpenCheckpoint(const std::string& path, const OpenOptions& options) {
  std::error_code error;
  const bool is_directory = std::filesystem::is_directory(path, error);
  return is_directory ? OpenHuggingFace(path, options) : OpenFile(path, options);
}

}  // namespace frugal
