#include <gtest/gtest.h>

#include "formats/safetensors.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

// A safetensors file of U8 tensors with one byte each.
std::string Shard(const std::vector<std::string>& names) {
  std::string header;
  for (size_t i = 0; i < names.size(); ++i) {
    header += fmt::format(R"({}"{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})",
                          i ? "," : "{", names[i], i, i + 1);
  }
  return SafetensorsBytes(header + "}", std::string(names.size(), 'x'));
}

std::string Index(const std::string& map) {
  return R"({"metadata":{"total_size":123456},"weight_map":{)" + map + "}}";
}

constexpr const char* kIndex = "model.safetensors.index.json";

TEST(HuggingFaceTest, OneFile) {
  const TempDir dir;
  dir.Write("config.json", R"({"model_type":"llama","rope_scaling":{"factor":2}})");
  dir.Write("generation_config.json", R"({"eos_token_id":[1,2]})");
  dir.Write("model.safetensors", Shard({"a", "b"}));
  // As transformers does, the single file goes before the index.
  dir.Write(kIndex, "broken");
  const auto checkpoint = OpenHuggingFace(dir.path(), {});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->container, Container::kHuggingFace);
  EXPECT_EQ(checkpoint->path, dir.path());
  EXPECT_EQ(*checkpoint->metadata.GetString("model_type"), "llama");
  EXPECT_EQ(*checkpoint->metadata.GetInt("rope_scaling.factor"), 2);
  EXPECT_EQ(*checkpoint->generation.GetInts("eos_token_id"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(checkpoint->tensors.tensors.size(), 2u);
  EXPECT_NE(checkpoint->tensors.Find("b"), nullptr);
}

TEST(HuggingFaceTest, Shards) {
  const TempDir dir;
  dir.Write("config.json", "{}");
  dir.Write(kIndex, Index(R"("a":"s1.safetensors","c":"s2.safetensors","b":"s1.safetensors")"));
  dir.Write("s1.safetensors", Shard({"a", "b"}));
  dir.Write("s2.safetensors", Shard({"c"}));
  const auto checkpoint = OpenHuggingFace(dir.path() + "/", {});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->generation.values.empty());
  EXPECT_EQ(checkpoint->tensors.files.size(), 2u);
  ASSERT_NE(checkpoint->tensors.Find("c"), nullptr);
  EXPECT_EQ(checkpoint->tensors.Find("c")->file, 1);
  EXPECT_EQ(checkpoint->tensors.Find("b")->file, 0);
}

TEST(HuggingFaceTest, ShardErrors) {
  const TempDir dir;
  const std::string index = dir.Path(kIndex);
  const std::string shard = dir.Path("s.safetensors");
  dir.Write("config.json", "{}");
  dir.Write("s.safetensors", Shard({"a", "b"}));
  const auto open = [&](const std::string& text) {
    dir.Write(kIndex, text);
    return OpenHuggingFace(dir.path(), {});
  };
  const std::string both = R"("a":"s.safetensors","b":"s.safetensors")";
  ASSERT_TRUE(open(Index(both)).ok());
  ExpectFileError(open(Index(both + R"(,"c":"s.safetensors")")), StatusCode::kCorrupt, index,
                  "tensor 'c' is not in s.safetensors");
  ExpectFileError(open(Index(R"("a":"s.safetensors")")), StatusCode::kCorrupt, shard,
                  "tensor 'b': " + index + " puts it in no shard");
  ExpectFileError(open(Index(both + R"(,"c":"none.safetensors")")), StatusCode::kNotFound, index,
                  "shard 'none.safetensors' is missing");
  for (const char* name : {"../s.safetensors", "/etc/passwd", "sub/s.safetensors", "..", ".", "",
                           "a\\\\b", "s\\u0000.safetensors"}) {
    ExpectFileError(open(Index(fmt::format(R"("a":"{}")", name))), StatusCode::kCorrupt, index,
                    "tensor 'a': expected the name of a file in this directory");
  }
  ExpectFileError(open(Index(R"("a":1)")), StatusCode::kCorrupt, index, "found number");
  ExpectFileError(open(Index("")), StatusCode::kCorrupt, index, "weight_map");
  ExpectFileError(open("{}"), StatusCode::kCorrupt, index, "weight_map");
  ExpectFileError(open("[]"), StatusCode::kCorrupt, index, "weight_map");
  ExpectFileError(open("{"), StatusCode::kCorrupt, index, "line 1");
  ExpectFileError(open(Index(both + "," + both)), StatusCode::kCorrupt, index, "duplicate key");
  dir.Write("t.safetensors", Shard({"b"}));
  ExpectFileError(open(Index(R"("a":"s.safetensors","b":"t.safetensors")")), StatusCode::kCorrupt,
                  shard, "puts it in t.safetensors");
  dir.Write("s.safetensors", "short");
  ExpectFileError(open(Index(both)), StatusCode::kCorrupt, shard, "truncated");
}

