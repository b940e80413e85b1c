#include "text/tiktoken.h"

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

std::string Golden() { return ReadText(TestData("tokenizer/tiny.tiktoken")); }

TEST(Tiktoken, RecognisesItsFiles) {
  EXPECT_TRUE(LooksLikeTiktoken(Golden()));
  EXPECT_TRUE(LooksLikeTiktoken("IQ== 0\r\n"));
  for (const char* other : {"", "{", "{\"a\": 1}", "IQ==", "IQ== x", "# 0", "\n"}) {
    EXPECT_FALSE(LooksLikeTiktoken(other)) << other;
  }
}

// The goldens' ids are compared in tokenizer_test.cc.
TEST(Tiktoken, APatternIsNeeded) {
  EXPECT_TRUE(ParseTiktoken(Golden(), "f", "\\S+|\\s+", {}).ok());
  const Status status = ParseTiktoken(Golden(), "f", "", {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("--pattern"), std::string::npos);
  HfConfig config;
  config.tokenizer_class = "QWenTokenizer";
  EXPECT_TRUE(ParseTiktoken(Golden(), "f", "", config).ok());
  EXPECT_EQ(ParseTiktoken(Golden(), "f", "(", {}).status().code(), StatusCode::kCorrupt);
}

TEST(Tiktoken, BadLinesAreNamed) {
  const std::pair<std::string, const char*> bad[] = {
      {"IQ== 0\n%%%% 1\n", "f: line 2"},
      {"IQ== 0\nIg==\n", "f: line 2"},
      {"IQ== 0\nIg== -1\n", "f: line 2"},
      {"IQ== 0\nIg== 99999999999999999999\n", "f: line 2"},
      {"IQ== 0\nIg== 2147483648\n", "f: line 2"},
      {"IQ== 0\nIg== 0\n", "f: line 2"},
      {"IQ== 0\nIQ== 1\n", "f: line 2"},
      {"IQ== 0\n 1\n", "f: line 2"},
      {"IQ== 0\n", "single byte 0x00"},
  };
  for (const auto& [text, message] : bad) {
    const Status status = ParseTiktoken(text, "f", "x", {}).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  }
}

TEST(Tiktoken, PublishedVocabulariesAreRecognised) {
  SKIP_WITHOUT_SHARED("data/tokenizers/llama3");
  auto llama3 = Tokenizer::Load(Shared("data/tokenizers/llama3"));
  ASSERT_TRUE(llama3.ok()) << llama3.status().message();
  EXPECT_EQ(llama3->vocab_size(), 128256);
  EXPECT_EQ(llama3->TokenId("<|eot_id|>"), 128009);
  EXPECT_EQ(llama3->TokenText(128255), "<|reserved_special_token_246|>");
  EXPECT_TRUE(llama3->adds_bos());
  EXPECT_EQ(llama3->eos_id(), 128001);
  auto o200k = Tokenizer::Load(Shared("data/tokenizers/o200k_base/o200k_base.tiktoken"));
  ASSERT_TRUE(o200k.ok()) << o200k.status().message();
  EXPECT_EQ(o200k->Encode("<|endofprompt|>"), (std::vector<int32_t>{200018}));
  EXPECT_FALSE(o200k->adds_bos());
}

}  // namespace
}  // namespace frugal
