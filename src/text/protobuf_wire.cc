#include "text/protobuf_wire.h"

namespace frugal {

bool WireReader::Varint(uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ >= message_.size()) return false;
    const auto byte = static_cast<unsigned char>(message_[at_++]);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool WireReader::Fixed(int bytes, uint64_t* value) {
  if (message_.size() - at_ < static_cast<size_t>(bytes)) return false;
  *value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    *value = *value << 8 | static_cast<unsigned char>(message_[at_ + static_cast<size_t>(i)]);
  }
  at_ += static_cast<size_t>(bytes);
  return true;
}

bool WireReader::Next(WireField* field) {
  if (!ok_ || at_ >= message_.size()) return false;
  uint64_t tag = 0;
  if (!Varint(&tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3) return Fail();
  field->number = static_cast<uint32_t>(tag >> 3);
  field->bytes = {};
  field->value = 0;
  switch (tag & 7) {
    case 0:
      field->type = WireField::Type::kVarint;
      return Varint(&field->value) || Fail();
    case 1:
      field->type = WireField::Type::kFixed64;
      return Fixed(8, &field->value) || Fail();
    case 2: {
      field->type = WireField::Type::kBytes;
      uint64_t length = 0;
      if (!Varint(&length) || length > message_.size() - at_) return Fail();
      field->bytes = message_.substr(at_, length);
      at_ += length;
      return true;
    }
    case 5:
      field->type = WireField::Type::kFixed32;
      return Fixed(4, &field->value) || Fail();
    default:
      return Fail();
  }
}

}  // namespace frugal
