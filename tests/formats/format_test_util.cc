#include "tests/formats/format_test_util.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace frugal {

TempDir::TempDir() {
  std::string pattern = testing::TempDir() + "frugal_XXXXXX";
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  path_ = pattern;
}

TempDir::~TempDir() { std::filesystem::remove_all(path_); }

std::string TempDir::Write(const std::string& name, std::string_view bytes) const {
  std::ofstream(Path(name), std::ios::binary) << bytes;
  return Path(name);
}

std::string TempDir::Read(const std::string& name) const {
  std::ifstream in(Path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> TempDir::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

ExactBytes::ExactBytes(std::string_view text) : bytes_(text.begin(), text.end()) {
  bytes_.shrink_to_fit();
}

GgufBytes& GgufBytes::PutString(std::string_view text) {
  Put<uint64_t>(text.size());
  bytes += text;
  return *this;
}

GgufBytes& GgufBytes::Head(uint64_t n_tensors, uint64_t n_keys, uint32_t version) {
  bytes += "GGUF";
  return Put(version).Put(n_tensors).Put(n_keys);
}

GgufBytes& GgufBytes::Key(std::string_view key, GgufType type) {
  return PutString(key).Put(static_cast<uint32_t>(type));
}

GgufBytes& GgufBytes::Array(std::string_view key, GgufType type, uint64_t count) {
  return Key(key, GgufType::kArray).Put(static_cast<uint32_t>(type)).Put(count);
}

GgufBytes& GgufBytes::Tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type,
                             uint64_t offset) {
  PutString(name).Put(static_cast<uint32_t>(dims.size()));
  for (uint64_t dim : dims) Put(dim);
  return Put(type).Put(offset);
}

GgufBytes& GgufBytes::Pad(size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  return *this;
}

std::string SafetensorsBytes(std::string_view header, std::string_view data) {
  GgufBytes out;
  out.PutString(header);
  return out.bytes + std::string(data);
}

NamedTensor MakeTensor(const std::string& name, DType dtype, Shape shape,
                       const std::vector<uint8_t>& bytes) {
  NamedTensor tensor;
  tensor.name = name;
  tensor.view = {dtype, std::move(shape), bytes.data(), static_cast<int64_t>(bytes.size())};
  return tensor;
}

void ExpectSameTensors(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].view.dtype, b[i].view.dtype) << a[i].name;
    EXPECT_EQ(a[i].view.shape, b[i].view.shape) << a[i].name;
    ASSERT_EQ(a[i].view.bytes, b[i].view.bytes) << a[i].name;
    if (a[i].view.bytes == 0) continue;
    EXPECT_EQ(std::memcmp(a[i].view.data, b[i].view.data, a[i].view.bytes), 0) << a[i].name;
  }
}

}  // namespace frugal
