// What the tests of the containers share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "formats/gguf_types.h"

namespace frugal {

// A folder that goes away with the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = testing::TempDir() + "frugal_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, std::string_view bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }
  std::string Read(const std::string& name) const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

 private:
  std::string path_;
};

// Bytes at an address that ends where the allocation ends, so that the address sanitizer sees any
// read past them.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view text) : bytes_(text.begin(), text.end()) {
    bytes_.shrink_to_fit();
  }
  std::span<const uint8_t> span() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

// Appends the parts of a GGUF file one by one, right or wrong.
struct GgufBytes {
  std::string bytes;

  template <typename T>
  GgufBytes& Put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  GgufBytes& PutString(std::string_view text) {
    Put<uint64_t>(text.size());
    bytes += text;
    return *this;
  }
  GgufBytes& Head(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3) {
    bytes += "GGUF";
    return Put(version).Put(n_tensors).Put(n_keys);
  }
  GgufBytes& Key(std::string_view key, GgufType type) {
    return PutString(key).Put(static_cast<uint32_t>(type));
  }
  GgufBytes& Array(std::string_view key, GgufType type, uint64_t count) {
    return Key(key, GgufType::kArray).Put(static_cast<uint32_t>(type)).Put(count);
  }
  // `dims` innermost first, as the file has them.
  GgufBytes& Tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type,
                    uint64_t offset) {
    PutString(name).Put(static_cast<uint32_t>(dims.size()));
    for (uint64_t dim : dims) Put(dim);
    return Put(type).Put(offset);
  }
  GgufBytes& Pad(size_t alignment = 32) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
};

// A safetensors file: header length, header, data.
inline std::string SafetensorsBytes(std::string_view header, std::string_view data) {
  GgufBytes out;
  out.PutString(header);
  return out.bytes + std::string(data);
}

// A tensor over bytes that the caller keeps.
inline NamedTensor MakeTensor(const std::string& name, DType dtype, Shape shape,
                              const std::vector<uint8_t>& bytes) {
  NamedTensor tensor;
  tensor.name = name;
  tensor.view = {dtype, std::move(shape), bytes.data(), static_cast<int64_t>(bytes.size())};
  return tensor;
}

inline void ExpectSameTensors(const std::vector<NamedTensor>& a,
                              const std::vector<NamedTensor>& b) {
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

// `result` fails with `code`, and its message is one line that begins with the file's name and
// holds `part`.
template <typename T>
void ExpectFileError(const Result<T>& result, StatusCode code, const std::string& file,
                     const std::string& part) {
  ASSERT_FALSE(result.ok()) << part;
  const std::string& message = result.status().message();
  EXPECT_EQ(result.status().code(), code) << message;
  EXPECT_EQ(message.find(file + ": "), 0u) << message;
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

// `result` is valid, or its message is one line that begins with the file's name. True when valid.
template <typename T>
bool ExpectValidOrNamed(const Result<T>& result, const std::string& file) {
  if (result.ok()) return true;
  const std::string& message = result.status().message();
  EXPECT_EQ(message.find(file + ": "), 0u) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return false;
}

}  // namespace frugal
