#include "text/hf_document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace frugal {
namespace {

TEST(HfDocument, SplitsOffTheLists) {
  auto document = ParseHfDocument(
      R"({"a": [1, {"vocab": {"x": 1}}], "model": {"type": "BPE", "vocab": {"a": 0, "b": 7},
          "merges": ["a b", ["b", "a c"]], "unk": null}, "merges": 3})",
      "t");
  ASSERT_TRUE(document.ok()) << document.status().message();
  ASSERT_EQ(document->vocab.size(), 2u);
  EXPECT_EQ(document->vocab[1].text, "b");
  EXPECT_EQ(document->vocab[1].id, 7);
  EXPECT_FALSE(document->vocab_is_list);
  ASSERT_EQ(document->merges.size(), 2u);
  EXPECT_EQ(document->merges[1], std::make_pair(std::string("b"), std::string("a c")));
  EXPECT_EQ(*document->root, nlohmann::json::parse(
                                 R"({"a": [1, {"vocab": {"x": 1}}],
                                     "model": {"type": "BPE", "unk": null}, "merges": 3})"));
}

TEST(HfDocument, UnigramVocabularies) {
  auto document = ParseHfDocument(R"({"model": {"vocab": [["a", -1.5], ["b", 0]]}})", "t");
  ASSERT_TRUE(document.ok()) << document.status().message();
  EXPECT_TRUE(document->vocab_is_list);
  ASSERT_EQ(document->vocab.size(), 2u);
  EXPECT_EQ(document->vocab[1].id, 1);
  EXPECT_EQ(document->vocab[0].score, -1.5);
  EXPECT_FALSE(document->has_merges);
}

TEST(HfDocument, VocabJson) {
  auto document = ParseVocabJson(R"({"a": 0, "Ġb": 1})", "vocab.json");
  ASSERT_TRUE(document.ok()) << document.status().message();
  ASSERT_EQ(document->vocab.size(), 2u);
  EXPECT_EQ(document->vocab[1].text, "Ġb");
  EXPECT_FALSE(ParseVocabJson("[]", "vocab.json").ok());
  EXPECT_FALSE(ParseVocabJson("3", "vocab.json").ok());
  EXPECT_FALSE(ParseVocabJson(R"({"a": {"b": 1}})", "vocab.json").ok());
}

TEST(HfDocument, ErrorsNameThePlace) {
  const std::pair<const char*, const char*> bad[] = {
      {"{\"a\": 1,\n  x}", "line 2, column 3"},
      {"", "not valid JSON"},
      {"{\"a\": 1} {", "line 1, column 10"},
      {R"({"model": {"vocab": {"a": "b"}}})", "model.vocab['a']"},
      {R"({"model": {"vocab": {"a": -1}}})", "model.vocab['a']"},
      {R"({"model": {"vocab": {"a": 1.5}}})", "model.vocab['a']"},
      {R"({"model": {"vocab": {"a": 18446744073709551615}}})", "model.vocab['a']"},
      {R"({"model": {"vocab": {"a": [1]}}})", "model.vocab['a']"},
      {R"({"model": {"vocab": [["a", -1], ["b"]]}})", "model.vocab[1]"},
      {R"({"model": {"vocab": [["a", "b"]]}})", "model.vocab[0]"},
      {R"({"model": {"vocab": ["a"]}})", "model.vocab[0]"},
      {R"({"model": {"vocab": [["a", 1e999]]}})", "t: "},
      {R"({"model": {"merges": ["a b", "c"]}})", "model.merges[1]"},
      {R"({"model": {"merges": ["a b c"]}})", "model.merges[0]"},
      {R"({"model": {"merges": [["a"]]}})", "model.merges[0]"},
      {R"({"model": {"merges": [["a", "b", "c"]]}})", "model.merges[0]"},
      {R"({"model": {"merges": [[["a", "b"]]]}})", "model.merges[0]"},
      {R"({"model": {"merges": [3]}})", "model.merges[0]"},
      {R"({"model": {"vocab": {}, "vocab": {}}})", "twice"},
      {"\"\xFF\"", "line 1"},
  };
  for (const auto& [text, message] : bad) {
    const Status status = ParseHfDocument(text, "t").status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
    EXPECT_NE(status.message().find(message), std::string::npos)
        << text << ": " << status.message();
    EXPECT_TRUE(status.message().starts_with("t: ")) << status.message();
  }
}

TEST(HfDocument, NestingIsBounded) {
  EXPECT_FALSE(ParseHfDocument(std::string(1'000'000, '['), "t").ok());
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_TRUE(ParseHfDocument(deep, "t").ok());
}

}  // namespace
}  // namespace frugal
