#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "formats/atomic_file.h"
#include "formats/safetensors.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

template <typename... Args>
Status Refused(const std::string& path, fmt::format_string<Args...> format, Args&&... args) {
  return Error(StatusCode::kInvalidArgument, "{}: cannot write: {}", path,
               fmt::format(format, std::forward<Args>(args)...));
}

// `text` is UTF-8: the library throws otherwise.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

Status CheckTensor(const std::string& path, const NamedTensor& tensor) {
  const std::string name = Printable(tensor.name);
  const TensorView& view = tensor.view;
  if (!IsValidUtf8(tensor.name) || tensor.name == "__metadata__") {
    return Refused(path, "'{}' cannot be a tensor's name", name);
  }
  const DTypeInfo* info = FindDType(view.dtype);
  if (info == nullptr || !info->in_safetensors) {
    return Refused(path, "tensor '{}': safetensors has no type {}", name,
                   info ? info->name : fmt::format("{}", static_cast<int>(view.dtype)));
  }
  const auto bytes = NumElements(view.shape) < 0
                         ? std::nullopt
                         : TensorBytes(view.dtype, view.rows(), view.cols());
  if (bytes != view.bytes || (view.bytes > 0 && view.data == nullptr)) {
    return Refused(path, "tensor '{}': {} bytes do not make {} of shape {}", name, view.bytes,
                   info->name, ShapeToString(view.shape));
  }
  return OkStatus();
}

Result<std::string> MetadataJson(const std::string& path, const Metadata& metadata) {
  std::string json;
  for (const auto& [key, value] : metadata.values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) {
      return Refused(path, "metadata key '{}': expected a string, found {}", Printable(key),
                     MetaTypeName(value));
    }
    if (!IsValidUtf8(key) || !IsValidUtf8(*text)) {
      return Refused(path, "metadata key '{}': not UTF-8", Printable(key));
    }
    json += fmt::format("{}{}:{}", json.empty() ? "" : ",", Quoted(key), Quoted(*text));
  }
  return "\"__metadata__\":{" + json + "}";
}

}  // namespace

Status WriteSafetensors(const std::string& path, const Metadata& metadata,
                        const std::vector<NamedTensor>& tensors) {
  std::string json = "{";
  if (!metadata.values.empty()) {
    ASSIGN_OR_RETURN(const std::string text, MetadataJson(path, metadata));
    json += text;
  }
  std::unordered_set<std::string_view> names;
  int64_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    RETURN_IF_ERROR(CheckTensor(path, tensor));
    if (!names.insert(tensor.name).second) {
      return Refused(path, "tensor '{}' is given twice", Printable(tensor.name));
    }
    std::string shape;
    for (int64_t dim : tensor.view.shape) {
      shape += fmt::format("{}{}", shape.empty() ? "" : ",", dim);
    }
    json +=
        fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                    json.size() > 1 ? "," : "", Quoted(tensor.name),
                    GetDType(tensor.view.dtype).name, shape, offset, offset + tensor.view.bytes);
    offset += tensor.view.bytes;
  }
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');  // the data starts 8-aligned
  if (json.size() > kSafetensorsMaxHeader) {
    return Refused(path, "the header takes {} bytes, at most {} are allowed", json.size(),
                   kSafetensorsMaxHeader);
  }

  const uint64_t length = json.size();
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  RETURN_IF_ERROR(file.Write(std::span(reinterpret_cast<const uint8_t*>(&length), sizeof(length))));
  RETURN_IF_ERROR(file.Write(json));
  for (const NamedTensor& tensor : tensors) {
    RETURN_IF_ERROR(
        file.Write(std::span(tensor.view.data, static_cast<size_t>(tensor.view.bytes))));
  }
  return file.Commit();
}

}  // namespace frugal
