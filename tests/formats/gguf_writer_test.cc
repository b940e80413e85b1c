#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "formats/gguf.h"
#include "tests/formats/file_size_limit.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

std::vector<uint8_t> Bytes(size_t n, int seed) {
  std::vector<uint8_t> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i * 31 + seed);
  return bytes;
}

Metadata AllTypes() {
  Metadata m;
  m.values = {
      {"bool", true},
      {"zero", int64_t{0}},
      {"u32", int64_t{4'294'967'295}},
      {"above_u32", int64_t{4'294'967'296}},
      {"negative", int64_t{-5}},
      {"min", std::numeric_limits<int64_t>::min()},
      {"max", std::numeric_limits<int64_t>::max()},
      {"u64", std::numeric_limits<uint64_t>::max()},
      {"f32", static_cast<double>(1e-5f)},
      {"f64", 1e-5},
      {"f64_big", 1e300},
      {"inf", -std::numeric_limits<double>::infinity()},
      {"string", std::string("é\0z", 4)},
      {"empty", std::string()},
      {"bools", std::vector<bool>{true, false, true}},
      {"u8s", std::vector<int64_t>{0, 255}},
      {"i32s", std::vector<int64_t>{-1, 2'147'483'647}},
      {"i64s", std::vector<int64_t>{-1, 2'147'483'648}},
      {"f32s", std::vector<double>{0.1f, -2.5}},
      {"f64s", std::vector<double>{0.1, -2.5}},
      {"strings", std::vector<std::string>{"", "\xFF", "▁the"}},
      {"no_ints", std::vector<int64_t>{}},
      {"no_bools", std::vector<bool>{}},
      {"no_floats", std::vector<double>{}},
      {"no_strings", std::vector<std::string>{}},
  };
  return m;
}

TEST(GgufWriterTest, WhatIsWrittenIsReadBack) {
  const TempDir dir;
  const Metadata metadata = AllTypes();
  std::vector<std::vector<uint8_t>> storage;
  std::vector<NamedTensor> tensors;
  for (int value = 0; value < 64; ++value) {  // every GGUF type
    const DTypeInfo* info = FindDType(static_cast<DType>(value));
    if (info == nullptr) continue;
    storage.push_back(Bytes(3 * info->block_bytes, value));
    tensors.push_back(
        MakeTensor(info->name, info->dtype, Shape{3, info->block_size}, storage.back()));
  }
  ASSERT_GE(tensors.size(), 29u);
  storage.push_back(Bytes(2 * 3 * 5 * 7 * 4, 1));
  tensors.push_back(MakeTensor("four dims", DType::kF32, {2, 3, 5, 7}, storage.back()));
  storage.push_back(Bytes(4, 2));
  tensors.push_back(MakeTensor("scalar", DType::kF32, {}, storage.back()));
  storage.emplace_back();
  tensors.push_back(MakeTensor("nothing", DType::kF16, {0, 8}, storage.back()));

  for (const uint32_t alignment : {1u, 8u, 32u, 4096u}) {
    SCOPED_TRACE(alignment);
    ASSERT_TRUE(WriteGguf(dir.Path("f.gguf"), metadata, tensors, alignment).ok());
    const auto first = OpenGguf(dir.Path("f.gguf"), {});
    ASSERT_TRUE(first.ok()) << first.status().message();
    Metadata expected = metadata;
    if (alignment != 32) expected.values["general.alignment"] = int64_t{alignment};
    EXPECT_EQ(first->metadata.values, expected.values);
    ExpectSameTensors(first->tensors.tensors, tensors);
    for (const NamedTensor& tensor : first->tensors.tensors) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.view.data) % alignment, 0u);
    }
    // And again, from what was read: the same file.
    ASSERT_TRUE(
        WriteGguf(dir.Path("g.gguf"), first->metadata, first->tensors.tensors, alignment).ok());
    EXPECT_TRUE(dir.Read("f.gguf") == dir.Read("g.gguf"));
  }
}

TEST(GgufWriterTest, NanSurvives) {
  const TempDir dir;
  Metadata m;
  m.values = {{"nan", std::numeric_limits<double>::quiet_NaN()}};
  ASSERT_TRUE(WriteGguf(dir.Path("f"), m, {}).ok());
  const auto read = OpenGguf(dir.Path("f"), {});
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(std::isnan(*read->metadata.GetDouble("nan")));
}

TEST(GgufWriterTest, Refusals) {
  const TempDir dir;
  const std::string path = dir.Path("f.gguf");
  const std::vector<uint8_t> bytes = Bytes(64, 0);
  const NamedTensor good = MakeTensor("t", DType::kF32, {16}, bytes);
  ASSERT_TRUE(WriteGguf(path, {}, {good}).ok());
  const std::string before = dir.Read("f.gguf");
  const auto refuse = [&](const Metadata& metadata, const std::vector<NamedTensor>& tensors,
                          const std::string& part, uint32_t alignment = 32) {
    const Result<int> result = WriteGguf(path, metadata, tensors, alignment);
    ExpectFileError(result, StatusCode::kInvalidArgument, path, part);
    EXPECT_EQ(dir.Read("f.gguf"), before);
  };
  const auto with = [](const std::string& key, MetaValue value) {
    Metadata m;
    m.values[key] = std::move(value);
    return m;
  };
  refuse(with("k", MetaNull()), {}, "'k' is null");
  refuse(with("k\xFF", true), {}, "not UTF-8");
  refuse(with(std::string(65536, 'k'), true), {}, "at most 65535 bytes");
  refuse(with("general.alignment", int64_t{64}), {}, "'general.alignment' differs");
  refuse({}, {}, "alignment 0", 0);
  refuse({}, {}, "alignment 48", 48);
  refuse({}, {good, good}, "'t' is given twice");
  refuse({}, {MakeTensor("\xC0", DType::kF32, {16}, bytes)}, "'\\xC0' is not UTF-8");
  refuse({}, {MakeTensor("t", DType::kU8, {64}, bytes)}, "GGUF has no type U8");
  refuse({}, {MakeTensor("t", static_cast<DType>(77), {64}, bytes)}, "GGUF has no type 77");
  refuse({}, {MakeTensor("t", DType::kF32, {1, 1, 1, 1, 16}, bytes)}, "at most 4 dimensions");
  refuse({}, {MakeTensor("t", DType::kF32, {15}, bytes)}, "64 bytes do not make F32 of shape (15)");
  refuse({}, {MakeTensor("t", DType::kF32, {-16}, bytes)}, "do not make");
  refuse({}, {MakeTensor("t", DType::kQ4_0, {33}, bytes)}, "do not make Q4_0");
  NamedTensor null = good;
  null.view.data = nullptr;
  refuse({}, {null}, "do not make");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"f.gguf"});
}

TEST(GgufWriterTest, FullDiskLeavesTheOldFile) {
  const TempDir dir;
  const std::string path = dir.Write("f.gguf", "old");
  const std::vector<uint8_t> bytes = Bytes(4 << 20, 0);
  const NamedTensor tensor = MakeTensor("t", DType::kI8, {4 << 20}, bytes);
  {
    const FileSizeLimit limit(1'000'000);
    const Result<int> result = WriteGguf(path, {}, {tensor});
    ExpectFileError(result, StatusCode::kResourceExhausted, path, "free some space");
  }
  EXPECT_EQ(dir.Read("f.gguf"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"f.gguf"});
}

// What is written tensor by tensor, in any pieces, is what WriteGguf writes.
TEST(GgufWriterTest, TensorByTensor) {
  const TempDir dir;
  const std::vector<uint8_t> first = Bytes(40, 1), second = Bytes(18, 2);
  const std::vector<NamedTensor> tensors = {MakeTensor("a", DType::kI8, {40}, first),
                                            MakeTensor("none", DType::kF32, {0}, {}),
                                            MakeTensor("b", DType::kQ4_0, {32}, second)};
  ASSERT_TRUE(WriteGguf(dir.Path("whole"), AllTypes(), tensors, 64).ok());
  std::vector<GgufTensor> header;
  for (const NamedTensor& t : tensors) header.push_back({t.name, t.view.dtype, t.view.shape});
  Result<GgufWriter> writer = GgufWriter::Create(dir.Path("parts"), AllTypes(), header, 64);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  for (const uint8_t& byte : first) ASSERT_TRUE(writer->Write({&byte, 1}).ok());
  ASSERT_TRUE(writer->Write({}).ok());
  ASSERT_TRUE(writer->Write(second).ok());
  EXPECT_FALSE(std::filesystem::exists(dir.Path("parts")));
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_EQ(dir.Read("parts"), dir.Read("whole"));
}

TEST(GgufWriterTest, MissingFolder) {
  const std::vector<uint8_t> none;
  const Result<int> result = WriteGguf("/nonexistent/f.gguf", {}, {});
  ExpectFileError(result, StatusCode::kNotFound, "/nonexistent/f.gguf", "cannot create");
}

TEST(GgufWriterTest, FileBytesAreKnownBefore) {
  const TempDir dir;
  Metadata metadata;
  metadata.values["general.architecture"] = std::string("llama");
  metadata.values["some.list"] = std::vector<int64_t>{1, 2, 3};
  const std::vector<GgufTensor> tensors = {{"a", DType::kF32, {3}}, {"b", DType::kQ8_0, {2, 64}}};
  const auto bytes = GgufFileBytes("f", metadata, tensors);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  auto writer = GgufWriter::Create(dir.Path("f"), metadata, tensors);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  ASSERT_TRUE(writer->Write(std::vector<uint8_t>(12)).ok());
  ASSERT_TRUE(writer->Write(std::vector<uint8_t>(2 * 68)).ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_EQ(static_cast<int64_t>(dir.Read("f").size()), *bytes);
  EXPECT_FALSE(GgufFileBytes("f", metadata, {{"a", DType::kQ8_0, {3}}}).ok());
}

// Published files survive read → write → read.
TEST(GgufWriterTest, PublishedFiles) {
  const std::string names[] = {
      "models/stories260K-f32.gguf",
      "data/tokenizers/bert-bge/ggml-vocab-bert-bge.gguf",
      "data/tokenizers/deepseek-llm/ggml-vocab-deepseek-llm.gguf",
      "data/tokenizers/falcon/ggml-vocab-falcon.gguf",
      "data/tokenizers/gpt-2/ggml-vocab-gpt-2.gguf",
      "data/tokenizers/llama-spm/ggml-vocab-llama-spm.gguf",
      "data/tokenizers/refact/ggml-vocab-refact.gguf",
      "data/tokenizers/starcoder/ggml-vocab-starcoder.gguf",
  };
  const TempDir dir;
  for (const std::string& name : names) {
    SKIP_WITHOUT_SHARED(name);
    SCOPED_TRACE(name);
    const auto first = OpenGguf(Shared(name), {});
    ASSERT_TRUE(first.ok()) << first.status().message();
    EXPECT_FALSE(first->metadata.values.empty());
    ASSERT_TRUE(WriteGguf(dir.Path("f"), first->metadata, first->tensors.tensors).ok());
    const auto second = OpenGguf(dir.Path("f"), {});
    ASSERT_TRUE(second.ok()) << second.status().message();
    EXPECT_TRUE(second->metadata.values == first->metadata.values);
    ExpectSameTensors(second->tensors.tensors, first->tensors.tensors);
  }
}

}  // namespace
}  // namespace frugal
