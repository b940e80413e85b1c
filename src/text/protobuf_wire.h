// Reads the wire format of protocol buffers field by field
// (protobuf.dev/programming-guides/encoding). Groups, which proto3 dropped, are an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace frugal {

struct WireField {
  uint32_t number = 0;
  enum class Type { kVarint, kFixed64, kBytes, kFixed32 } type = Type::kVarint;
  uint64_t value = 0;      // of the number types
  std::string_view bytes;  // of kBytes: a string or a nested message, inside the reader's input
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : message_(message) {}

  // The next field; false at the end, and where the bytes are no message (see ok()).
  bool Next(WireField* field);
  bool ok() const { return ok_; }
  size_t offset() const { return at_; }  // where the reader stands, for messages

 private:
  bool Fail() {
    ok_ = false;
    return false;
  }
  bool Varint(uint64_t* value);
  bool Fixed(int bytes, uint64_t* value);

  std::string_view message_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace frugal
