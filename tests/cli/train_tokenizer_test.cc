// frugal train-tokenizer, from texts to a folder that tokenizes.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/formats/file_size_limit.h"
#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

using Json = nlohmann::json;

const std::string kCorpus = TestData("tokenizer_training/corpus.jsonl");

std::vector<std::string> Train(const std::string& out, std::vector<std::string> more) {
  std::vector<std::string> args = {"train-tokenizer", kCorpus, "-o", out, "--threads", "2"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(TrainTokenizer, WritesAFolderThatTokenizes) {
  const TempDir dir;
  const std::string out = dir.Path("deep/tok");
  const std::string chat = dir.Write("chat.jinja", "{{ messages[0].content }}{{ eos_token }}");
  const Json said = Json::parse(
      MustRun(Train(out, {"--vocab-size", "700", "--pattern", "gpt2", "--special", "<pad>", "--bos",
                          "<s>", "--eos", "</s>", "--pad", "<pad>", "--add-bos", "--single-digits",
                          "--chat-template", chat, "--json"})));
  EXPECT_EQ(said.at("tokens"), 700);
  EXPECT_EQ(said.at("documents"), 120);
  EXPECT_EQ(MustRun({"tokenize", out, "12", "--json", "--special"}),
            "[{\"id\":1,\"token\":\"<s>\"},{\"id\":19,\"token\":\"1\"},"
            "{\"id\":20,\"token\":\"2\"}]\n");
  const std::string ids = MustRun({"tokenize", out, "the shiber und 数学"});
  EXPECT_EQ(MustRun({"detokenize", out}, ids), "the shiber und 数学\n");
  const std::string messages = dir.Write("m.json", R"([{"role": "user", "content": "hi"}])");
  EXPECT_EQ(MustRun({"render", out, "--messages", messages}), "hi</s>");
}

TEST(TrainTokenizer, StdinIsTheSame) {
  const TempDir dir;
  std::ifstream in(kCorpus);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Output own = RunProgram(Train(dir.Path("a"), {"--vocab-size", "600"}));
  ASSERT_EQ(own.exit, 0) << own.err;
  EXPECT_NE(own.err.find("600 tokens from 120 documents"), std::string::npos) << own.err;
  const Output piped = RunProgram(
      {"train-tokenizer", "-", "-o", dir.Path("b"), "--vocab-size", "600", "-t", "1"}, text);
  ASSERT_EQ(piped.exit, 0) << piped.err;
  EXPECT_EQ(dir.Read("a/tokenizer.json"), dir.Read("b/tokenizer.json"));
  // A text file's lines are documents; a regex of one's own.
  const Output lines = RunProgram({"train-tokenizer", dir.Write("t.txt", "ab ab\nab"), "-o",
                                   dir.Path("c"), "--vocab-size", "257", "--regex", "[a-z]+"});
  EXPECT_EQ(lines.exit, 0) << lines.err;
  EXPECT_EQ(MustRun({"tokenize", dir.Path("c"), "ab ab"}), "256 220 256\n");
}

TEST(TrainTokenizer, Errors) {
  const TempDir dir;
  const auto fails = [&](std::vector<std::string> args, const std::vector<std::string>& parts) {
    ExpectFailure(RunProgram(std::move(args)), parts);
    EXPECT_FALSE(std::filesystem::exists(dir.Path("tok/tokenizer.json")));
  };
  const std::string out = dir.Path("tok");
  fails(Train(out, {"--vocab-size", "200"}), {"vocabulary size 200: expected 256"});
  fails(Train(out, {"--vocab-size", "90000"}), {"this text gives only"});
  fails(Train(out, {"--vocab-size", "300", "--pattern", "x"}),
        {"pattern 'x' is not known", "llama3"});
  fails(Train(out, {"--vocab-size", "300", "--regex", "("}), {"'('"});
  fails(Train(out, {"--vocab-size", "300", "--add-bos"}), {"--add-bos needs --bos"});
  fails(Train(out, {"--vocab-size", "300", "--chat-template", dir.Write("c.jinja", "{% if %}")}),
        {"c.jinja:1:"});
  fails(Train(out, {"--vocab-size", "300", "--field", "story"}),
        {"corpus.jsonl: line 1: expected an object with a string \"story\""});
  const auto file = [&](const std::string& path) {
    return std::vector<std::string>{"train-tokenizer", path, "-o", out, "--vocab-size", "300"};
  };
  fails(file(dir.Path("none.txt")), {"none.txt"});
  fails(file(dir.Write("bad.txt", "a\n\xFF\n")), {"bad.txt: line 2: expected UTF-8"});
  fails(file(dir.Write("bad.jsonl", "{\"text\": \"a\"}\n{")), {"bad.jsonl: line 2: "});
  ExpectUsage(RunProgram(Train(out, {})), "--vocab-size");
}

TEST(TrainTokenizer, AFullDiskLeavesWhatWasThere) {
  const TempDir dir;
  const std::string out = dir.Path("tok");
  ASSERT_EQ(RunProgram(Train(out, {"--vocab-size", "300"})).exit, 0);
  const std::string before = dir.Read("tok/tokenizer.json");
  const FileSizeLimit limit(4096);
  ExpectFailure(RunProgram(Train(out, {"--vocab-size", "900"})), {"tokenizer.json"});
  EXPECT_EQ(dir.Read("tok/tokenizer.json"), before);
}

}  // namespace
}  // namespace frugal