TEST(HuggingFaceTest, FilesByRank) {
  const TempDir dir;
  dir.Write("config.json", "{}");
  dir.Write("pytorch_model-00000-TP-common.safetensors", Shard({"a"}));
  dir.Write("pytorch_model-00001-TP-001.safetensors", Shard({"b", "c"}));
  dir.Write("pytorch_model-00001-TP-000.safetensors", Shard({"b", "c"}));
  for (const char* other :
       {"pytorch_model-0001-TP-000.safetensors",
        "pytorch_model-00001-TP-00a"
        ".safetensors",
        "pytorch_model-00001-TP-0000.safetensors", "pytorch_model-0000x-TP-common.safetensors"}) {
    dir.Write(other, "not looked at");
  }
  const auto checkpoint = OpenHuggingFace(dir.path(), {});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->tensors.tensors.size(), 5u);
  for (const char* name : {"a", "b#TP-000", "b#TP-001", "c#TP-000", "c#TP-001"}) {
    EXPECT_NE(checkpoint->tensors.Find(name), nullptr) << name;
  }
  EXPECT_EQ(checkpoint->tensors.Find("b#TP-001")->file, 2);
}

TEST(HuggingFaceTest, FilesByRankErrors) {
  const auto expect = [](const std::vector<std::string>& names, const std::string& part) {
    const TempDir dir;
    dir.Write("config.json", "{}");
    for (const std::string& name : names) {
      dir.Write("pytorch_model-" + name + ".safetensors", Shard({"a"}));
    }
    ExpectFileError(OpenHuggingFace(dir.path(), {}), StatusCode::kCorrupt, dir.path(), part);
  };
  expect({"00000-TP-001"}, "is the download complete?");
  expect({"00000-TP-000", "00000-TP-002"}, "pytorch_model-00000-TP-*");
  expect({"00000-TP-000", "00000-TP-common"}, "pytorch_model-00000-TP-*");
  expect({"00000-TP-000", "00000-TP-001", "00001-TP-000"},
         "pytorch_model-00001-TP-*.safetensors: expected one file for all ranks or 2 ranks");
  const TempDir dir;
  dir.Write("config.json", "{}");
  dir.Write("pytorch_model-00000-TP-common.safetensors", Shard({"a"}));
  dir.Write("pytorch_model-00001-TP-common.safetensors", Shard({"a"}));
  EXPECT_EQ(OpenHuggingFace(dir.path(), {}).status().code(), StatusCode::kCorrupt) << "twice";
  // Such a name inside a file cannot pass for a rank's part.
  dir.Write("pytorch_model-00001-TP-common.safetensors", Shard({"b#TP-000"}));
  dir.Write("pytorch_model-00002-TP-000.safetensors", Shard({"b"}));
  EXPECT_EQ(OpenHuggingFace(dir.path(), {}).status().code(), StatusCode::kCorrupt);
  const std::string broken = dir.Write("pytorch_model-00001-TP-common.safetensors", "short");
  ExpectFileError(OpenHuggingFace(dir.path(), {}), StatusCode::kCorrupt, broken, "truncated");
}

TEST(HuggingFaceTest, MissingFiles) {
  const TempDir dir;
  const auto expect_missing = [&](StatusCode code, const std::string& part) {
    ExpectFileError(OpenHuggingFace(dir.path(), {}), code, dir.path(), part);
  };
  expect_missing(StatusCode::kNotFound, "expected config.json");
  dir.Write("x.safetensors", Shard({"a"}));
  expect_missing(StatusCode::kNotFound, "holds x.safetensors: put the checkpoint's config.json");
  dir.Write("z.gguf", "");
  dir.Write("m.gguf", "");
  expect_missing(StatusCode::kNotFound, "holds m.gguf: give that file");
  dir.Write("config.json", "{}");
  expect_missing(StatusCode::kNotFound, "only x.safetensors");
  std::filesystem::remove(dir.Path("x.safetensors"));
  expect_missing(StatusCode::kNotFound, "were the weights downloaded?");
  EXPECT_TRUE(OpenHuggingFace(dir.path(), {.metadata_only = true}).ok());
  dir.Write("pytorch_model.bin", "");
  expect_missing(StatusCode::kUnsupported, "publish the checkpoint as safetensors");
}

TEST(HuggingFaceTest, BrokenConfigs) {
  const TempDir dir;
  const std::string config = dir.Path("config.json");
  const std::string generation = dir.Path("generation_config.json");
  const auto open = [&] { return OpenHuggingFace(dir.path(), {.metadata_only = true}); };
  for (const char* text : {"", "{", "[]", "{\"a\":1,\"a\":2}", "{\"a\":NaN}"}) {
    dir.Write("config.json", text);
    ExpectFileError(open(), StatusCode::kCorrupt, config, "");
  }
  dir.Write("config.json", "{\"a\":\"" + std::string(17 << 20, 'x') + "\"}");
  ExpectFileError(open(), StatusCode::kResourceExhausted, config, "");
  dir.Write("config.json", "{}");
  dir.Write("generation_config.json", "{]");
  ExpectFileError(open(), StatusCode::kCorrupt, generation, "line 1");
  std::filesystem::remove(generation);
  EXPECT_TRUE(open().ok());
}

}  // namespace
}  // namespace frugal
