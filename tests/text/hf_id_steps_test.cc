#include "text/hf_id_steps.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace frugal {
namespace {

using nlohmann::json;
using Ids = std::vector<int32_t>;

TEST(HfIdSteps, Frames) {
  EXPECT_TRUE(ParsePostProcessor(nullptr)->prefix.empty());
  const auto bert =
      ParsePostProcessor(json::parse(R"({"type": "BertProcessing", "sep": ["[SEP]", 102],
                                         "cls": ["[CLS]", 101]})"));
  EXPECT_EQ(bert->prefix, (Ids{101}));
  EXPECT_EQ(bert->suffix, (Ids{102}));
  const auto sequence = ParsePostProcessor(json::parse(
      R"({"type": "Sequence", "processors": [{"type": "ByteLevel"},
          {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<a>"}}, {"SpecialToken": {"id": "<b>"}},
                      {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<c>"}}],
           "special_tokens": {"<a>": {"ids": [1, 2]}, "<b>": {"ids": [3]}, "<c>": {"ids": [4]}}},
          {"type": "RobertaProcessing", "sep": ["s", 9], "cls": ["c", 8]}]})"));
  ASSERT_TRUE(sequence.ok()) << sequence.status().message();
  EXPECT_EQ(sequence->prefix, (Ids{8, 1, 2, 3}));
  EXPECT_EQ(sequence->suffix, (Ids{4, 9}));
}

TEST(HfIdSteps, BadPostProcessors) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"type": "Magic"})", "post_processor.type"},
      {R"([])", "post_processor"},
      {R"({"type": "BertProcessing", "sep": ["x", 1]})", "post_processor.cls"},
      {R"({"type": "BertProcessing", "sep": ["x"], "cls": ["x", 1]})", "post_processor.sep"},
      {R"({"type": "BertProcessing", "sep": ["x", 4294967296], "cls": ["x", 1]})",
       "post_processor.sep"},
      {R"({"type": "TemplateProcessing", "single": []})", "post_processor.single"},
      {R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]})",
       "post_processor.single[0]"},
      {R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}},
                                                    {"Sequence": {"id": "A"}}]})",
       "post_processor.single[1]"},
      {R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}]})",
       "post_processor.special_tokens.<s>"},
      {R"({"type": "TemplateProcessing", "single": [{"What": {}}]})", "post_processor.single[0]"},
  };
  for (const auto& [text, field] : bad) {
    const Status status = ParsePostProcessor(json::parse(text)).status();
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_NE(status.message().find(field), std::string::npos) << status.message();
  }
}

TEST(HfIdSteps, BadDecoders) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"type": "Magic"})", "decoder.type"},
      {R"({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteFallback"}]})",
       "decoder.decoders[1]"},
      {R"({"type": "Strip", "content": " ", "start": 0, "stop": 1})", "decoder.stop"},
      {R"({"type": "Strip", "content": "ab"})", "decoder.content"},
      {R"({"type": "Replace", "pattern": {"String": "a"}})", "decoder.content"},
      {R"({"type": "Metaspace", "replacement": ""})", "decoder.replacement"},
      {R"({"type": "WordPiece", "cleanup": 3})", "decoder.cleanup"},
  };
  for (const auto& [text, field] : bad) {
    const Status status = ParseDecoder(json::parse(text)).status();
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_NE(status.message().find(field), std::string::npos) << status.message();
  }
}

// Decoding in advance must not be made to fill the memory.
TEST(HfIdSteps, ReplacementsAreBounded) {
  json replace = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", ""}};
  replace["content"] = std::string(300, 'a');
  EXPECT_EQ(ParseDecoder(replace).status().code(), StatusCode::kUnsupported);
  replace["content"] = std::string(100, 'a');
  EXPECT_TRUE(ParseDecoder(replace).ok());
  const json twice = {{"type", "Sequence"}, {"decoders", {replace, replace, replace}}};
  EXPECT_EQ(ParseDecoder(twice).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace frugal
