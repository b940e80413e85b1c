#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "formats/gguf.h"
#include "formats/gguf_types.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

bool ExactFloat(double value) {
  if (!std::isfinite(value)) return true;
  return std::abs(value) <= std::numeric_limits<float>::max() &&
         static_cast<double>(static_cast<float>(value)) == value;
}

bool FitsInt32(int64_t value) { return value >= INT32_MIN && value <= INT32_MAX; }

// The header, built in memory.
struct HeaderBytes {
  std::string bytes;

  template <typename T>
  void Put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void PutType(GgufType type) { Put(static_cast<uint32_t>(type)); }
  void PutString(std::string_view text) {
    Put(static_cast<uint64_t>(text.size()));
    bytes += text;
  }
  template <typename Stored, typename Values>
  void PutArray(GgufType type, const Values& values) {
    PutType(GgufType::kArray);
    PutType(type);
    Put(static_cast<uint64_t>(values.size()));
    for (const auto& value : values) Put(static_cast<Stored>(value));
  }

  // A value with its type in front. MetaNull has none.
  void PutValue(MetaNull) {}
  void PutValue(bool value) {
    PutType(GgufType::kBool);
    Put(static_cast<uint8_t>(value));
  }
  void PutValue(int64_t value) {
    if (value >= 0 && value <= UINT32_MAX) {
      PutType(GgufType::kUint32);
      Put(static_cast<uint32_t>(value));
    } else if (FitsInt32(value)) {
      PutType(GgufType::kInt32);
      Put(static_cast<int32_t>(value));
    } else {
      PutType(GgufType::kInt64);
      Put(value);
    }
  }
  void PutValue(uint64_t value) {
    PutType(GgufType::kUint64);
    Put(value);
  }
  void PutValue(double value) {
    if (ExactFloat(value)) {
      PutType(GgufType::kFloat32);
      Put(static_cast<float>(value));
    } else {
      PutType(GgufType::kFloat64);
      Put(value);
    }
  }
  void PutValue(const std::string& value) {
    PutType(GgufType::kString);
    PutString(value);
  }
  void PutValue(const std::vector<bool>& values) { PutArray<uint8_t>(GgufType::kBool, values); }
  void PutValue(const std::vector<int64_t>& values) {
    if (std::all_of(values.begin(), values.end(), FitsInt32)) {
      PutArray<int32_t>(GgufType::kInt32, values);
    } else {
      PutArray<int64_t>(GgufType::kInt64, values);
    }
  }
  void PutValue(const std::vector<double>& values) {
    if (std::all_of(values.begin(), values.end(), ExactFloat)) {
      PutArray<float>(GgufType::kFloat32, values);
    } else {
      PutArray<double>(GgufType::kFloat64, values);
    }
  }
  void PutValue(const std::vector<std::string>& values) {
    PutType(GgufType::kArray);
    PutType(GgufType::kString);
    Put(static_cast<uint64_t>(values.size()));
    for (const std::string& value : values) PutString(value);
  }
};

template <typename... Args>
Status Refused(const std::string& path, fmt::format_string<Args...> format, Args&&... args) {
  return Error(StatusCode::kInvalidArgument, "{}: cannot write: {}", path,
               fmt::format(format, std::forward<Args>(args)...));
}

Status CheckName(const std::string& path, const char* what, std::string_view name) {
  if (name.size() <= kGgufMaxName && IsValidUtf8(name)) return OkStatus();
  return Refused(path, "{} '{}' is not UTF-8 of at most {} bytes", what, Printable(name),
                 kGgufMaxName);
}

Status CheckMetadata(const std::string& path, const Metadata& metadata, uint32_t alignment) {
  if (alignment < 1 || alignment > kGgufMaxAlignment || (alignment & (alignment - 1)) != 0) {
    return Refused(path, "alignment {}: expected a power of two of at most {}", alignment,
                   kGgufMaxAlignment);
  }
  for (const auto& [key, value] : metadata.values) {
    RETURN_IF_ERROR(CheckName(path, "key", key));
    if (std::holds_alternative<MetaNull>(value)) {
      return Refused(path, "key '{}' is null, which GGUF cannot say", Printable(key));
    }
  }
  if (const MetaValue* value = metadata.Find("general.alignment")) {
    if (*value != MetaValue(int64_t{alignment})) {
      return Refused(path, "key 'general.alignment' differs from the alignment asked for, {}",
                     alignment);
    }
  }
  return OkStatus();
}

// Adds each tensor's bytes to `sizes`.
Status CheckTensors(const std::string& path, const std::vector<GgufTensor>& tensors,
                    std::vector<int64_t>* sizes) {
  std::unordered_set<std::string_view> names;
  for (const GgufTensor& tensor : tensors) {
    RETURN_IF_ERROR(CheckName(path, "tensor name", tensor.name));
    const std::string name = Printable(tensor.name);
    if (!names.insert(tensor.name).second) return Refused(path, "tensor '{}' is given twice", name);
    const DTypeInfo* info = FindDType(tensor.dtype);
    if (info == nullptr || !info->in_gguf) {
      return Refused(path, "tensor '{}': GGUF has no type {}", name,
                     info ? info->name : fmt::format("{}", static_cast<int>(tensor.dtype)));
    }
    if (tensor.shape.size() > kGgufMaxDims) {
      return Refused(path, "tensor '{}': GGUF holds at most {} dimensions, shape is {}", name,
                     kGgufMaxDims, ShapeToString(tensor.shape));
    }
    const TensorView view = {.dtype = tensor.dtype, .shape = tensor.shape};
    const auto bytes = NumElements(view.shape) < 0
                           ? std::nullopt
                           : TensorBytes(view.dtype, view.rows(), view.cols());
    if (!bytes) {
      return Refused(path, "tensor '{}': rows of shape {} do not make {} blocks", name,
                     ShapeToString(tensor.shape), info->name);
    }
    sizes->push_back(*bytes);
  }
  return OkStatus();
}

