// Tokenizer::Load: what a path may hold.

#include "tests/text/golden_util.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

std::string Data(const char* name) { return TestData(std::string("tokenizer/") + name); }

Status Load(const std::string& path, const std::string& pattern = "") {
  return Tokenizer::Load(path, {pattern}).status();
}

TEST(TokenizerLoad, FilesAreKnownByTheirContent) {
  const TempFolder folder;
  EXPECT_TRUE(Load(folder.Write("a", ReadText(Data("bert.json")))).ok());
  EXPECT_TRUE(Load(folder.Write("b", ReadText(Data("spm_bpe.model")))).ok());
  EXPECT_TRUE(Load(folder.Write("c", ReadText(Data("gguf_bert.gguf")))).ok());
  EXPECT_TRUE(Load(folder.Write("d", ReadText(Data("tiny.tiktoken"))), "a+").ok());
}

TEST(TokenizerLoad, Directories) {
  const TempFolder json, model, versioned, gguf, tiktoken;
  json.Write("tokenizer.json", ReadText(Data("llama2.json")));
  json.Write("tokenizer.model", "not looked at");
  EXPECT_TRUE(Load(json.path()).ok());
  model.Write("tokenizer.model", ReadText(Data("spm_bpe.model")));
  EXPECT_TRUE(Load(model.path()).ok());
  versioned.Write("tokenizer.model.v3", ReadText(Data("spm_bpe.model")));
  EXPECT_TRUE(Load(versioned.path()).ok());
  versioned.Write("tokenizer.model.v4", "x");
  EXPECT_EQ(Load(versioned.path()).code(), StatusCode::kInvalidArgument);
  gguf.Write("m.gguf", ReadText(Data("gguf_llama.gguf")));
  EXPECT_TRUE(Load(gguf.path()).ok());
  tiktoken.Write("x.tiktoken", ReadText(Data("tiny.tiktoken")));
  EXPECT_EQ(Load(tiktoken.path()).code(), StatusCode::kUnsupported);
  EXPECT_TRUE(Load(tiktoken.path(), "a+").ok());
}

TEST(TokenizerLoad, VocabAndMerges) {
  const TempFolder folder;
  folder.Write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<x>": 3})");
  folder.Write("merges.txt", "#version: 0.2\na b\n");
  EXPECT_EQ(Load(folder.path()).code(), StatusCode::kUnsupported);
  EXPECT_TRUE(Load(folder.path(), "[ab]+").ok());
  folder.Write("config.json", R"({"model_type": "gpt2", "eos_token_id": 3})");
  folder.Write("special_tokens_map.json", R"({"eos_token": "<x>"})");
  auto tokenizer = Tokenizer::Load(folder.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_EQ(tokenizer->Encode("ab<x>"), (std::vector<int32_t>{2, 3}));
  EXPECT_TRUE(tokenizer->IsSpecial(3));
  EXPECT_EQ(tokenizer->eos_id(), 3);
}

TEST(TokenizerLoad, WhatSurroundsAText) {
  const TempFolder folder;
  folder.Write("tokenizer.model", ReadText(Data("spm_bpe.model")));
  EXPECT_TRUE(Tokenizer::Load(folder.path())->adds_bos());
  folder.Write("tokenizer_config.json", R"({"add_bos_token": false, "add_eos_token": true})");
  auto tokenizer = Tokenizer::Load(folder.path());
  EXPECT_FALSE(tokenizer->adds_bos());
  EXPECT_EQ(tokenizer->Encode("", {.add_special = true}), (std::vector<int32_t>{2}));
  folder.Write("tokenizer_config.json", R"({"tokenizer_class": "T5Tokenizer"})");
  EXPECT_EQ(Tokenizer::Load(folder.path())->Encode("", {.add_special = true}),
            (std::vector<int32_t>{2}));
}

TEST(TokenizerLoad, Errors) {
  const TempFolder folder;
  EXPECT_EQ(Load(folder.path()).code(), StatusCode::kNotFound);
  EXPECT_EQ(Load(folder.path() + "/none").code(), StatusCode::kNotFound);
  EXPECT_EQ(Load(folder.Write("empty", "")).code(), StatusCode::kCorrupt);
  EXPECT_EQ(Load(folder.Write("garbage", "\x01\x02\x03")).code(), StatusCode::kCorrupt);
  EXPECT_EQ(Load(folder.Write("half.json", "{\"model\": {")).code(), StatusCode::kCorrupt);
  EXPECT_EQ(Load(folder.Write("half.gguf", "GGUF\3")).code(), StatusCode::kCorrupt);
  for (const char* name : {"garbage", "half.json", "half.gguf"}) {
    EXPECT_NE(Load(folder.path() + "/" + name).message().find(name), std::string::npos);
  }
  folder.Write("tokenizer_config.json", "{");
  EXPECT_NE(Load(folder.Write("t.model", ReadText(Data("spm_bpe.model"))))
                .message()
                .find("tokenizer_config.json"),
            std::string::npos);
}

}  // namespace
}  // namespace frugal
