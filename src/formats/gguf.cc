#include "formats/gguf.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "formats/gguf_types.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

// A forward reader over the header. Every take is checked against what is left.
struct Cursor {
  std::span<const uint8_t> bytes;
  size_t pos = 0;

  size_t left() const { return bytes.size() - pos; }

  template <typename T>
  bool Read(T* value) {
    if (left() < sizeof(T)) return false;
    std::memcpy(value, bytes.data() + pos, sizeof(T));
    pos += sizeof(T);
    return true;
  }

  // A string with its 64-bit length in front; the view points into the file.
  bool ReadString(std::string_view* text) {
    uint64_t length = 0;
    if (!Read(&length) || length > left()) return false;
    *text = {reinterpret_cast<const char*>(bytes.data()) + pos, static_cast<size_t>(length)};
    pos += length;
    return true;
  }
};

class Parser {
 public:
  Parser(std::span<const uint8_t> bytes, const std::string& name, bool metadata_only)
      : cursor_{bytes}, name_(name), metadata_only_(metadata_only) {}

  Result<GgufHeader> Parse() {
    RETURN_IF_ERROR(ReadMagicAndVersion());
    uint64_t n_tensors = 0;
    uint64_t n_keys = 0;
    if (!cursor_.Read(&n_tensors)) return Truncated("tensor count");
    if (!cursor_.Read(&n_keys)) return Truncated("metadata key count");
    // The least a key and a tensor can take: so a count cannot make us allocate more than the
    // file's size warrants.
    constexpr uint64_t kMinKeyBytes = 8 + 4 + 1;
    constexpr uint64_t kMinTensorBytes = 8 + 4 + 4 + 8;
    if (n_keys > cursor_.left() / kMinKeyBytes) {
      return CountTooLarge("metadata key count", n_keys);
    }
    if (n_tensors > cursor_.left() / kMinTensorBytes) {
      return CountTooLarge("tensor count", n_tensors);
    }
    for (uint64_t i = 0; i < n_keys; ++i) RETURN_IF_ERROR(ReadKeyValue(i, n_keys));
    RETURN_IF_ERROR(ReadAlignment());
    header_.tensors.reserve(n_tensors);
    offsets_.reserve(n_tensors);
    for (uint64_t i = 0; i < n_tensors; ++i) RETURN_IF_ERROR(ReadTensorInfo(i, n_tensors));
    if (!metadata_only_) RETURN_IF_ERROR(PlaceTensors());
    return std::move(header_);
  }

 private:
  template <typename... Args>
  Status Corrupt(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(StatusCode::kCorrupt, "{}: {}", name_,
                 fmt::format(format, std::forward<Args>(args)...));
  }

  Status Truncated(std::string_view field) const {
    return Corrupt("{}: the file ends at byte {}, before the end of this field; is it truncated?",
                   field, cursor_.bytes.size());
  }

  Status CountTooLarge(std::string_view field, uint64_t count) const {
    return Corrupt("{}: {} do not fit in the {} bytes that are left; is the file truncated?", field,
                   count, cursor_.left());
  }

  Status ReadMagicAndVersion() {
    uint32_t magic = 0;
    if (!cursor_.Read(&magic)) return Truncated("magic");
    if (magic != kGgufMagic) {
      return Corrupt("magic: expected 'GGUF', found '{}'; is this a GGUF file?",
                     Printable({reinterpret_cast<const char*>(cursor_.bytes.data()), 4}));
    }
    if (!cursor_.Read(&header_.version)) return Truncated("version");
    if (header_.version == 2 || header_.version == 3) return OkStatus();
    if ((header_.version & 0xFFFF) == 0 && header_.version != 0) {
      return Error(StatusCode::kUnsupported,
                   "{}: version: the file is big-endian, only little-endian files are supported",
                   name_);
    }
    return Error(StatusCode::kUnsupported,
                 "{}: version: expected 2 or 3, found {}; convert the checkpoint again", name_,
                 header_.version);
  }

  Status ReadKeyValue(uint64_t index, uint64_t count) {
    const auto field = [&] { return fmt::format("metadata key {} of {}", index + 1, count); };
    std::string_view key;
    if (!cursor_.ReadString(&key)) return Truncated(field());
    RETURN_IF_ERROR(CheckName(key, field));
    uint32_t type = 0;
    if (!cursor_.Read(&type)) return Truncated(fmt::format("type of key '{}'", Printable(key)));
    MetaValue value;
    RETURN_IF_ERROR(ReadValue(key, static_cast<GgufType>(type), &value));
    if (!header_.metadata.values.emplace(key, std::move(value)).second) {
      return Corrupt("{}: key '{}' is given twice", field(), Printable(key));
    }
    return OkStatus();
  }

