// frugal tokenize and detokenize.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

using Json = nlohmann::json;

std::string ReadShared(const std::string& name) {
  std::ifstream in(Shared(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Published encodings: a folder's vocabulary and one file of cases.
struct PublishedCase {
  std::string folder;
  std::string vocabulary;  // "" is the folder itself
  std::string cases;
};

std::vector<PublishedCase> PublishedCases() {
  std::vector<PublishedCase> all;
  for (const char* name :
       {"bert-bge", "deepseek-llm", "falcon", "gpt-2", "llama-spm", "refact", "starcoder"}) {
    all.push_back({name, std::string("ggml-vocab-") + name + ".gguf", "cases.jsonl"});
  }
  all.push_back({"gpt-2", "ggml-vocab-gpt-2.gguf", "cases_extra.jsonl"});
  for (const char* cases : {"cases.jsonl", "cases_extra.jsonl", "cases_special_text.jsonl"}) {
    all.push_back({"llama3", "tokenizer.model", cases});
    all.push_back({"o200k_base", "o200k_base.tiktoken", cases});
    all.push_back({"qwen2", "", cases});
  }
  for (const char* cases : {"cases.jsonl", "cases_special_text.jsonl"}) {
    all.push_back({"mistral-v1", "tokenizer.model.v1", cases});
    all.push_back({"mistral-v3", "mistral_instruct_tokenizer_240323.model.v3", cases});
  }
  all.push_back({"mistral-v3", "tokenizer.json", "cases_tokenizer_json.jsonl"});
  return all;
}

class PublishedTest : public testing::TestWithParam<PublishedCase> {};

TEST_P(PublishedTest, EveryLineComesOutExactly) {
  const std::string folder = "data/tokenizers/" + GetParam().folder + "/";
  SKIP_WITHOUT_SHARED(folder);
  const std::string cases = ReadShared(folder + GetParam().cases);
  const Json meta = Json::parse(ReadShared(folder + "meta.json"));
  std::vector<std::string> args = {"tokenize", Shared(folder + GetParam().vocabulary), "--jsonl"};
  if (meta["format"] == "tiktoken") args.insert(args.end(), {"--pattern", meta["pattern"]});
  const std::vector<std::string> found = SplitLines(MustRun(args, cases));
  const std::vector<std::string> expected = SplitLines(cases);
  ASSERT_GE(expected.size(), 10u);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(Json::parse(found[i]), Json::parse(expected[i])["ids"]) << expected[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, PublishedTest, testing::ValuesIn(PublishedCases()),
                         [](const auto& param) {
                           std::string name = param.param.folder + "_" + param.param.vocabulary +
                                              "_" + param.param.cases;
                           for (char& c : name) c = isalnum(c) ? c : '_';
                           return name;
                         });

class TokenizeTest : public testing::Test {
 protected:
  std::string Tokenize(std::vector<std::string> more, const std::string& input = "") const {
    more.insert(more.begin(), {"tokenize", model_.path()});
    return MustRun(more, input);
  }
  std::string Detokenize(std::vector<std::string> more, const std::string& input = "") const {
    more.insert(more.begin(), {"detokenize", model_.path()});
    return MustRun(more, input);
  }

  TinyModel model_;
};

TEST_F(TokenizeTest, PrintsIds) {
  EXPECT_EQ(Tokenize({"Hi!"}), "72 105 33\n");
  EXPECT_EQ(Tokenize({"Hi!\n"}), "72 105 33 10\n");
  EXPECT_EQ(Tokenize({""}), "\n");
  EXPECT_EQ(Tokenize({"--", "-x"}), "45 120\n");
}

TEST_F(TokenizeTest, ReadsStdinAsItIs) {
  EXPECT_EQ(Tokenize({}, "a\n"), "97 10\n");
  EXPECT_EQ(Tokenize({}, std::string("\xff\x00\n", 3)), "255 0 10\n");
  EXPECT_EQ(Tokenize({}, ""), "\n");
}

TEST_F(TokenizeTest, SpecialTokensAreReadOnlyWhenAsked) {
  EXPECT_EQ(Tokenize({"<s>"}), "60 115 62\n");
  EXPECT_EQ(Tokenize({"--special", "<s>a<|im_end|>"}), "260 97 257\n");
}

TEST_F(TokenizeTest, JsonShowsTheTokens) {
  const Json json = Json::parse(Tokenize({"--json", "a é"}));
  const Json expected = Json::parse(R"([{"id": 97, "token": "a"}, {"id": 32, "token": "Ġ"},
                                        {"id": 195, "token": "Ã"}, {"id": 169, "token": "©"}])");
  EXPECT_EQ(json, expected);
  EXPECT_EQ(Tokenize({"--json", ""}), "[]\n");
}

TEST_F(TokenizeTest, JsonlTakesALineAtATime) {
  EXPECT_EQ(Tokenize({"--jsonl"},
                     "{\"text\": \"ab\"}\n{\"text\": \"\\u00e9\", \"x\": 1}\n"
                     "{\"text\": \"\"}"),
            "[97,98]\n[195,169]\n[]\n");
  EXPECT_EQ(Tokenize({"--jsonl"}, ""), "");
}

TEST_F(TokenizeTest, ABrokenLineIsNamed) {
  for (const char* line :
       {"{\"text\": 5}", "{\"txt\": \"a\"}", "[1]", "{\"text\": \"a", "", "{\"text\": \"\xff\"}"}) {
    const Output output = RunProgram({"tokenize", model_.path(), "--jsonl"},
                                     std::string("{\"text\": \"a\"}\n") + line + "\n");
    ExpectFailure(output, {"stdin line 2", "\"text\""});
    EXPECT_EQ(output.out, "[97]\n");
  }
}

TEST_F(TokenizeTest, DetokenizeGivesTheTextBack) {
  EXPECT_EQ(Detokenize({"72", "105", "33"}), "Hi!\n");
  EXPECT_EQ(Detokenize({"72,105,33"}), "Hi!\n");
  const std::string text = "Grüße,\n\t世界 \xF0\x9F\x90\xB8 <s>  ";
  EXPECT_EQ(Detokenize({}, Tokenize({}, text)), text + "\n");
  EXPECT_EQ(Detokenize({}, "[72, 105]\n[33]"), "Hi!\n");
  EXPECT_EQ(Detokenize({}, ""), "\n");
}

TEST_F(TokenizeTest, SpecialTokensAreShownOnlyWhenAsked) {
  EXPECT_EQ(Detokenize({"260", "97", "257"}), "a\n");
  EXPECT_EQ(Detokenize({"--special", "260", "97", "257"}), "<s>a<|im_end|>\n");
}

TEST_F(TokenizeTest, IdsThatAreNoneAreRefused) {
  ExpectFailure(RunProgram({"detokenize", model_.path(), "263"}), {"263"});
  ExpectFailure(RunProgram({"detokenize", model_.path()}, "1 2 x3"), {"stdin", "x3"});
  ExpectFailure(RunProgram({"detokenize", model_.path()}, "1 2 99999999999"), {"99999999999"});
  ExpectFailure(RunProgram({"detokenize", model_.path()}, "1 -2"), {"-2"});
  ExpectFailure(RunProgram({"detokenize", model_.path()}, "1 \033[31m"), {"\\x1B[31m"});
  ExpectUsage(RunProgram({"detokenize", model_.path(), "x"}), "IDS");
}

TEST_F(TokenizeTest, RoundTripOfARealVocabulary) {
  SKIP_WITHOUT_SHARED("models/stories260K");
  const std::string text = "Once upon a time, there was a dragon\n named Ünal.";
  for (const char* model :
       {"models/stories260K", "models/stories260K/tokenizer.json", "models/stories260K-f32.gguf"}) {
    const std::string ids = MustRun({"tokenize", Shared(model), "--special"}, text);
    EXPECT_EQ(ids.find("1 403 407 261 378"), 0u) << ids;  // <s> Once upon a time
    EXPECT_EQ(MustRun({"detokenize", Shared(model)}, ids), text + "\n");
  }
}

TEST_F(TokenizeTest, AFullDiskIsAFailure) {
  const Output output =
      RunProgram({.args = {"tokenize", model_.path(), "x"}, .out_path = "/dev/full"});
  ExpectFailure(output, {"stdout"});
  const Output lines = RunProgram({.args = {"tokenize", model_.path(), "--jsonl"},
                                   .input = "{\"text\": \"a\"}\n",
                                   .out_path = "/dev/full"});
  ExpectFailure(lines, {"stdout"});
}

}  // namespace
}  // namespace frugal
