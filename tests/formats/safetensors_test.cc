#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

constexpr const char* kSmall =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},)"
    R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}   )";
constexpr const char* kSmallData = "0123456789abcdefghij";

Result<SafetensorsHeader> Parse(const std::string& text) {
  const ExactBytes bytes(text);
  return ParseSafetensors(bytes.span(), "m.safetensors");
}

Result<SafetensorsHeader> Parse(const std::string& header, size_t data_bytes) {
  return Parse(SafetensorsBytes(header, std::string(data_bytes, 'x')));
}

TEST(SafetensorsTest, ReadsTensorsInFileOrder) {
  const ExactBytes bytes(SafetensorsBytes(kSmall, kSmallData));
  const auto header = ParseSafetensors(bytes.span(), "m.safetensors");
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(*header->metadata.GetString("format"), "pt");
  ASSERT_EQ(header->tensors.size(), 2u);
  const NamedTensor& a = header->tensors[0];
  const NamedTensor& b = header->tensors[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.view.dtype, DType::kBF16);
  EXPECT_EQ(a.view.shape, Shape{2});
  EXPECT_EQ(a.view.bytes, 4);
  EXPECT_EQ(b.view.shape, (Shape{2, 2}));
  EXPECT_EQ(std::string(b.view.data, b.view.data + b.view.bytes), "456789abcdefghij");
}

TEST(SafetensorsTest, EveryDtype) {
  for (const char* dtype : {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32",
                            "U16", "U8", "BOOL", "F8_E4M3", "F8_E5M2"}) {
    const DTypeInfo* info = FindDType(dtype);
    ASSERT_NE(info, nullptr) << dtype;
    const int bytes = 3 * info->block_bytes;
    const auto header = Parse(
        fmt::format(R"({{"t":{{"dtype":"{}","shape":[3],"data_offsets":[0,{}]}}}})", dtype, bytes),
        bytes);
    ASSERT_TRUE(header.ok()) << header.status().message();
    EXPECT_EQ(header->tensors[0].view.dtype, info->dtype);
  }
}

TEST(SafetensorsTest, EmptyThings) {
  EXPECT_TRUE(Parse("{}", 0).ok());
  const auto header = Parse(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                            R"("z":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]},)"
                            R"("y":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
                            4);
  ASSERT_TRUE(header.ok()) << header.status().message();
  ASSERT_EQ(header->tensors.size(), 3u);
  EXPECT_EQ(header->tensors[0].name, "y");
  EXPECT_EQ(header->tensors[1].name, "s");
}

TEST(SafetensorsTest, HeaderRules) {
  const std::string file = "m.safetensors";
  const auto corrupt = [&](const Result<SafetensorsHeader>& result, const std::string& part) {
    ExpectFileError(result, StatusCode::kCorrupt, file, part);
  };
  corrupt(Parse(""), "header length: expected 8 bytes, found 0");
  corrupt(Parse("1234567"), "found 7");
  for (const uint64_t length : {uint64_t{100'000'001}, uint64_t{1} << 63, ~uint64_t{0}}) {
    corrupt(Parse(GgufBytes().Put(length).bytes + "{}"), "header length: expected at most");
  }
  corrupt(Parse(GgufBytes().Put<uint64_t>(3).bytes + "{}"), "header: expected 3 bytes, found 2");
  corrupt(Parse("", 0), "expected '{'");
  corrupt(Parse(" {}", 0), "expected '{' first, found ' '");
  corrupt(Parse("[]", 0), "found '['");
  corrupt(Parse("{}x", 0), "header: line 1, column 3");
  corrupt(Parse("{\"a\":", 0), "header: line 1");
  corrupt(Parse("{\"\xFF\":1}", 0), "UTF-8");
  corrupt(Parse("{}", 1), "the tensors take 0 bytes, the file has 1");
  corrupt(Parse(R"({"t":1})", 0), "tensor 't': expected an object, found number");
  corrupt(Parse(R"({"__metadata__":1})", 0), "__metadata__: expected an object");
  corrupt(Parse(R"({"__metadata__":{"a":1}})", 0), "key 'a': expected a string");
  std::string deep = "{\"t\":";
  for (int i = 0; i < 1'000'000; ++i) deep += '[';
  corrupt(Parse(deep, 0), "deeper");
  corrupt(Parse(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                R"("t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                2),
          "duplicate key 't'");
}