  template <typename Field>
  Status CheckName(std::string_view text, const Field& field) const {
    if (text.size() > kGgufMaxName) {
      return Corrupt("{}: a name of {} bytes, at most {} expected", field(), text.size(),
                     kGgufMaxName);
    }
    if (!IsValidUtf8(text)) {
      return Corrupt("{}: name '{}' is not UTF-8", field(), Printable(text));
    }
    return OkStatus();
  }

  Status ReadValue(std::string_view key, GgufType type, MetaValue* value) {
    switch (type) {
      case GgufType::kUint8:
        return ReadInt<uint8_t>(key, value);
      case GgufType::kInt8:
        return ReadInt<int8_t>(key, value);
      case GgufType::kUint16:
        return ReadInt<uint16_t>(key, value);
      case GgufType::kInt16:
        return ReadInt<int16_t>(key, value);
      case GgufType::kUint32:
        return ReadInt<uint32_t>(key, value);
      case GgufType::kInt32:
        return ReadInt<int32_t>(key, value);
      case GgufType::kUint64:
        return ReadInt<uint64_t>(key, value);
      case GgufType::kInt64:
        return ReadInt<int64_t>(key, value);
      case GgufType::kFloat32:
        return ReadFloat<float>(key, value);
      case GgufType::kFloat64:
        return ReadFloat<double>(key, value);
      case GgufType::kBool: {
        uint8_t byte = 0;
        if (!cursor_.Read(&byte)) return TruncatedValue(key);
        if (byte > 1) return NotBool(key, byte);
        *value = byte == 1;
        return OkStatus();
      }
      case GgufType::kString: {
        std::string_view text;
        if (!cursor_.ReadString(&text)) return TruncatedValue(key);
        *value = std::string(text);
        return OkStatus();
      }
      case GgufType::kArray:
        return ReadArray(key, value);
    }
    return UnknownType(key, static_cast<uint32_t>(type));
  }

  Status ReadArray(std::string_view key, MetaValue* value) {
    uint32_t type = 0;
    uint64_t count = 0;
    if (!cursor_.Read(&type) || !cursor_.Read(&count)) return TruncatedValue(key);
    switch (static_cast<GgufType>(type)) {
      case GgufType::kUint8:
        return ReadNumbers<uint8_t, int64_t>(key, count, value);
      case GgufType::kInt8:
        return ReadNumbers<int8_t, int64_t>(key, count, value);
      case GgufType::kUint16:
        return ReadNumbers<uint16_t, int64_t>(key, count, value);
      case GgufType::kInt16:
        return ReadNumbers<int16_t, int64_t>(key, count, value);
      case GgufType::kUint32:
        return ReadNumbers<uint32_t, int64_t>(key, count, value);
      case GgufType::kInt32:
        return ReadNumbers<int32_t, int64_t>(key, count, value);
      case GgufType::kUint64:
        return ReadNumbers<uint64_t, int64_t>(key, count, value);
      case GgufType::kInt64:
        return ReadNumbers<int64_t, int64_t>(key, count, value);
      case GgufType::kFloat32:
        return ReadNumbers<float, double>(key, count, value);
      case GgufType::kFloat64:
        return ReadNumbers<double, double>(key, count, value);
      case GgufType::kBool:
        return ReadBools(key, count, value);
      case GgufType::kString:
        return ReadStrings(key, count, value);
      case GgufType::kArray:
        return Error(StatusCode::kUnsupported, "{}: key '{}': arrays of arrays are not supported",
                     name_, Printable(key));
    }
    return UnknownType(key, type);
  }

  template <typename T>
  Status ReadInt(std::string_view key, MetaValue* value) {
    T number = 0;
    if (!cursor_.Read(&number)) return TruncatedValue(key);
    if constexpr (std::is_same_v<T, uint64_t>) {
      if (number > INT64_MAX) {
        *value = number;
        return OkStatus();
      }
    }
    *value = static_cast<int64_t>(number);
    return OkStatus();
  }

  template <typename T>
  Status ReadFloat(std::string_view key, MetaValue* value) {
    T number = 0;
    if (!cursor_.Read(&number)) return TruncatedValue(key);
    *value = static_cast<double>(number);
    return OkStatus();
  }