int64_t Padding(int64_t bytes, uint32_t alignment) {
  return (alignment - bytes % alignment) % alignment;
}

// All that stands before the tensors' data, padding included.
std::string MakeHeader(const Metadata& metadata, const std::vector<GgufTensor>& tensors,
                       const std::vector<int64_t>& sizes, uint32_t alignment) {
  // The alignment goes first, whether or not `metadata` has it, so that rewriting what was read
  // gives the same file.
  constexpr std::string_view kAlignmentKey = "general.alignment";
  const bool has_key = metadata.Find(kAlignmentKey) != nullptr;
  const bool with_key = has_key || alignment != kGgufDefaultAlignment;
  HeaderBytes header;
  header.Put(kGgufMagic);
  header.Put(uint32_t{3});
  header.Put(static_cast<uint64_t>(tensors.size()));
  header.Put(static_cast<uint64_t>(metadata.values.size() - has_key + with_key));
  if (with_key) {
    header.PutString(kAlignmentKey);
    header.PutValue(int64_t{alignment});
  }
  for (const auto& [key, value] : metadata.values) {
    if (key == kAlignmentKey) continue;
    header.PutString(key);
    std::visit([&](const auto& v) { header.PutValue(v); }, value);
  }
  uint64_t offset = 0;
  for (size_t t = 0; t < tensors.size(); ++t) {
    const Shape& shape = tensors[t].shape;
    header.PutString(tensors[t].name);
    header.Put(static_cast<uint32_t>(shape.size()));
    for (size_t i = shape.size(); i-- > 0;) header.Put(static_cast<uint64_t>(shape[i]));
    header.Put(static_cast<uint32_t>(tensors[t].dtype));
    header.Put(offset);
    offset += sizes[t] + Padding(sizes[t], alignment);
  }
  header.bytes.append(Padding(static_cast<int64_t>(header.bytes.size()), alignment), '\0');
  return std::move(header.bytes);
}

int64_t FileBytes(const std::string& header, const std::vector<int64_t>& sizes,
                  uint32_t alignment) {
  int64_t bytes = static_cast<int64_t>(header.size());
  for (const int64_t size : sizes) bytes += size + Padding(size, alignment);
  return bytes;
}

}  // namespace

Result<int64_t> GgufFileBytes(const std::string& path, const Metadata& metadata,
                              const std::vector<GgufTensor>& tensors) {
  std::vector<int64_t> sizes;
  RETURN_IF_ERROR(CheckMetadata(path, metadata, kGgufDefaultAlignment));
  RETURN_IF_ERROR(CheckTensors(path, tensors, &sizes));
  return FileBytes(MakeHeader(metadata, tensors, sizes, kGgufDefaultAlignment), sizes,
                   kGgufDefaultAlignment);
}

Result<GgufWriter> GgufWriter::Create(const std::string& path, const Metadata& metadata,
                                      const std::vector<GgufTensor>& tensors, uint32_t alignment) {
  std::vector<int64_t> sizes;
  RETURN_IF_ERROR(CheckMetadata(path, metadata, alignment));
  RETURN_IF_ERROR(CheckTensors(path, tensors, &sizes));
  const std::string header = MakeHeader(metadata, tensors, sizes, alignment);
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, FileBytes(header, sizes, alignment)));
  GgufWriter writer(std::move(file));
  writer.alignment_ = alignment;
  writer.sizes_ = std::move(sizes);
  RETURN_IF_ERROR(writer.file_.Write(header));
  RETURN_IF_ERROR(writer.PadWhereComplete());
  return writer;
}

Status GgufWriter::Write(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return OkStatus();
  CHECK(tensor_ < sizes_.size());
  written_ += static_cast<int64_t>(bytes.size());
  CHECK(written_ <= sizes_[tensor_]);
  RETURN_IF_ERROR(file_.Write(bytes));
  return PadWhereComplete();
}

// Goes on to the next tensor that has bytes.
Status GgufWriter::PadWhereComplete() {
  while (tensor_ < sizes_.size() && written_ == sizes_[tensor_]) {
    RETURN_IF_ERROR(file_.WriteZeros(Padding(written_, alignment_)));
    ++tensor_;
    written_ = 0;
  }
  return OkStatus();
}

Status GgufWriter::Commit() {
  CHECK(tensor_ == sizes_.size());
  return file_.Commit();
}

Status WriteGguf(const std::string& path, const Metadata& metadata,
                 const std::vector<NamedTensor>& tensors, uint32_t alignment) {
  std::vector<GgufTensor> header;
  for (const NamedTensor& tensor : tensors) {
    const TensorView& view = tensor.view;
    header.push_back({tensor.name, view.dtype, view.shape});
    const bool sound = NumElements(view.shape) >= 0 && FindDType(view.dtype) != nullptr;
    const auto bytes = sound ? TensorBytes(view.dtype, view.rows(), view.cols()) : std::nullopt;
    if (bytes && (bytes != view.bytes || (view.bytes > 0 && view.data == nullptr))) {
      return Refused(path, "tensor '{}': {} bytes do not make {} of shape {}",
                     Printable(tensor.name), view.bytes, GetDType(view.dtype).name,
                     ShapeToString(view.shape));
    }
  }
  ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::Create(path, metadata, header, alignment));
  for (const NamedTensor& tensor : tensors) {
    RETURN_IF_ERROR(writer.Write({tensor.view.data, static_cast<size_t>(tensor.view.bytes)}));
  }
  return writer.Commit();
}

}  // namespace frugal
