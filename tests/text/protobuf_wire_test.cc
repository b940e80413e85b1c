#include "text/protobuf_wire.h"

#include <gtest/gtest.h>

#include <string>

namespace frugal {
namespace {

TEST(WireReader, ReadsEveryType) {
  // 1: 300, 2: "abc", 3: fixed32 1.5f, 4: fixed64 −1
  const std::string message(
      "\x08\xAC\x02\x12\x03"
      "abc\x1D\x00\x00\xC0\x3F\x21\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
      22);
  WireReader reader(message);
  WireField field;
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.value, 300u);
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.type, WireField::Type::kBytes);
  EXPECT_EQ(field.bytes, "abc");
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.type, WireField::Type::kFixed32);
  EXPECT_EQ(field.value, 0x3FC00000u);
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.value, UINT64_MAX);
  EXPECT_FALSE(reader.Next(&field));
  EXPECT_TRUE(reader.ok());
}

TEST(WireReader, BrokenMessages) {
  const std::string broken[] = {
      std::string("\x08", 1),  // no value
      std::string("\x12\x05"
                  "abc",
                  5),                                                       // too long
      std::string("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11),      // length 2^64 − 1
      std::string("\x1D\x00\x00", 3),                                       // half a fixed32
      std::string("\x00\x00", 2),                                           // field 0
      std::string("\x0B\x0C", 2),                                           // a group
      std::string("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 12),  // endless varint
  };
  for (const std::string& message : broken) {
    WireReader reader(message);
    WireField field;
    while (reader.Next(&field)) {
    }
    EXPECT_FALSE(reader.ok());
    EXPECT_FALSE(reader.Next(&field));
  }
}

}  // namespace
}  // namespace frugal