  template <typename Stored, typename T>
  Status ReadNumbers(std::string_view key, uint64_t count, MetaValue* value) {
    if (count > cursor_.left() / sizeof(Stored)) return ArrayTooLong(key, count);
    std::vector<T> numbers(count);
    for (T& number : numbers) {
      Stored stored = 0;
      cursor_.Read(&stored);
      if constexpr (std::is_same_v<Stored, uint64_t>) {
        if (stored > INT64_MAX) {
          return Error(StatusCode::kUnsupported,
                       "{}: key '{}': an array element of {}, at most 2^63 - 1 is supported", name_,
                       Printable(key), stored);
        }
      }
      number = static_cast<T>(stored);
    }
    *value = std::move(numbers);
    return OkStatus();
  }

  Status ReadBools(std::string_view key, uint64_t count, MetaValue* value) {
    if (count > cursor_.left()) return ArrayTooLong(key, count);
    std::vector<bool> flags(count);
    for (uint64_t i = 0; i < count; ++i) {
      uint8_t byte = 0;
      cursor_.Read(&byte);
      if (byte > 1) return NotBool(key, byte);
      flags[i] = byte == 1;
    }
    *value = std::move(flags);
    return OkStatus();
  }

  Status ReadStrings(std::string_view key, uint64_t count, MetaValue* value) {
    if (count > cursor_.left() / sizeof(uint64_t)) return ArrayTooLong(key, count);
    std::vector<std::string> strings;
    strings.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      std::string_view text;
      if (!cursor_.ReadString(&text)) {
        return Truncated(fmt::format("value of key '{}', element {}", Printable(key), i));
      }
      strings.emplace_back(text);
    }
    *value = std::move(strings);
    return OkStatus();
  }

  Status TruncatedValue(std::string_view key) const {
    return Truncated(fmt::format("value of key '{}'", Printable(key)));
  }
  Status ArrayTooLong(std::string_view key, uint64_t count) const {
    return CountTooLarge(fmt::format("value of key '{}': array elements", Printable(key)), count);
  }
  Status NotBool(std::string_view key, uint8_t byte) const {
    return Corrupt("key '{}': expected a boolean of 0 or 1, found {}", Printable(key), byte);
  }
  Status UnknownType(std::string_view key, uint32_t type) const {
    return Corrupt("key '{}': unknown value type {}, expected 0 to 12", Printable(key), type);
  }

  Status ReadAlignment() {
    header_.alignment = kGgufDefaultAlignment;
    const MetaValue* value = header_.metadata.Find("general.alignment");
    if (value == nullptr) return OkStatus();
    const int64_t* alignment = std::get_if<int64_t>(value);
    if (alignment == nullptr || *alignment < 1 || *alignment > kGgufMaxAlignment ||
        (*alignment & (*alignment - 1)) != 0) {
      return Corrupt("key 'general.alignment': expected a power of two of at most {}, found {}",
                     kGgufMaxAlignment,
                     alignment ? fmt::format("{}", *alignment) : MetaTypeName(*value));
    }
    header_.alignment = static_cast<uint32_t>(*alignment);
    return OkStatus();
  }

  Status ReadTensorInfo(uint64_t index, uint64_t count) {
    const auto field = [&] { return fmt::format("tensor {} of {}", index + 1, count); };
    std::string_view tensor_name;
    if (!cursor_.ReadString(&tensor_name)) return Truncated(field());
    RETURN_IF_ERROR(CheckName(tensor_name, field));
    NamedTensor tensor;
    tensor.name = tensor_name;
    uint32_t n_dims = 0;
    if (!cursor_.Read(&n_dims)) return TruncatedTensor(tensor, "dimension count");
    if (n_dims > kGgufMaxDims) {
      return Corrupt("tensor '{}': expected at most {} dimensions, found {}",
                     Printable(tensor.name), kGgufMaxDims, n_dims);
    }
    tensor.view.shape.resize(n_dims);
    for (uint32_t i = 0; i < n_dims; ++i) {
      uint64_t dim = 0;
      if (!cursor_.Read(&dim)) return TruncatedTensor(tensor, "dimensions");
      if (dim > INT64_MAX) {
        return Corrupt("tensor '{}': dimension {} is {}; is the file damaged?",
                       Printable(tensor.name), i, dim);
      }
      tensor.view.shape[n_dims - 1 - i] = static_cast<int64_t>(dim);  // innermost comes first
    }
    uint32_t type = 0;
    if (!cursor_.Read(&type)) return TruncatedTensor(tensor, "type");
    RETURN_IF_ERROR(SetType(type, &tensor));
    uint64_t offset = 0;
    if (!cursor_.Read(&offset)) return TruncatedTensor(tensor, "offset");
    if (offset % header_.alignment != 0) {
      return Corrupt("tensor '{}': offset {} is not a multiple of the alignment {}",
                     Printable(tensor.name), offset, header_.alignment);
    }
    if (!names_.insert(tensor_name).second) {
      return Corrupt("{}: tensor '{}' is given twice", field(), Printable(tensor.name));
    }
    header_.tensors.push_back(std::move(tensor));
    offsets_.push_back(offset);
    return OkStatus();
  }

  // Dtype and byte size of a tensor whose shape is known.
  Status SetType(uint32_t type, NamedTensor* tensor) const {
    const DTypeInfo* info = FindDType(static_cast<DType>(type));
    if (info == nullptr || !info->in_gguf) {
      // ggml withdrew these: weights repacked for one machine.
      const bool withdrawn = (type >= 31 && type <= 33) || (type >= 36 && type <= 38);
      return Error(
          StatusCode::kUnsupported, "{}: tensor '{}': unknown tensor type {}{}", name_,
          Printable(tensor->name), type,
          withdrawn ? " (a repacked format that ggml withdrew; use the Q4_0 or IQ4_NL file)" : "");
    }
    TensorView& view = tensor->view;
    view.dtype = info->dtype;
    const int64_t elements = NumElements(view.shape);
    const int64_t cols = view.cols();
    if (elements >= 0 && cols % info->block_size != 0) {
      return Corrupt("tensor '{}': rows of {} must hold a multiple of {} elements, shape is {}",
                     Printable(tensor->name), info->name, info->block_size,
                     ShapeToString(view.shape));
    }
    const auto bytes = elements < 0 ? std::nullopt : TensorBytes(info->dtype, view.rows(), cols);
    if (!bytes) {
      return Corrupt("tensor '{}': shape {} overflows; is the file damaged?",
                     Printable(tensor->name), ShapeToString(view.shape));
    }
    view.bytes = *bytes;
    return OkStatus();
  }

  Status TruncatedTensor(const NamedTensor& tensor, const char* field) const {
    return Truncated(fmt::format("tensor '{}': {}", Printable(tensor.name), field));
  }

  // Points the views at their bytes: all inside the file, none overlapping another.
  Status PlaceTensors() {
    const size_t size = cursor_.bytes.size();
    const size_t padding =
        (header_.alignment - cursor_.pos % header_.alignment) % header_.alignment;
    // A file that ends before its data has no room for any; tensors without bytes may be there.
    const size_t base = std::min(cursor_.pos + padding, size);
    for (size_t i = 0; i < header_.tensors.size(); ++i) {
      TensorView& view = header_.tensors[i].view;
      const auto bytes = static_cast<uint64_t>(view.bytes);
      if (offsets_[i] > size - base || bytes > size - base - offsets_[i]) {
        return Corrupt(
            "tensor '{}': {} bytes at offset {} reach past the file's {} data bytes; is the file "
            "truncated?",
            Printable(header_.tensors[i].name), bytes, offsets_[i], size - base);
      }
      view.data = cursor_.bytes.data() + base + offsets_[i];
    }
    std::vector<size_t> order(offsets_.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(offsets_[a], header_.tensors[a].view.bytes) <
             std::pair(offsets_[b], header_.tensors[b].view.bytes);
    });
    for (size_t i = 1; i < order.size(); ++i) {
      const NamedTensor& before = header_.tensors[order[i - 1]];
      const NamedTensor& after = header_.tensors[order[i]];
      if (offsets_[order[i - 1]] + before.view.bytes > offsets_[order[i]]) {
        return Corrupt("tensors '{}' and '{}' overlap", Printable(before.name),
                       Printable(after.name));
      }
    }
    return OkStatus();
  }

  Cursor cursor_;
  const std::string& name_;
  const bool metadata_only_;
  GgufHeader header_;
  std::vector<uint64_t> offsets_;               // per tensor, from the start of the data
  std::unordered_set<std::string_view> names_;  // views into the file
};

