// frugal synth: files of random weights, from the command line to a model that runs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <sstream>

#include "model/shapes.h"
#include "tests/cli/program.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

TEST(Synth, WhatWasWrittenRuns) {
  const TempDir dir;
  const std::string out = dir.Path("made.gguf");
  const std::string shape = TestData("models/qwen3-moe-all/config.json");
  const Output made = RunProgram({"synth", shape, "-o", out, "--quant", "q8_0", "--seed", "7"});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_EQ(made.out, "");
  EXPECT_NE(made.err.find("qwen3moe"), std::string::npos) << made.err;
  const auto facts = nlohmann::json::parse(MustRun({"inspect", out, "--json"}));
  EXPECT_EQ(facts.at("family"), "qwen3");
  const std::string logits = dir.Path("logits.npy");
  MustRun({"logits", out, "--ids", "1,2,3", "--out", logits, "--threads", "1"});
  // The same command makes the same bytes, another seed others.
  const std::string again = dir.Path("again.gguf");
  ASSERT_EQ(RunProgram({"synth", shape, "-o", again, "-q", "Q8_0", "-s", "7", "-t", "1"}).exit, 0);
  EXPECT_EQ(dir.Read("again.gguf"), dir.Read("made.gguf"));
  ASSERT_EQ(RunProgram({"synth", shape, "-o", again, "-q", "Q8_0"}).exit, 0);
  EXPECT_NE(dir.Read("again.gguf"), dir.Read("made.gguf"));
}

TEST(Synth, ListSaysWhatFilesHave) {
  const std::string list = MustRun({"synth", "--list", "-q", "Q4_0"});
  for (const ModelShape& shape : AllShapes()) {
    EXPECT_NE(list.find("\n" + std::string(shape.name) + " "), std::string::npos) << shape.name;
  }
  EXPECT_NE(list.find("not in GGUF"), std::string::npos);
  EXPECT_NE(list.find("Q4_0 bytes"), std::string::npos);

  const TempDir dir;
  const std::string shape = TestData("models/qwen3-plain");
  const std::string one = MustRun({"synth", "--list", shape, "-q", "F16", "--layers", "1"});
  ASSERT_EQ(RunProgram({"synth", shape, "-q", "F16", "--layers", "1", "-o", dir.Path("m")}).exit,
            0);
  std::istringstream last(one.substr(one.rfind(' ', one.size() - 2)));
  size_t bytes = 0;
  last >> bytes;
  EXPECT_EQ(dir.Read("m").size(), bytes) << one;
}

TEST(Synth, RequestsThatMakeNoSenseAreRefused) {
  const TempDir dir;
  const std::string out = dir.Write("old.gguf", "old");
  const std::string shape = TestData("models/qwen3-plain");
  ExpectUsage(RunProgram({"synth", "-o", out}), "--list");
  ExpectUsage(RunProgram({"synth", shape}), "--out");
  ExpectUsage(RunProgram({"synth", shape, "-o", out, "--quant", "Q9_9"}), "--quant");
  ExpectUsage(RunProgram({"synth", shape, "-o", out, "--layers", "0"}), "--layers");
  ExpectFailure(RunProgram({"synth", "gpt-5", "-o", out}), {"'gpt-5'", "llama-3.1-8b"});
  ExpectFailure(RunProgram({"synth", "--list", "gpt-5"}), {"'gpt-5'"});
  ExpectFailure(RunProgram({"synth", shape, "-o", out, "--layers", "99"}), {"layers", "99"});
  ExpectFailure(RunProgram({"synth", "minimax-text-01", "-o", out}), {"minimax-text-01", "GGUF"});
  ExpectFailure(RunProgram({"synth", shape, "-o", dir.Path("no/such/m.gguf")}), {"no/such"});
  EXPECT_EQ(dir.Read("old.gguf"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>{"old.gguf"});
}

TEST(Synth, HelpTeaches) {
  const std::string help = MustRun({"synth", "--help"});
  for (const char* part : {"SHAPE", "--quant", "Q4_K", "--layers", "frugal synth --list"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace frugal
