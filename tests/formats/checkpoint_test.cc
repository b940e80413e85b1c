#include "formats/checkpoint.h"

#include <gtest/gtest.h>

#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

TEST(CheckpointTest, OpensWhateverThePathIs) {
  const TempDir dir;
  const std::string gguf = GgufBytes().Head(0, 1).Key("k", GgufType::kBool).Put<uint8_t>(1).bytes;
  // Known by what it holds, whatever its name is.
  for (const char* name : {"m.gguf", "blob"}) {
    const auto checkpoint = OpenCheckpoint(dir.Write(name, gguf));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_EQ(checkpoint->container, Container::kGguf);
    EXPECT_EQ(checkpoint->path, dir.Path(name));
    EXPECT_TRUE(*checkpoint->metadata.GetBool("k"));
  }
  dir.Write("config.json", R"({"model_type":"qwen3"})");
  const auto checkpoint = OpenCheckpoint(dir.path(), {.metadata_only = true});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->container, Container::kHuggingFace);
  EXPECT_EQ(*checkpoint->metadata.GetString("model_type"), "qwen3");
}

TEST(CheckpointTest, WhatIsNeither) {
  const TempDir dir;
  const auto expect_error = [](const std::string& path, StatusCode code, const std::string& part) {
    ExpectFileError(OpenCheckpoint(path), code, path, part);
  };
  expect_error(dir.Path("none"), StatusCode::kNotFound, "No such file");
  expect_error(dir.path(), StatusCode::kNotFound, "config.json");
  expect_error(dir.Write("a.txt", "hello"), StatusCode::kUnsupported,
               "expected a GGUF file or a directory");
  expect_error(dir.Write("empty", ""), StatusCode::kUnsupported, "expected a GGUF file");
  expect_error(dir.Write("short.gguf", "GG"), StatusCode::kCorrupt, "magic");
  expect_error(dir.Write("other.gguf", "ggml----"), StatusCode::kCorrupt, "found 'ggml'");
  for (const char* name : {"model.safetensors", "config.json", "model.safetensors.index.json"}) {
    expect_error(dir.Write(name, "{}"), StatusCode::kInvalidArgument, "give the directory");
  }
  expect_error("/dev/null", StatusCode::kIo, "not a regular file");
  expect_error("", StatusCode::kNotFound, "");
}

TEST(CheckpointTest, IndexRefusesDuplicates) {
  TensorSource source;
  source.files.resize(1);
  source.tensors.resize(3);
  source.tensors[0].name = "a";
  source.tensors[1].name = "b";
  source.tensors[2].name = "c";
  ASSERT_TRUE(IndexTensors(&source).ok());
  EXPECT_EQ(source.Find("b"), &source.tensors[1]);
  EXPECT_EQ(source.Find("d"), nullptr);
  source.tensors[2].name = "a";
  const Status status = IndexTensors(&source);
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_NE(status.message().find("tensor 'a'"), std::string::npos);
}

TEST(CheckpointTest, ViewsOutliveAMove) {
  SKIP_WITHOUT_SHARED("models/stories260K-f32.gguf");
  auto opened = OpenCheckpoint(Shared("models/stories260K-f32.gguf"));
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const uint8_t* data = opened->tensors.Find("output_norm.weight")->view.data;
  const Checkpoint moved = *std::move(opened);
  const NamedTensor* tensor = moved.tensors.Find("output_norm.weight");
  ASSERT_EQ(tensor->view.data, data);
  const std::span<const uint8_t> file = moved.tensors.files[tensor->file].bytes();
  EXPECT_GE(data, file.data());
  EXPECT_LE(data + tensor->view.bytes, file.data() + file.size());
}

// Both containers of one model hold the same numbers (norms are stored alike).
TEST(CheckpointTest, BothContainersAgree) {
  SKIP_WITHOUT_SHARED("models/stories260K/config.json");
  const auto gguf = OpenCheckpoint(Shared("models/stories260K-f32.gguf"));
  const auto hf = OpenCheckpoint(Shared("models/stories260K"));
  ASSERT_TRUE(gguf.ok()) << gguf.status().message();
  ASSERT_TRUE(hf.ok()) << hf.status().message();
  EXPECT_EQ(*hf->metadata.GetInt("num_hidden_layers"), *gguf->metadata.GetInt("llama.block_count"));
  for (const auto& [a, b] : {std::pair("model.norm.weight", "output_norm.weight"),
                             std::pair("model.embed_tokens.weight", "token_embd.weight")}) {
    const NamedTensor* x = hf->tensors.Find(a);
    const NamedTensor* y = gguf->tensors.Find(b);
    ASSERT_TRUE(x != nullptr && y != nullptr) << a;
    EXPECT_EQ(x->view.shape, y->view.shape);
    ASSERT_EQ(x->view.bytes, y->view.bytes);
    EXPECT_EQ(std::memcmp(x->view.data, y->view.data, x->view.bytes), 0) << a;
  }
}

}  // namespace
}  // namespace frugal