TEST(SafetensorsTest, TensorRules) {
  const std::string file = "m.safetensors";
  const auto one = [](const std::string& fields) { return Parse("{\"t\":{" + fields + "}}", 8); };
  const auto corrupt = [&](const std::string& fields, const std::string& part) {
    SCOPED_TRACE(fields);
    ExpectFileError(one(fields), StatusCode::kCorrupt, file, part);
    ExpectFileError(one(fields), StatusCode::kCorrupt, file, "tensor 't'");
  };
  EXPECT_TRUE(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])").ok());
  corrupt(R"("shape":[2],"data_offsets":[0,8])", "found no dtype");
  corrupt(R"("dtype":"F32","data_offsets":[0,8])", "found no shape");
  corrupt(R"("dtype":"F32","shape":[2])", "found no data_offsets");
  corrupt(R"("dtype":1,"shape":[2],"data_offsets":[0,8])", "dtype: expected a string");
  for (const char* shape :
       {"2", "[-2]", "[2.0]", "[\"2\"]", "[9223372036854775808]", "[1e30]", "[[2]]", "[null]"}) {
    corrupt(fmt::format(R"("dtype":"F32","shape":{},"data_offsets":[0,8])", shape), "shape: ");
  }
  for (const char* offsets :
       {"0", "[0]", "[0,8,8]", "[8,0]", "[-8,0]", "[0,8.0]", "[0,18446744073709551615]", "{}"}) {
    corrupt(fmt::format(R"("dtype":"F32","shape":[2],"data_offsets":{})", offsets),
            "data_offsets: ");
  }
  corrupt(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])", "takes 12 bytes");
  corrupt(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])", "overflows");
  corrupt(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8])", "overflows");
  corrupt(R"("dtype":"F32","shape":[2],"data_offsets":[4,12])", "expected to begin at 0");
  corrupt(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])", "end 12 is past");
  corrupt(R"("dtype":"I8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807])",
          "is past");
  for (const char* dtype : {"F4", "F8_E8M0", "C64", "f32", "", "Q4_K"}) {
    ExpectFileError(one(fmt::format(R"("dtype":"{}","shape":[2],"data_offsets":[0,8])", dtype)),
                    StatusCode::kUnsupported, file, fmt::format("dtype '{}'", dtype));
  }
  ExpectFileError(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1)"),
                  StatusCode::kUnsupported, file, "unknown field 'x'");
}

TEST(SafetensorsTest, OverlapsAndHoles) {
  const auto two = [](int begin) {
    return Parse(fmt::format(R"({{"t":{{"dtype":"U8","shape":[4],"data_offsets":[0,4]}},)"
                             R"("u":{{"dtype":"U8","shape":[4],"data_offsets":[{},{}]}}}})",
                             begin, begin + 4),
                 8);
  };
  EXPECT_TRUE(two(4).ok());
  for (const int begin : {0, 1, 3, 5}) {
    ExpectFileError(two(begin), StatusCode::kCorrupt, "m.safetensors", "where the tensor before");
  }
}

TEST(SafetensorsTest, TruncationAtEveryByte) {
  const std::string whole = SafetensorsBytes(kSmall, kSmallData);
  ASSERT_TRUE(Parse(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    ExpectFileError(Parse(whole.substr(0, length)), StatusCode::kCorrupt, "m.safetensors",
                    "truncated?");
  }
}

TEST(SafetensorsTest, ChangedHeaderBytesNeverCrash) {
  const std::string whole = SafetensorsBytes(kSmall, kSmallData);
  int errors = 0;
  for (size_t i = 0; i < whole.size() - std::string(kSmallData).size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string text = whole;
      text[i] ^= static_cast<char>(1 << bit);
      if (!ExpectValidOrNamed(Parse(text), "m.safetensors")) ++errors;
    }
    for (const char byte : {'\0', '9', '{', ']', '"', '\\', '\x80', '\xFF'}) {
      std::string text = whole;
      text[i] = byte;
      ExpectValidOrNamed(Parse(text), "m.safetensors");
    }
  }
  EXPECT_GT(errors, 500);
}

}  // namespace
}  // namespace frugal
