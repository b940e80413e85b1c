#include <gtest/gtest.h>

#include "formats/safetensors.h"
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

// The file's mapping and what its header says.
struct ReadBack {
  MappedFile file;
  SafetensorsHeader header;
};

Result<ReadBack> Read(const std::string& path) {
  ReadBack read;
  ASSIGN_OR_RETURN(read.file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(read.header, ParseSafetensors(read.file.bytes(), path));
  return read;
}

TEST(SafetensorsWriterTest, WhatIsWrittenIsReadBack) {
  const TempDir dir;
  Metadata metadata;
  metadata.values = {{"format", std::string("pt")}, {"quoted\"\n", std::string("é\\\t\"")}};
  std::vector<std::vector<uint8_t>> storage;
  std::vector<NamedTensor> tensors;
  for (int value = 0; value < 128; ++value) {
    const DTypeInfo* info = FindDType(static_cast<DType>(value));
    if (info == nullptr || !info->in_safetensors) continue;
    storage.push_back(Bytes(15 * info->block_bytes, value));
    tensors.push_back(MakeTensor(info->name, info->dtype, {3, 5}, storage.back()));
  }
  ASSERT_EQ(tensors.size(), 15u);
  storage.push_back(Bytes(64, 3));
  tensors.push_back(MakeTensor("six \"dims\"\n", DType::kU8, {2, 2, 2, 2, 2, 2}, storage.back()));
  storage.push_back(Bytes(4, 4));
  tensors.push_back(MakeTensor("", DType::kF32, {}, storage.back()));
  storage.emplace_back();
  tensors.push_back(MakeTensor("nothing", DType::kF32, {4, 0}, storage.back()));

  ASSERT_TRUE(WriteSafetensors(dir.Path("f"), metadata, tensors).ok());
  const auto first = Read(dir.Path("f"));
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_EQ(first->header.metadata.values, metadata.values);
  ExpectSameTensors(first->header.tensors, tensors);
  const uintptr_t data = reinterpret_cast<uintptr_t>(first->header.tensors[0].view.data);
  EXPECT_EQ(data % 8, 0u);

  ASSERT_TRUE(WriteSafetensors(dir.Path("g"), first->header.metadata, first->header.tensors).ok());
  EXPECT_TRUE(dir.Read("f") == dir.Read("g"));
}

TEST(SafetensorsWriterTest, NothingAtAll) {
  const TempDir dir;
  ASSERT_TRUE(WriteSafetensors(dir.Path("f"), {}, {}).ok());
  const auto read = Read(dir.Path("f"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_TRUE(read->header.tensors.empty());
  EXPECT_TRUE(read->header.metadata.values.empty());
}

TEST(SafetensorsWriterTest, Refusals) {
  const TempDir dir;
  const std::string path = dir.Write("f", "old");
  const std::vector<uint8_t> bytes = Bytes(64, 0);
  const NamedTensor good = MakeTensor("t", DType::kF32, {16}, bytes);
  const auto refuse = [&](const Metadata& metadata, const std::vector<NamedTensor>& tensors,
                          const std::string& part) {
    const Result<int> result = WriteSafetensors(path, metadata, tensors);
    ExpectFileError(result, StatusCode::kInvalidArgument, path, part);
  };
  const auto with = [](const std::string& key, MetaValue value) {
    Metadata m;
    m.values[key] = std::move(value);
    return m;
  };
  refuse(with("k", int64_t{1}), {}, "key 'k': expected a string, found an integer");
  refuse(with("k", std::string("\xFF")), {}, "key 'k': not UTF-8");
  refuse(with("\xFF", std::string("v")), {}, "not UTF-8");
  refuse({}, {good, good}, "'t' is given twice");
  refuse({}, {MakeTensor("\xC0", DType::kF32, {16}, bytes)}, "'\\xC0' cannot be");
  refuse({}, {MakeTensor("__metadata__", DType::kF32, {16}, bytes)}, "cannot be a tensor's name");
  refuse({}, {MakeTensor("t", DType::kQ4_0, {32}, bytes)}, "no type Q4_0");
  refuse({}, {MakeTensor("t", DType::kF32, {15}, bytes)}, "64 bytes do not make F32");
  EXPECT_EQ(dir.Read("f"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"f"});
}

TEST(SafetensorsWriterTest, FullDiskLeavesTheOldFile) {
  const TempDir dir;
  const std::string path = dir.Write("f", "old");
  const std::vector<uint8_t> bytes = Bytes(4 << 20, 0);
  {
    const FileSizeLimit limit(1'000'000);
    const Result<int> result =
        WriteSafetensors(path, {}, {MakeTensor("t", DType::kU8, {4 << 20}, bytes)});
    ExpectFileError(result, StatusCode::kResourceExhausted, path, "free some space");
  }
  EXPECT_EQ(dir.Read("f"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"f"});
}

TEST(SafetensorsWriterTest, PublishedFile) {
  SKIP_WITHOUT_SHARED("models/stories260K/model.safetensors");
  const TempDir dir;
  const auto first = Read(Shared("models/stories260K/model.safetensors"));
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_GT(first->header.tensors.size(), 40u);
  ASSERT_TRUE(WriteSafetensors(dir.Path("f"), first->header.metadata, first->header.tensors).ok());
  const auto second = Read(dir.Path("f"));
  ASSERT_TRUE(second.ok()) << second.status().message();
  EXPECT_EQ(second->header.metadata.values, first->header.metadata.values);
  ExpectSameTensors(second->header.tensors, first->header.tensors);
}

}  // namespace
}  // namespace frugal
