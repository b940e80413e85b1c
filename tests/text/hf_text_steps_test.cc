#include "text/hf_text_steps.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace frugal {
namespace {

using nlohmann::json;

// That every known type does what the reference does is the matter of normalizer_test.cc and
// pretokenizer_test.cc; here is what happens to other files.
struct Bad {
  const char* json;
  const char* field;  // what the message must name
  StatusCode code = StatusCode::kCorrupt;
};

TEST(HfTextSteps, BadNormalizers) {
  const Bad bad[] = {
      {R"({"type": "Magic"})", "normalizer.type: 'Magic'", StatusCode::kUnsupported},
      {R"({})", "normalizer.type"},
      {R"(3)", "normalizer"},
      {R"({"type": 3})", "normalizer.type"},
      {R"({"type": "Sequence"})", "normalizer.normalizers"},
      {R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "No"}]})",
       "normalizer.normalizers[1].type", StatusCode::kUnsupported},
      {R"({"type": "Replace", "content": "x"})", "normalizer.pattern"},
      {R"({"type": "Replace", "pattern": {"String": ""}, "content": "x"})", "normalizer.pattern"},
      {R"({"type": "Replace", "pattern": {"Regex": "("}, "content": "x"})",
       "normalizer.pattern.Regex"},
      {R"({"type": "Replace", "pattern": {"String": "a"}})", "normalizer.content"},
      {R"({"type": "Prepend"})", "normalizer.prepend"},
      {R"({"type": "BertNormalizer", "lowercase": "yes"})", "normalizer.lowercase"},
      {R"({"type": "Precompiled", "precompiled_charsmap": "????"})",
       "normalizer.precompiled_charsmap"},
      {R"({"type": "Precompiled", "precompiled_charsmap": "AAAA"})",
       "normalizer.precompiled_charsmap"},
  };
  for (const Bad& b : bad) {
    const Status status = ParseNormalizer(json::parse(b.json)).status();
    EXPECT_EQ(status.code(), b.code) << b.json;
    EXPECT_NE(status.message().find(b.field), std::string::npos) << status.message();
  }
}

TEST(HfTextSteps, BadPreTokenizers) {
  const Bad bad[] = {
      {R"({"type": "Magic"})", "pre_tokenizer.type: 'Magic'", StatusCode::kUnsupported},
      {R"({"type": "Sequence", "pretokenizers": {}})", "pre_tokenizer.pretokenizers"},
      {R"({"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Sideways"})",
       "pre_tokenizer.behavior", StatusCode::kUnsupported},
      {R"({"type": "Split", "pattern": {"Regex": "[a"}, "behavior": "Isolated"})",
       "pre_tokenizer.pattern.Regex"},
      {R"({"type": "Split", "pattern": "a", "behavior": "Isolated"})", "pre_tokenizer.pattern"},
      {R"({"type": "Metaspace", "replacement": "ab"})", "pre_tokenizer.replacement"},
      {R"({"type": "Metaspace", "prepend_scheme": "last"})", "pre_tokenizer.prepend_scheme",
       StatusCode::kUnsupported},
      {R"({"type": "Digits", "individual_digits": 1})", "pre_tokenizer.individual_digits"},
  };
  for (const Bad& b : bad) {
    const Status status = ParsePreTokenizer(json::parse(b.json)).status();
    EXPECT_EQ(status.code(), b.code) << b.json;
    EXPECT_NE(status.message().find(b.field), std::string::npos) << status.message();
  }
}

TEST(HfTextSteps, NullIsNothing) {
  EXPECT_TRUE(ParseNormalizer(nullptr)->empty());
  EXPECT_TRUE(ParsePreTokenizer(nullptr)->steps.empty());
}

TEST(HfTextSteps, StepsAreBounded) {
  json sequence = {{"type", "Sequence"}, {"normalizers", json::array()}};
  for (int i = 0; i < 100; ++i) sequence["normalizers"].push_back({{"type", "Lowercase"}});
  EXPECT_EQ(ParseNormalizer(sequence).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace frugal
