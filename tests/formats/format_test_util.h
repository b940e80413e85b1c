// What the tests of the containers share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
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
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, std::string_view bytes) const;
  std::string Read(const std::string& name) const;
  std::vector<std::string> Names() const;

 private:
  std::string path_;
};

// Bytes at an address that ends where the allocation ends, so that the address sanitizer sees any
// read past them.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view text);
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
  GgufBytes& PutString(std::string_view text);
  GgufBytes& Head(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3);
  GgufBytes& Key(std::string_view key, GgufType type);
  GgufBytes& Array(std::string_view key, GgufType type, uint64_t count);
  // `dims` innermost first, as the file has them.
  GgufBytes& Tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type,
                    uint64_t offset);
  GgufBytes& Pad(size_t alignment = 32);
};

// A safetensors file: header length, header, data.
std::string SafetensorsBytes(std::string_view header, std::string_view data);

// A tensor over bytes that the caller keeps.
NamedTensor MakeTensor(const std::string& name, DType dtype, Shape shape,
                       const std::vector<uint8_t>& bytes);

void ExpectSameTensors(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b);

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