// What the keys of a split set say; one part of one when there are none.
struct SplitInfo {
  int64_t number = 0;  // from 0
  int64_t count = 1;
  int64_t tensors = -1;  // in all parts; -1 when not said
};

Result<SplitInfo> ReadSplitInfo(const Metadata& metadata, const std::string& name) {
  SplitInfo info;
  const auto get = [&](const char* key, int64_t* out) -> Status {
    if (!metadata.Has(key)) return OkStatus();
    Result<int64_t> value = metadata.GetInt(key);
    if (!value.ok()) return value.status().WithContext(name);
    *out = *value;
    return OkStatus();
  };
  RETURN_IF_ERROR(get("split.no", &info.number));
  RETURN_IF_ERROR(get("split.count", &info.count));
  RETURN_IF_ERROR(get("split.tensors.count", &info.tensors));
  // gguf-split writes the count as 16 bits.
  if (info.count < 0 || info.count > 65535) {
    return Error(StatusCode::kCorrupt, "{}: key 'split.count': expected 0 to 65535, found {}", name,
                 info.count);
  }
  info.count = std::max<int64_t>(info.count, 1);
  if (info.number < 0 || info.number >= info.count) {
    return Error(StatusCode::kCorrupt, "{}: key 'split.no': expected 0 to {}, found {}", name,
                 info.count - 1, info.number);
  }
  return info;
}

