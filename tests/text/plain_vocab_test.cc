#include "text/plain_vocab.h"

#include <gtest/gtest.h>

#include <set>

#include "formats/gguf.h"
#include "tests/formats/format_test_util.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

TEST(PlainVocab, IsReadAsATokenizer) {
  const TempDir dir;
  Metadata metadata = MakePlainVocab(1000);
  metadata.values["general.architecture"] = std::string("llama");
  ASSERT_TRUE(WriteGguf(dir.Path("v.gguf"), metadata, {}).ok());
  const Result<Tokenizer> tokenizer = Tokenizer::Load(dir.Path("v.gguf"));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_EQ(tokenizer->vocab_size(), 1000);
  EXPECT_EQ(tokenizer->eos_id(), 256);
  const std::vector<int32_t> ids = tokenizer->Encode("the né", {});
  EXPECT_EQ(ids.size(), 6u);
  EXPECT_EQ(ids[0], 257);  // "th", the one merge
}

TEST(PlainVocab, TokensAreAllDifferent) {
  const Metadata metadata = MakePlainVocab(500);
  const auto tokens = metadata.GetStrings("tokenizer.ggml.tokens");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(tokens->size(), 500u);
  EXPECT_EQ(std::set<std::string>(tokens->begin(), tokens->end()).size(), 500u);
  EXPECT_EQ(metadata.GetInts("tokenizer.ggml.token_type")->size(), 500u);
}

TEST(PlainVocab, SmallOnesHaveNone) {
  EXPECT_EQ(*MakePlainVocab(257).GetString("tokenizer.ggml.model"), "no_vocab");
  EXPECT_EQ(*MakePlainVocab(258).GetString("tokenizer.ggml.model"), "gpt2");
}

}  // namespace
}  // namespace frugal
