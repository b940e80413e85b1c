#include "text/gguf_vocab.h"

#include <gtest/gtest.h>

#include <cmath>

#include "text/byte_level.h"

namespace frugal {
namespace {

using Strings = std::vector<std::string>;
using Ints = std::vector<int64_t>;

// Goldens of whole files are compared in tokenizer_test.cc.
Metadata Gpt2() {
  Metadata metadata;
  metadata.values["tokenizer.ggml.model"] = std::string("gpt2");
  metadata.values["tokenizer.ggml.pre"] = std::string("gpt-2");
  Strings tokens;
  for (int b = 0; b < 256; ++b) tokens.push_back(ToByteLevel(std::string(1, static_cast<char>(b))));
  tokens.push_back("ab");
  tokens.push_back("<|x|>");
  Ints types(tokens.size(), 1);
  types.back() = 3;
  metadata.values["tokenizer.ggml.tokens"] = tokens;
  metadata.values["tokenizer.ggml.token_type"] = types;
  metadata.values["tokenizer.ggml.merges"] = Strings{"a b"};
  metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{257};
  return metadata;
}

Metadata Llama() {
  Metadata metadata;
  metadata.values["tokenizer.ggml.model"] = std::string("llama");
  metadata.values["tokenizer.ggml.tokens"] = Strings{"<unk>", "<s>", "a", "▁"};
  metadata.values["tokenizer.ggml.scores"] = std::vector<double>{0, 0, -1, -2};
  metadata.values["tokenizer.ggml.token_type"] = Ints{2, 3, 1, 1};
  return metadata;
}

Status Load(const Metadata& metadata, const std::string& pattern = "") {
  auto parts = MakeGgufParts(metadata, "f", pattern);
  return parts.ok() ? MakeTokenizer(*std::move(parts)).status() : parts.status();
}

TEST(GgufVocab, FrameAndSpecialTokens) {
  Metadata metadata = Gpt2();
  auto tokenizer = MakeTokenizer(*MakeGgufParts(metadata, "f", ""));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(tokenizer->Encode("ab<|x|>"), (std::vector<int32_t>{256, 257}));
  EXPECT_EQ(tokenizer->bos_id(), 257);
  EXPECT_FALSE(tokenizer->adds_bos());
  metadata.values["tokenizer.ggml.add_bos_token"] = true;
  EXPECT_TRUE(MakeTokenizer(*MakeGgufParts(metadata, "f", ""))->adds_bos());
  metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{UINT32_MAX};  // none
  EXPECT_FALSE(MakeTokenizer(*MakeGgufParts(metadata, "f", ""))->bos_id().has_value());
}

TEST(GgufVocab, ErrorsNameTheKey) {
  auto expect = [](Metadata metadata, const char* key, MetaValue value, const char* message) {
    const std::string full = std::string("tokenizer.ggml.") + key;
    if (std::holds_alternative<MetaNull>(value)) {
      metadata.values.erase(full);
    } else {
      metadata.values[full] = std::move(value);
    }
    const Status status = Load(metadata);
    EXPECT_FALSE(status.ok()) << key;
    EXPECT_TRUE(status.message().starts_with("f: ")) << status.message();
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  };
  expect(Gpt2(), "model", std::string("rwkv"), "tokenizer.ggml.model: 'rwkv'");
  expect(Gpt2(), "model", MetaNull(), "tokenizer.ggml.model");
  expect(Gpt2(), "pre", std::string("nonsense"), "'nonsense'");
  expect(Gpt2(), "pre", MetaNull(), "--pattern");
  expect(Gpt2(), "tokens", MetaNull(), "tokenizer.ggml.tokens");
  expect(Gpt2(), "tokens", Ints{1}, "tokenizer.ggml.tokens");
  expect(Gpt2(), "token_type", Ints{1, 2}, "tokenizer.ggml.token_type");
  expect(Gpt2(), "merges", MetaNull(), "tokenizer.ggml.merges");
  expect(Gpt2(), "merges", Strings{"a c"}, "tokenizer.ggml.merges[0]");
  expect(Gpt2(), "merges", Strings{"ab"}, "tokenizer.ggml.merges[0]");
  expect(Gpt2(), "merges", Strings{"a b", "日 b"}, "tokenizer.ggml.merges[1]");
  expect(Gpt2(), "bos_token_id", int64_t{258}, "tokenizer.ggml.bos_token_id");
  expect(Gpt2(), "add_bos_token", std::string("yes"), "tokenizer.ggml.add_bos_token");
  expect(Llama(), "scores", MetaNull(), "tokenizer.ggml.scores");
  expect(Llama(), "scores", std::vector<double>{1}, "tokenizer.ggml.scores");
  expect(Llama(), "scores", std::vector<double>{0, 0, NAN, 0}, "tokenizer.ggml.scores[2]");
  expect(Llama(), "tokens", Strings{"<unk>", "<s>", "a", "a"}, "'a'");
  Metadata bert = Llama();
  bert.values["tokenizer.ggml.model"] = std::string("bert");
  expect(bert, "unknown_token_id", MetaNull(), "tokenizer.ggml.unknown_token_id");
}

TEST(GgufVocab, APatternStandsInForAMissingName) {
  Metadata metadata = Gpt2();
  metadata.values.erase("tokenizer.ggml.pre");
  EXPECT_TRUE(Load(metadata, "a+|b").ok());
  EXPECT_FALSE(Load(metadata, "(").ok());
}

TEST(GgufVocab, TheUnknownTokenMayBeGivenById) {
  Metadata metadata = Llama();
  metadata.values["tokenizer.ggml.token_type"] = Ints{1, 3, 1, 1};
  metadata.values["tokenizer.ggml.unknown_token_id"] = int64_t{0};
  auto tokenizer = MakeTokenizer(*MakeGgufParts(metadata, "f", ""));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(tokenizer->Encode("ax"), (std::vector<int32_t>{3, 2, 0}));
}

}  // namespace
}  // namespace frugal
