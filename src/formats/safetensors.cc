#include "formats/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "formats/json.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

// A tensor's name, dtype and shape, and where its bytes are within the data.
struct Entry {
  NamedTensor tensor;
  uint64_t begin = 0;
  uint64_t end = 0;
  size_t position = 0;  // in the header: keeps the order of tensors without bytes
};

template <typename... Args>
Status Corrupt(const std::string& name, fmt::format_string<Args...> format, Args&&... args) {
  return Error(StatusCode::kCorrupt, "{}: {}", name,
               fmt::format(format, std::forward<Args>(args)...));
}

// A list of non-negative integers below 2^63.
std::optional<std::vector<int64_t>> ReadSizes(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<int64_t> sizes;
  sizes.reserve(json.size());
  for (const Json& item : json) {
    if (!item.is_number_unsigned() || item.get<uint64_t>() > INT64_MAX) return std::nullopt;
    sizes.push_back(item.get<int64_t>());
  }
  return sizes;
}

Result<Entry> ReadEntry(const std::string& tensor_name, const Json& json, const std::string& file) {
  const std::string shown = Printable(tensor_name);
  if (!json.is_object()) {
    return Corrupt(file, "tensor '{}': expected an object, found {}", shown, json.type_name());
  }
  Entry entry;
  entry.tensor.name = tensor_name;
  TensorView& view = entry.tensor.view;
  const DTypeInfo* info = nullptr;
  bool has_shape = false;
  bool has_offsets = false;
  for (const auto& [field, value] : json.get_ref<const Json::object_t&>()) {
    if (field == "dtype") {
      if (!value.is_string()) {
        return Corrupt(file, "tensor '{}': dtype: expected a string, found {}", shown,
                       value.type_name());
      }
      const auto& dtype = value.get_ref<const std::string&>();
      info = FindDType(dtype);
      if (info == nullptr || !info->in_safetensors) {
        return Error(StatusCode::kUnsupported, "{}: tensor '{}': dtype '{}' is not supported", file,
                     shown, Printable(dtype));
      }
      view.dtype = info->dtype;
    } else if (field == "shape") {
      std::optional<std::vector<int64_t>> shape = ReadSizes(value);
      if (!shape) {
        return Corrupt(file, "tensor '{}': shape: expected a list of integers from 0 to 2^63 - 1",
                       shown);
      }
      view.shape = *std::move(shape);
      has_shape = true;
    } else if (field == "data_offsets") {
      const std::optional<std::vector<int64_t>> offsets = ReadSizes(value);
      if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
        return Corrupt(file,
                       "tensor '{}': data_offsets: expected [begin, end], integers from 0 to "
                       "2^63 - 1 with begin not past end",
                       shown);
      }
      entry.begin = (*offsets)[0];
      entry.end = (*offsets)[1];
      has_offsets = true;
    } else {
      return Error(StatusCode::kUnsupported, "{}: tensor '{}': unknown field '{}'", file, shown,
                   Printable(field));
    }
  }
  if (info == nullptr || !has_shape || !has_offsets) {
    return Corrupt(file, "tensor '{}': expected dtype, shape and data_offsets, found no {}", shown,
                   info == nullptr ? "dtype"
                   : !has_shape    ? "shape"
                                   : "data_offsets");
  }
  const auto bytes = NumElements(view.shape) < 0
                         ? std::nullopt
                         : TensorBytes(view.dtype, view.rows(), view.cols());
  if (!bytes) {
    return Corrupt(file, "tensor '{}': shape {} overflows; is the file damaged?", shown,
                   ShapeToString(view.shape));
  }
  if (static_cast<uint64_t>(*bytes) != entry.end - entry.begin) {
    return Corrupt(file, "tensor '{}': {} of shape {} takes {} bytes, but data_offsets give {}",
                   shown, info->name, ShapeToString(view.shape), *bytes, entry.end - entry.begin);
  }
  view.bytes = *bytes;
  return entry;
}

Status ReadMetadata(const Json& json, const std::string& file, Metadata* metadata) {
  if (!json.is_object()) {
    return Corrupt(file, "__metadata__: expected an object, found {}", json.type_name());
  }
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) {
    if (!value.is_string()) {
      return Corrupt(file, "__metadata__: key '{}': expected a string, found {}", Printable(key),
                     value.type_name());
    }
    metadata->values.emplace(key, value.get<std::string>());
  }
  return OkStatus();
}

}  // namespace

Result<SafetensorsHeader> ParseSafetensors(std::span<const uint8_t> bytes,
                                           const std::string& name) {
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) {
    return Corrupt(name, "header length: expected 8 bytes, found {}; is the file truncated?",
                   bytes.size());
  }
  std::memcpy(&length, bytes.data(), sizeof(length));
  bytes = bytes.subspan(sizeof(length));
  if (length > kSafetensorsMaxHeader) {
    return Corrupt(name, "header length: expected at most {}, found {}; is this safetensors?",
                   kSafetensorsMaxHeader, length);
  }
  if (length > bytes.size()) {
    return Corrupt(name, "header: expected {} bytes, found {}; is the file truncated?", length,
                   bytes.size());
  }
  const std::string text(reinterpret_cast<const char*>(bytes.data()), length);
  if (!text.starts_with('{')) {
    return Corrupt(name, "header: expected '{{' first, found '{}'; is this safetensors?",
                   Printable(text.substr(0, 1)));
  }
  ASSIGN_OR_RETURN(const Json json, ParseJson(text, name + ": header"));
  const std::span<const uint8_t> data = bytes.subspan(length);

  SafetensorsHeader header;
  std::vector<Entry> entries;
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) {
    if (key == "__metadata__") {
      RETURN_IF_ERROR(ReadMetadata(value, name, &header.metadata));
    } else {
      ASSIGN_OR_RETURN(Entry entry, ReadEntry(key, value, name));
      entry.position = entries.size();
      entries.push_back(std::move(entry));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.position) < std::tie(b.begin, b.end, b.position);
  });
  uint64_t expected = 0;
  for (Entry& entry : entries) {
    if (entry.begin != expected) {
      return Corrupt(name,
                     "tensor '{}': data_offsets: expected to begin at {}, where the tensor before "
                     "ends, found {}",
                     Printable(entry.tensor.name), expected, entry.begin);
    }
    if (entry.end > data.size()) {
      return Corrupt(name,
                     "tensor '{}': data_offsets: end {} is past the file's {} data bytes; is the "
                     "file truncated?",
                     Printable(entry.tensor.name), entry.end, data.size());
    }
    expected = entry.end;
    entry.tensor.view.data = data.data() + entry.begin;
    header.tensors.push_back(std::move(entry.tensor));
  }
  if (expected != data.size()) {
    return Corrupt(name, "data: the tensors take {} bytes, the file has {}", expected, data.size());
  }
  return header;
}

}  // namespace frugal
