#include "text/hf_config.h"

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

TEST(HfConfig, ReadsTheFilesThatAreThere) {
  const TempFolder folder;
  auto empty = ReadHfConfig(folder.path());
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->says_bos || empty->bos_token || empty->add_bos_token);

  folder.Write("tokenizer_config.json",
               R"({"tokenizer_class": "XTokenizer", "bos_token": null, "add_bos_token": true,
                   "eos_token": {"content": "</s>"}, "additional_special_tokens": ["<x>"],
                   "added_tokens_decoder": {"5": {"content": "<y>", "special": true,
                                                  "lstrip": true}}})");
  folder.Write("special_tokens_map.json", R"({"bos_token": "<later>", "unk_token": "<unk>"})");
  folder.Write("config.json",
               R"({"model_type": "llama", "bos_token_id": 1, "eos_token_id": [2, 3]})");
  auto config = ReadHfConfig(folder.path());
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->tokenizer_class, "XTokenizer");
  EXPECT_EQ(config->model_type, "llama");
  EXPECT_TRUE(config->says_bos);
  EXPECT_FALSE(config->bos_token.has_value());  // the first file to speak is believed
  EXPECT_EQ(config->eos_token, "</s>");
  EXPECT_EQ(config->bos_id, 1);
  EXPECT_EQ(config->eos_id, 2);
  EXPECT_EQ(config->add_bos_token, true);
  EXPECT_FALSE(config->add_eos_token.has_value());
  ASSERT_EQ(config->added_tokens.size(), 1u);
  EXPECT_EQ(config->added_tokens[0].id, 5);
  EXPECT_TRUE(config->added_tokens[0].special && config->added_tokens[0].lstrip &&
              !config->added_tokens[0].normalized);
}

TEST(HfConfig, BadFilesNameTheField) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"added_tokens_decoder": {"x": {"content": "a"}}})", "added_tokens_decoder.x"},
      {R"({"added_tokens_decoder": {"-1": {"content": "a"}}})", "added_tokens_decoder.-1"},
      {R"({"added_tokens_decoder": {"99999999999": {"content": "a"}}})", "added_tokens_decoder"},
      {R"({"added_tokens_decoder": {"1": {}}})", "added_tokens_decoder.1.content"},
      {R"({"added_tokens_decoder": []})", "added_tokens_decoder"},
      {R"({"bos_token": 3})", "bos_token"},
      {R"({"add_bos_token": "yes"})", "add_bos_token"},
      {R"([1])", "tokenizer_config.json"},
      {R"({)", "tokenizer_config.json"},
  };
  for (const auto& [text, field] : bad) {
    const TempFolder folder;
    folder.Write("tokenizer_config.json", text);
    const Status status = ReadHfConfig(folder.path()).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
    EXPECT_NE(status.message().find(field), std::string::npos) << status.message();
  }
  const TempFolder folder;
  folder.Write("config.json", R"({"bos_token_id": "x"})");
  EXPECT_FALSE(ReadHfConfig(folder.path()).ok());
}

TokenizerParts ThreeTokens() {
  TokenizerParts parts;
  parts.listed = 3;
  int64_t id = 0;
  for (const char* text : {"<s>", "a", "</s>"}) {
    EXPECT_TRUE(SetToken(id++, text, "t", &parts).ok());
  }
  return parts;
}

TEST(HfConfig, Applies) {
  TokenizerParts parts = ThreeTokens();
  HfConfig config;
  config.says_bos = config.says_eos = true;
  config.bos_token = "<s>";
  config.eos_token = "</s>";
  config.special_tokens = {"<s>", "</s>", "not there"};
  config.add_eos_token = true;
  AddedToken extra;
  extra.id = 3;
  extra.content = "<x>";
  config.added_tokens = {extra};
  extra.id = 1;
  extra.content = "<clash>";
  config.added_tokens.push_back(extra);
  ASSERT_TRUE(ApplyHfConfig(config, "d", &parts).ok());
  EXPECT_EQ(parts.bos, 0);
  EXPECT_EQ(parts.eos, 2);
  EXPECT_TRUE(parts.prefix.empty());
  EXPECT_EQ(parts.suffix, (std::vector<int32_t>{2}));
  ASSERT_EQ(parts.texts.size(), 4u);
  EXPECT_EQ(parts.texts[1], "a");  // the vocabulary wins
  EXPECT_EQ(parts.texts[3], "<x>");
  ASSERT_EQ(parts.added_tokens.size(), 3u);
  EXPECT_TRUE(parts.added_tokens[1].special && parts.added_tokens[2].special);
}

TEST(HfConfig, IdsOutOfProportionAreErrors) {
  TokenizerParts parts = ThreeTokens();
  HfConfig config;
  AddedToken far;
  far.id = INT32_MAX;
  far.content = "<far>";
  config.added_tokens = {far};
  EXPECT_EQ(ApplyHfConfig(config, "d", &parts).code(), StatusCode::kCorrupt);
  EXPECT_LT(parts.texts.size(), 10u);
}

}  // namespace
}  // namespace frugal
