// frugal convert, from the command line to files that run.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

TEST(Convert, WhatWasConvertedSaysTheSame) {
  const TinyModel model;
  const std::string out = model.Path("made.gguf");
  const Output made = RunProgram({"convert", model.path(), "-o", out, "--quant", "f32"});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_EQ(made.out, "");
  EXPECT_NE(made.err.find("qwen3"), std::string::npos) << made.err;
  EXPECT_NE(made.err.find("F32"), std::string::npos) << made.err;
  for (const std::string prompt : {"Hello", "where <|im_end|> ends"}) {
    const std::vector<std::string> more = {"-p",        prompt, "--greedy",  "-n", "12",
                                           "--compute", "f32",  "--threads", "1",  "--json"};
    std::vector<std::string> own = {"run", model.path()};
    std::vector<std::string> theirs = {"run", out};
    own.insert(own.end(), more.begin(), more.end());
    theirs.insert(theirs.end(), more.begin(), more.end());
    const auto a = nlohmann::json::parse(MustRun(own));
    const auto b = nlohmann::json::parse(MustRun(theirs));
    EXPECT_EQ(a.at("text"), b.at("text"));
  }
}

TEST(Convert, ATrainedModelTellsItsStory) {
  SKIP_WITHOUT_SHARED("models/stories260K");
  const TempDir dir;
  const std::string out = dir.Path("story.gguf");
  ASSERT_EQ(RunProgram({"convert", Shared("models/stories260K"), "-o", out, "-q", "F32"}).exit, 0);
  const std::vector<std::string> more = {"--raw", "--greedy", "-n", "60", "--threads", "1"};
  std::vector<std::string> own = {"run", Shared("models/stories260K")};
  std::vector<std::string> theirs = {"run", out};
  own.insert(own.end(), more.begin(), more.end());
  theirs.insert(theirs.end(), more.begin(), more.end());
  EXPECT_EQ(MustRun(own), MustRun(theirs));
}

TEST(Convert, SaysWhichRowsFellBack) {
  const TempDir dir;
  const Output made = RunProgram({"convert", TestData("models/deepseek-v2-lite"), "-o",
                                  dir.Path("m.gguf"), "--quant", "Q4_K"});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_NE(made.err.find("Q4_K → F16"), std::string::npos) << made.err;
  EXPECT_NE(made.err.find("no tokenizer"), std::string::npos) << made.err;
}

TEST(Convert, RequantisesAGguf) {
  const TempDir dir;
  const Output requantised = RunProgram(
      {"convert", TestData("models/llama-q8_0.gguf"), "-o", dir.Path("m.gguf"), "-q", "Q4_0"});
  ASSERT_EQ(requantised.exit, 0) << requantised.err;
  Result<Checkpoint> made = OpenCheckpoint(dir.Path("m.gguf"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->tensors.Find("blk.0.ffn_up.weight")->view.dtype, DType::kQ4_0);
}

TEST(Convert, RequestsThatMakeNoSenseAreRefused) {
  const TempDir dir;
  const std::string model = TestData("models/qwen3-plain");
  const std::string out = dir.Write("old.gguf", "old");
  ExpectUsage(RunProgram({"convert", model}), "--out");
  ExpectUsage(RunProgram({"convert", "-o", out}), "SRC");
  ExpectUsage(RunProgram({"convert", model, "-o", out, "--quant", "Q9_9"}), "--quant");
  ExpectUsage(RunProgram({"convert", model, "-o", out, "--threads", "0"}), "--threads");
  ExpectFailure(RunProgram({"convert", TestData("models/qwen2-window"), "-o", out}), {"window"});
  ExpectFailure(RunProgram({"convert", dir.Path("nothing"), "-o", out}), {"nothing"});
  ExpectFailure(RunProgram({"convert", model, "-o", dir.Path("no/such/m.gguf")}), {"no/such"});
  EXPECT_EQ(dir.Read("old.gguf"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"old.gguf"});
}

TEST(Convert, HelpTeaches) {
  const std::string help = MustRun({"convert", "--help"});
  for (const char* part : {"--quant", "Q4_K", "MXFP4", "frugal convert path/to", "Q6_K"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace frugal