std::string PartSuffix(int64_t number, int64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", number + 1, count);
}

// Maps and parses one file and appends its tensors. `header` gets what else it says.
Status AddFile(const std::string& path, TensorSource* source, GgufHeader* header) {
  ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(*header, ParseGguf(file.bytes(), path));
  for (NamedTensor& tensor : header->tensors) {
    tensor.file = static_cast<int>(source->files.size());
    source->tensors.push_back(std::move(tensor));
  }
  source->files.push_back(std::move(file));
  return OkStatus();
}

// Parts 2 to N of a set whose first part is in the source already.
Status AddOtherParts(const std::string& path, const SplitInfo& first, TensorSource* source) {
  const std::string suffix = PartSuffix(0, first.count);
  if (!path.ends_with(suffix)) {
    return Error(StatusCode::kNotFound,
                 "{}: key 'split.count': this is the first of {} parts, but its name does not end "
                 "in '{}', so the others cannot be found",
                 path, first.count, suffix);
  }
  const std::string stem = path.substr(0, path.size() - suffix.size());
  for (int64_t i = 1; i < first.count; ++i) {
    const std::string part = stem + PartSuffix(i, first.count);
    GgufHeader header;
    if (Status status = AddFile(part, source, &header); !status.ok()) {
      if (status.code() != StatusCode::kNotFound) return status;
      return Error(StatusCode::kNotFound, "{}: part {} of {} is missing: {}", path, i + 1,
                   first.count, part);
    }
    ASSIGN_OR_RETURN(const SplitInfo info, ReadSplitInfo(header.metadata, part));
    if (info.number != i || info.count != first.count) {
      return Error(StatusCode::kCorrupt,
                   "{}: keys 'split.no', 'split.count': expected part {} of {}, found part {} of "
                   "{}; was the file renamed?",
                   part, i + 1, first.count, info.number + 1, info.count);
    }
  }
  if (first.tensors >= 0 && first.tensors != static_cast<int64_t>(source->tensors.size())) {
    return Error(StatusCode::kCorrupt,
                 "{}: key 'split.tensors.count': expected {} tensors in {} parts, found {}", path,
                 first.tensors, first.count, source->tensors.size());
  }
  return OkStatus();
}

}  // namespace

Result<GgufHeader> ParseGguf(std::span<const uint8_t> bytes, const std::string& name,
                             bool metadata_only) {
  return Parser(bytes, name, metadata_only).Parse();
}

Result<Checkpoint> OpenGguf(const std::string& path, const OpenOptions& options) {
  Checkpoint checkpoint;
  checkpoint.container = Container::kGguf;
  checkpoint.path = path;
  GgufHeader header;
  if (options.metadata_only) {
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    ASSIGN_OR_RETURN(header, ParseGguf(file.bytes(), path, /*metadata_only=*/true));
  } else {
    RETURN_IF_ERROR(AddFile(path, &checkpoint.tensors, &header));
  }
  ASSIGN_OR_RETURN(const SplitInfo split, ReadSplitInfo(header.metadata, path));
  if (split.number != 0) {
    return Error(StatusCode::kInvalidArgument, "{}: this is part {} of {}; open the first, '...{}'",
                 path, split.number + 1, split.count, PartSuffix(0, split.count));
  }
  if (split.count > 1 && !options.metadata_only) {
    RETURN_IF_ERROR(AddOtherParts(path, split, &checkpoint.tensors));
  }
  // They describe the files, not the model: what is written back is one whole.
  for (const char* key : {"split.no", "split.count", "split.tensors.count"}) {
    header.metadata.values.erase(key);
  }
  checkpoint.metadata = std::move(header.metadata);
  RETURN_IF_ERROR(IndexTensors(&checkpoint.tensors));
  return checkpoint;
}

}  // namespace frugal
