#include "formats/gguf.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

using Values = std::map<std::string, MetaValue, std::less<>>;

constexpr uint32_t kF32 = 0;
constexpr uint32_t kQ4_0 = 2;
constexpr uint64_t kHuge = uint64_t{1} << 63;

Result<GgufHeader> Parse(const std::string& text, bool metadata_only = false) {
  // The views of a valid result point into the bytes: tests look at values only.
  const ExactBytes bytes(text);
  return ParseGguf(bytes.span(), "m.gguf", metadata_only);
}

void ExpectParseError(const GgufBytes& file, StatusCode code, const std::string& part) {
  SCOPED_TRACE(part);
  ExpectFileError(Parse(file.bytes), code, "m.gguf", part);
}

// One key, two tensors of 64 and 18 bytes.
GgufBytes SmallFile() {
  GgufBytes f;
  f.Head(2, 2).Key("a.b", GgufType::kUint32).Put<uint32_t>(7);
  f.Array("tokens", GgufType::kString, 2).PutString("x").PutString("yz");
  f.Tensor("first", {8, 2}, kF32, 0).Tensor("second", {32}, kQ4_0, 64).Pad();
  for (int i = 0; i < 96; ++i) f.Put(static_cast<uint8_t>(i));
  return f;
}

TEST(GgufTest, EveryValueType) {
  GgufBytes f;
  f.Head(0, 24, /*version=*/2);
  f.Key("u8", GgufType::kUint8).Put<uint8_t>(200);
  f.Key("i8", GgufType::kInt8).Put<int8_t>(-100);
  f.Key("u16", GgufType::kUint16).Put<uint16_t>(60000);
  f.Key("i16", GgufType::kInt16).Put<int16_t>(-30000);
  f.Key("u32", GgufType::kUint32).Put<uint32_t>(4'000'000'000);
  f.Key("i32", GgufType::kInt32).Put<int32_t>(-2'000'000'000);
  f.Key("u64", GgufType::kUint64).Put<uint64_t>(5'000'000'000);
  f.Key("u64_big", GgufType::kUint64).Put<uint64_t>(kHuge);
  f.Key("i64", GgufType::kInt64).Put<int64_t>(std::numeric_limits<int64_t>::min());
  f.Key("f32", GgufType::kFloat32).Put<float>(1e-5f);
  f.Key("f64", GgufType::kFloat64).Put<double>(1e-5);
  f.Key("bool", GgufType::kBool).Put<uint8_t>(1);
  f.Key("string", GgufType::kString).PutString("é\n");
  f.Array("a_u8", GgufType::kUint8, 2).Put<uint8_t>(1).Put<uint8_t>(255);
  f.Array("a_i8", GgufType::kInt8, 1).Put<int8_t>(-1);
  f.Array("a_u16", GgufType::kUint16, 1).Put<uint16_t>(65535);
  f.Array("a_i16", GgufType::kInt16, 1).Put<int16_t>(-1);
  f.Array("a_u32", GgufType::kUint32, 1).Put<uint32_t>(4'000'000'000);
  f.Array("a_i32", GgufType::kInt32, 2).Put<int32_t>(-1).Put<int32_t>(3);
  f.Array("a_u64", GgufType::kUint64, 1).Put<uint64_t>(1);
  f.Array("a_i64", GgufType::kInt64, 0);
  f.Array("a_f32", GgufType::kFloat32, 2).Put<float>(0.1f).Put<float>(2);
  f.Array("a_bool", GgufType::kBool, 2).Put<uint8_t>(0).Put<uint8_t>(1);
  f.Array("a_string", GgufType::kString, 2).PutString("").PutString("\xFF");  // tokens may be bytes
  const auto header = Parse(f.bytes);
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(header->version, 2u);
  EXPECT_EQ(header->alignment, 32u);
  const Values expected = {
      {"u8", int64_t{200}},
      {"i8", int64_t{-100}},
      {"u16", int64_t{60000}},
      {"i16", int64_t{-30000}},
      {"u32", int64_t{4'000'000'000}},
      {"i32", int64_t{-2'000'000'000}},
      {"u64", int64_t{5'000'000'000}},
      {"u64_big", kHuge},
      {"i64", std::numeric_limits<int64_t>::min()},
      {"f32", static_cast<double>(1e-5f)},
      {"f64", 1e-5},
      {"bool", true},
      {"string", std::string("é\n")},
      {"a_u8", std::vector<int64_t>{1, 255}},
      {"a_i8", std::vector<int64_t>{-1}},
      {"a_u16", std::vector<int64_t>{65535}},
      {"a_i16", std::vector<int64_t>{-1}},
      {"a_u32", std::vector<int64_t>{4'000'000'000}},
      {"a_i32", std::vector<int64_t>{-1, 3}},
      {"a_u64", std::vector<int64_t>{1}},
      {"a_i64", std::vector<int64_t>{}},
      {"a_f32", std::vector<double>{0.1f, 2}},
      {"a_bool", std::vector<bool>{false, true}},
      {"a_string", std::vector<std::string>{"", "\xFF"}},
  };
  EXPECT_EQ(header->metadata.values, expected);
}

TEST(GgufTest, TensorsAreTurnedRoundAndPlaced) {
  const std::string text = SmallFile().bytes;
  const ExactBytes bytes(text);
  const auto header = ParseGguf(bytes.span(), "m.gguf");
  ASSERT_TRUE(header.ok()) << header.status().message();
  ASSERT_EQ(header->tensors.size(), 2u);
  const TensorView& first = header->tensors[0].view;
  const TensorView& second = header->tensors[1].view;
  EXPECT_EQ(header->tensors[0].name, "first");
  EXPECT_EQ(first.shape, (Shape{2, 8}));
  EXPECT_EQ(first.dtype, DType::kF32);
  EXPECT_EQ(first.bytes, 64);
  EXPECT_EQ(first.data[63], 63);
  EXPECT_EQ(second.dtype, DType::kQ4_0);
  EXPECT_EQ(second.bytes, 18);
  EXPECT_EQ(second.data[0], 64);
}

TEST(GgufTest, AlignmentKeyIsUsed) {
  GgufBytes f;
  f.Head(1, 1).Key("general.alignment", GgufType::kUint32).Put<uint32_t>(256);
  f.Tensor("t", {1}, kF32, 256).Pad(256);
  f.bytes.resize(f.bytes.size() + 256);
  f.Put<float>(2.5f);
  const ExactBytes bytes(f.bytes);
  const auto header = ParseGguf(bytes.span(), "m.gguf");
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(header->alignment, 256u);
  float value = 0;
  std::memcpy(&value, header->tensors[0].view.data, 4);
  EXPECT_EQ(value, 2.5f);

  for (const uint32_t alignment : {0u, 3u, 48u, 1u << 21, 1u << 31, 0xFFFFFFFFu}) {
    GgufBytes bad;
    bad.Head(0, 1).Key("general.alignment", GgufType::kUint32).Put(alignment);
    ExpectParseError(bad, StatusCode::kCorrupt, "'general.alignment': expected a power of two");
  }
  GgufBytes text;
  text.Head(0, 1).Key("general.alignment", GgufType::kString).PutString("32");
  ExpectParseError(text, StatusCode::kCorrupt, "found a string");
}

TEST(GgufTest, ScalarsAndEmptyTensors) {
  GgufBytes f;
  f.Head(3, 0).Tensor("scalar", {}, kF32, 0).Tensor("none", {0}, kF32, 32);
  f.Tensor("none2", {5, 0}, kF32, 32).Pad().Put<float>(1).Pad();
  const auto header = Parse(f.bytes);
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(header->tensors[0].view.bytes, 4);
  EXPECT_EQ(header->tensors[0].view.shape, Shape{});
  EXPECT_EQ(header->tensors[1].view.bytes, 0);
  EXPECT_EQ(header->tensors[2].view.shape, (Shape{0, 5}));
}

TEST(GgufTest, MetadataOnlyDoesWithoutData) {
  std::string text = SmallFile().bytes;
  text.resize(text.size() - 96);
  EXPECT_FALSE(Parse(text).ok());
  const auto header = Parse(text, /*metadata_only=*/true);
  ASSERT_TRUE(header.ok()) << header.status().message();
  EXPECT_EQ(header->tensors[1].view.shape, Shape{32});
  EXPECT_EQ(header->tensors[1].view.data, nullptr);
}

TEST(GgufTest, MagicAndVersion) {
  GgufBytes f;
  f.bytes = "GGML----------------------";
  ExpectParseError(f, StatusCode::kCorrupt, "found 'GGML'");
  f.bytes =
      "\x7F"
      "ELF";
  ExpectParseError(f, StatusCode::kCorrupt, "\\x7FELF");
  for (const uint32_t version : {0u, 1u, 4u, 0xFFFFFFFFu}) {
    ExpectParseError(GgufBytes().Head(0, 0, version), StatusCode::kUnsupported,
                     "version: expected 2 or 3");
  }
  ExpectParseError(GgufBytes().Head(0, 0, 0x03000000), StatusCode::kUnsupported, "big-endian");
}

TEST(GgufTest, HugeCountsAreRefusedBeforeAllocation) {
  for (const uint64_t count : {uint64_t{100}, uint64_t{1} << 40, kHuge, ~uint64_t{0}}) {
    ExpectParseError(GgufBytes().Head(0, count), StatusCode::kCorrupt, "metadata key count");
    ExpectParseError(GgufBytes().Head(count, 0), StatusCode::kCorrupt, "tensor count");
    for (uint32_t type = 0; type <= 12; ++type) {
      if (type == 9) continue;
      ExpectParseError(GgufBytes().Head(0, 1).Array("k", static_cast<GgufType>(type), count),
                       StatusCode::kCorrupt, "value of key 'k': array elements");
    }
    GgufBytes key;
    key.Head(0, 1).Put(count).bytes += "abcdefghijklmnop";
    ExpectParseError(key, StatusCode::kCorrupt, "metadata key 1 of 1");
    ExpectParseError(GgufBytes().Head(0, 1).Key("k", GgufType::kString).Put(count),
                     StatusCode::kCorrupt, "value of key 'k'");
    ExpectParseError(
        GgufBytes().Head(0, 1).Array("k", GgufType::kString, 2).PutString("a").Put(count),
        StatusCode::kCorrupt, "value of key 'k', element 1");
  }
}

TEST(GgufTest, BadKeys) {
  GgufBytes f;
  f.Head(0, 2).Key("k", GgufType::kBool).Put<uint8_t>(1).Key("k", GgufType::kBool).Put<uint8_t>(1);
  ExpectParseError(f, StatusCode::kCorrupt, "metadata key 2 of 2: key 'k' is given twice");
  ExpectParseError(GgufBytes().Head(0, 1).Key("k\xFFz", GgufType::kBool).Put<uint8_t>(1),
                   StatusCode::kCorrupt, "'k\\xFFz' is not UTF-8");
  ExpectParseError(
      GgufBytes().Head(0, 1).Key(std::string(65536, 'k'), GgufType::kBool).Put<uint8_t>(1),
      StatusCode::kCorrupt, "65536 bytes");
  ExpectParseError(GgufBytes().Head(0, 1).Key("k", GgufType::kBool).Put<uint8_t>(2),
                   StatusCode::kCorrupt, "expected a boolean of 0 or 1, found 2");
  ExpectParseError(GgufBytes().Head(0, 1).Array("k", GgufType::kBool, 1).Put<uint8_t>(9),
                   StatusCode::kCorrupt, "found 9");
  ExpectParseError(GgufBytes().Head(0, 1).Key("k", static_cast<GgufType>(13)).Put<uint64_t>(0),
                   StatusCode::kCorrupt, "unknown value type 13");
  ExpectParseError(GgufBytes().Head(0, 1).Array("k", static_cast<GgufType>(99), 0),
                   StatusCode::kCorrupt, "unknown value type 99");
  ExpectParseError(GgufBytes().Head(0, 1).Array("k", GgufType::kArray, 1).Put<uint64_t>(0),
                   StatusCode::kUnsupported, "'k': arrays of arrays");
  ExpectParseError(GgufBytes().Head(0, 1).Array("k", GgufType::kUint64, 1).Put(kHuge),
                   StatusCode::kUnsupported, "'k'");
}

TEST(GgufTest, BadTensors) {
  const auto one = [](std::vector<uint64_t> dims, uint32_t type, uint64_t offset = 0) {
    GgufBytes f;
    f.Head(1, 0).Tensor("t\x01", std::move(dims), type, offset).Pad();
    f.bytes.resize(f.bytes.size() + 128);
    return f;
  };
  EXPECT_TRUE(Parse(one({32}, kF32).bytes).ok());
  ExpectParseError(one({1, 1, 1, 1, 1}, kF32), StatusCode::kCorrupt,
                   "'t\\x01': expected at most 4 dimensions, found 5");
  ExpectParseError(one({kHuge}, kF32), StatusCode::kCorrupt, "dimension 0 is 9223372036854775808");
  ExpectParseError(one({~uint64_t{0}}, kF32), StatusCode::kCorrupt, "dimension 0");
  ExpectParseError(one({kHuge - 1}, kF32), StatusCode::kCorrupt, "overflows");
  ExpectParseError(one({1u << 31, 1u << 31, 1u << 31}, kF32), StatusCode::kCorrupt, "overflows");
  ExpectParseError(one({kHuge >> 1, 0}, kF32), StatusCode::kCorrupt, "overflows");
  ExpectParseError(one({33}, kQ4_0), StatusCode::kCorrupt, "a multiple of 32 elements");
  ExpectParseError(one({}, kQ4_0), StatusCode::kCorrupt, "a multiple of 32 elements");
  ExpectParseError(one({33}, kF32), StatusCode::kCorrupt, "132 bytes at offset 0 reach past");
  ExpectParseError(one({32}, kF32, 32), StatusCode::kCorrupt, "reach past");
  ExpectParseError(one({32}, kF32, ~uint64_t{31}), StatusCode::kCorrupt, "reach past");
  ExpectParseError(one({0}, kF32, 160), StatusCode::kCorrupt, "reach past");
  ExpectParseError(one({8}, kF32, 8), StatusCode::kCorrupt, "not a multiple of the alignment 32");
  ExpectParseError(one({32}, 4), StatusCode::kUnsupported, "unknown tensor type 4");
  ExpectParseError(one({32}, 31), StatusCode::kUnsupported, "type 31 (a repacked format");
  ExpectParseError(one({32}, 9999), StatusCode::kUnsupported, "9999");
  // Numbers that our enum uses for safetensors are not GGUF's.
  ExpectParseError(one({32}, 101), StatusCode::kUnsupported, "unknown tensor type 101");
  ExpectParseError(one({32}, 0xFFFFFFFF), StatusCode::kUnsupported, "4294967295");

  const auto two = [](const char* name, uint64_t offset) {
    GgufBytes f;
    f.Head(2, 0).Tensor("t", {32}, kF32, 32).Tensor(name, {16}, kF32, offset).Pad();
    f.bytes.resize(f.bytes.size() + 256);
    return f;
  };
  EXPECT_TRUE(Parse(two("u", 160).bytes).ok());
  ExpectParseError(two("t", 160), StatusCode::kCorrupt, "tensor 2 of 2: tensor 't' is given twice");
  ExpectParseError(two("u\xC0", 160), StatusCode::kCorrupt, "'u\\xC0' is not UTF-8");
  for (const uint64_t offset : {0, 32, 64, 128}) {
    ExpectParseError(two("u", offset), StatusCode::kCorrupt, "overlap");
  }
}

TEST(GgufTest, TruncationAtEveryByteNamesAField) {
  const std::string whole = SmallFile().bytes;
  ASSERT_TRUE(Parse(whole).ok());
  // The second tensor ends 14 bytes before the file's padding does.
  for (size_t length = 0; length < whole.size() - 14; ++length) {
    SCOPED_TRACE(length);
    const auto header = Parse(whole.substr(0, length));
    ExpectFileError(header, StatusCode::kCorrupt, "m.gguf", "truncated?");
  }
}

// Any change of one header byte gives a valid result or an error that names the file.
TEST(GgufTest, FlippedHeaderBitsNeverCrash) {
  const std::string whole = SmallFile().bytes;
  const size_t header_end = whole.size() - 96;
  int errors = 0;
  for (size_t i = 0; i < header_end; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string text = whole;
      text[i] ^= static_cast<char>(1 << bit);
      if (!ExpectValidOrNamed(Parse(text), "m.gguf")) ++errors;
    }
    for (const char byte : {'\x00', '\x7F', '\x80', '\xFF'}) {
      std::string text = whole;
      text[i] = byte;
      ExpectValidOrNamed(Parse(text), "m.gguf");
    }
  }
  EXPECT_GT(errors, 500);
}

// Every aligned or unaligned 8-byte field replaced by sizes that overflow something.
TEST(GgufTest, ExtremeSizesNeverCrash) {
  const std::string whole = SmallFile().bytes;
  for (const uint64_t value : {uint64_t{0}, uint64_t{1} << 31, uint64_t{1} << 32, kHuge - 1, kHuge,
                               kHuge + 1, ~uint64_t{0} - 31, ~uint64_t{0}}) {
    for (size_t i = 0; i + 8 <= whole.size() - 96; ++i) {
      std::string text = whole;
      std::memcpy(text.data() + i, &value, 8);
      ExpectValidOrNamed(Parse(text), "m.gguf");
    }
  }
}

std::string Part(int number, int count, int total, const std::string& tensors_from) {
  GgufBytes f;
  f.Head(2, 4).Key("split.no", GgufType::kUint16).Put<uint16_t>(number);
  f.Key("split.count", GgufType::kUint16).Put<uint16_t>(count);
  f.Key("split.tensors.count", GgufType::kInt32).Put<int32_t>(total);
  f.Key("general.architecture", GgufType::kString).PutString(fmt::format("llama{}", number));
  f.Tensor(tensors_from + ".a", {1}, kF32, 0).Tensor(tensors_from + ".b", {1}, kF32, 32).Pad();
  f.Put(static_cast<float>(number)).Pad().Put(static_cast<float>(number)).Pad();
  return f.bytes;
}

TEST(GgufSplitTest, JoinsAllParts) {
  const TempDir dir;
  const std::string path = dir.Write("m-00001-of-00003.gguf", Part(0, 3, 6, "x"));
  dir.Write("m-00002-of-00003.gguf", Part(1, 3, 6, "y"));
  dir.Write("m-00003-of-00003.gguf", Part(2, 3, 6, "z"));
  const auto checkpoint = OpenGguf(path, {});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->path, path);
  EXPECT_EQ(checkpoint->container, Container::kGguf);
  EXPECT_EQ(checkpoint->metadata.values, (Values{{"general.architecture", std::string("llama0")}}));
  EXPECT_EQ(checkpoint->tensors.files.size(), 3u);
  EXPECT_EQ(checkpoint->tensors.tensors.size(), 6u);
  const NamedTensor* tensor = checkpoint->tensors.Find("z.b");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->file, 2);
  float value = 0;
  std::memcpy(&value, tensor->view.data, 4);
  EXPECT_EQ(value, 2.0f);
  EXPECT_EQ(checkpoint->tensors.Find("w.a"), nullptr);
}

TEST(GgufSplitTest, Errors) {
  const TempDir dir;
  const std::string first = dir.Write("m-00001-of-00002.gguf", Part(0, 2, 4, "x"));
  const std::string second = dir.Path("m-00002-of-00002.gguf");
  ExpectFileError(OpenGguf(first, {}), StatusCode::kNotFound, first,
                  "part 2 of 2 is missing: " + second);
  EXPECT_TRUE(OpenGguf(first, {.metadata_only = true}).ok());

  dir.Write("m-00002-of-00002.gguf", Part(1, 2, 4, "y"));
  EXPECT_TRUE(OpenGguf(first, {}).ok());
  ExpectFileError(OpenGguf(second, {}), StatusCode::kInvalidArgument, second,
                  "part 2 of 2; open the first");
  dir.Write("m-00002-of-00002.gguf", Part(1, 2, 4, "x"));
  ExpectFileError(OpenGguf(first, {}), StatusCode::kCorrupt, second, "tensor 'x.a' is in");
  dir.Write("m-00002-of-00002.gguf", Part(0, 2, 4, "y"));
  ExpectFileError(OpenGguf(first, {}), StatusCode::kCorrupt, second, "found part 1 of 2");
  dir.Write("m-00002-of-00002.gguf", Part(1, 3, 4, "y"));
  ExpectFileError(OpenGguf(first, {}), StatusCode::kCorrupt, second, "found part 2 of 3");
  dir.Write("m-00002-of-00002.gguf", Part(1, 2, 4, "y").substr(0, 100));
  ExpectFileError(OpenGguf(first, {}), StatusCode::kCorrupt, second, "truncated");

  dir.Write("m-00002-of-00002.gguf", Part(1, 2, 4, "y"));
  dir.Write("m-00001-of-00002.gguf", Part(0, 2, 5, "x"));
  ExpectFileError(OpenGguf(first, {}), StatusCode::kCorrupt, first,
                  "'split.tensors.count': expected 5 tensors in 2 parts, found 4");
  const std::string renamed = dir.Write("renamed.gguf", Part(0, 2, 4, "x"));
  ExpectFileError(OpenGguf(renamed, {}), StatusCode::kNotFound, renamed,
                  "does not end in '-00001-of-00002.gguf'");
  const std::string beyond = dir.Write("beyond.gguf", Part(7, 2, 4, "x"));
  ExpectFileError(OpenGguf(beyond, {}), StatusCode::kCorrupt, beyond, "'split.no'");
}

TEST(GgufSplitTest, OnePartIsOneFile) {
  const TempDir dir;
  for (const int count : {0, 1}) {
    const std::string path = dir.Write("whole.gguf", Part(0, count, 2, "x"));
    const auto checkpoint = OpenGguf(path, {});
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_EQ(checkpoint->tensors.tensors.size(), 2u);
    EXPECT_FALSE(checkpoint->metadata.Has("split.count"));
  }
}

TEST(GgufTest, PublishedFile) {
  SKIP_WITHOUT_SHARED("models/stories260K-f32.gguf");
  const auto checkpoint = OpenGguf(Shared("models/stories260K-f32.gguf"), {});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(*checkpoint->metadata.GetString("general.architecture"), "llama");
  EXPECT_EQ(*checkpoint->metadata.GetInt("llama.block_count"), 5);
  EXPECT_EQ(checkpoint->metadata.GetStrings("tokenizer.ggml.tokens")->size(), 512u);
  const NamedTensor* embedding = checkpoint->tensors.Find("token_embd.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_EQ(embedding->view.shape, (Shape{512, 64}));
}

TEST(GgufTest, PublishedVocabulary) {
  SKIP_WITHOUT_SHARED("data/tokenizers/deepseek-llm/ggml-vocab-deepseek-llm.gguf");
  const std::string path = Shared("data/tokenizers/deepseek-llm/ggml-vocab-deepseek-llm.gguf");
  const auto checkpoint = OpenGguf(path, {.metadata_only = true});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->tensors.tensors.empty());
  EXPECT_EQ(checkpoint->metadata.GetStrings("tokenizer.ggml.tokens")->size(), 102400u);
  EXPECT_EQ(checkpoint->metadata.GetInts("tokenizer.ggml.token_type")->size(), 102400u);
}

}  // namespace
}  // namespace frugal
