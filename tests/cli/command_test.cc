#include "cli/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.h"
#include "tests/cli/program.h"

namespace frugal {
namespace {

// Reads `args` into *options; the message that refuses them, or "".
std::string Parse(std::vector<std::string> args, ModelOptions* options) {
  Command command;
  AddModelOptions(&command, options);
  return ParseError(command.options, std::move(args));
}

EngineOptions Options(std::vector<std::string> args) {
  ModelOptions options;
  EXPECT_EQ(Parse(std::move(args), &options), "");
  const Result<EngineOptions> engine = ToEngineOptions(options);
  EXPECT_TRUE(engine.ok()) << engine.status().message();
  return engine.ok() ? *engine : EngineOptions();
}

std::string Refusal(std::vector<std::string> args) {
  ModelOptions options;
  return Parse(std::move(args), &options);
}

TEST(ModelOptions, DefaultsLeaveTheChoiceToTheEngine) {
  const EngineOptions options = Options({"m.gguf"});
  EXPECT_EQ(options.threads, 0);
  EXPECT_EQ(options.context, 0);
  EXPECT_FALSE(options.isa.has_value());
  EXPECT_FALSE(options.exact);
  EXPECT_FALSE(options.kv_type.has_value());
}

TEST(ModelOptions, EachReachesTheEngine) {
  const EngineOptions options = Options({"m.gguf", "--threads", "3", "--ctx", "100", "--isa",
                                         "avx2", "--compute", "f32", "--kv-type", "bf16"});
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.context, 100);
  EXPECT_EQ(options.isa, Isa::kAvx2);
  EXPECT_TRUE(options.exact);
  EXPECT_EQ(options.kv_type, KvType::kBf16);
  EXPECT_EQ(Options({"m", "--kv-type", "f32"}).kv_type, KvType::kF32);
  for (int i = 0; i < kNumIsas; ++i) {
    EXPECT_EQ(Options({"m", "--isa", IsaName(static_cast<Isa>(i))}).isa, static_cast<Isa>(i));
  }
}

TEST(ModelOptions, TheModelHasThreeSpellings) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"a/b.gguf"}, {"-m", "a/b.gguf"}, {"--model", "a/b.gguf"}}) {
    ModelOptions options;
    EXPECT_EQ(Parse(args, &options), "");
    EXPECT_EQ(options.model, "a/b.gguf");
  }
  EXPECT_EQ(Options({"m", "-t", "2", "-c", "64"}).threads, 2);
  EXPECT_EQ(Options({"m", "-t", "2", "-c", "64"}).context, 64);
}

TEST(ModelOptions, WithoutAModelTheMessageSaysHowToNameOne) {
  const Result<EngineOptions> options = ToEngineOptions({});
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.status().code(), StatusCode::kInvalidArgument);
  for (const char* part : {".gguf", "config.json", "frugal run "}) {
    EXPECT_NE(options.status().message().find(part), std::string::npos)
        << options.status().message();
  }
}

TEST(ModelOptions, NonsenseIsRefused) {
  EXPECT_EQ(Refusal({"--threads", "0"}),
            "--threads: expected an integer from 1 to 1024, found '0'");
  EXPECT_EQ(Refusal({"--ctx", "-5"}), "--ctx: expected an integer of at least 1, found '-5'");
  EXPECT_EQ(Refusal({"--ctx", "9223372036854775808"}),
            "--ctx: expected an integer of at least 1, found '9223372036854775808'");
  EXPECT_NE(Refusal({"--isa", "mmx"}).find("avx2"), std::string::npos);
  EXPECT_NE(Refusal({"--compute", "f16"}), "");
  EXPECT_NE(Refusal({"--kv-type", "q9"}), "");
}

TEST(Fail, IsOneLineWhateverTheMessageHolds) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Fail({StatusCode::kCorrupt, "key 'a\nb': \033[31mred\xff"}), kExitFailure);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "frugal: error: key 'a\\x0Ab': \\x1B[31mred\\xFF\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(FailUsage({StatusCode::kInvalidArgument, "größer"}), kExitUsage);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "frugal: error: größer\n");
}

TEST(ToLine, TakesStringsThatAreNotUtf8) {
  EXPECT_EQ(ToLine({{"b", "a\n\xff"}, {"a", 1}}), "{\"b\":\"a\\n\xEF\xBF\xBD\",\"a\":1}\n");
}

// ---- The program as a whole ---------------------------------------------------------------------

const std::vector<std::string>& Commands() {
  static const std::vector<std::string> commands = {"run",        "chat",   "inspect", "tokenize",
                                                    "detokenize", "render", "logits"};
  return commands;
}

int Lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Program, HelpIsShortAndNamesEveryCommand) {
  const std::string help = MustRun({"--help"});
  EXPECT_EQ(MustRun({}), help);
  for (const std::string& command : Commands()) {
    EXPECT_NE(help.find("\n  " + command), std::string::npos) << command;
  }
  EXPECT_NE(help.find("frugal run MODEL"), std::string::npos);
  EXPECT_LE(Lines(help), 35) << help;
}

TEST(Program, EveryCommandTeachesByExample) {
  for (const std::string& command : Commands()) {
    const std::string help = MustRun({command, "--help"});
    EXPECT_NE(help.find("Example"), std::string::npos) << help;
    EXPECT_NE(help.find("frugal " + command + " "), std::string::npos) << help;
    EXPECT_NE(help.find("MODEL"), std::string::npos) << help;
    EXPECT_EQ(MustRun({command, "-h"}), help);
  }
}

TEST(Program, SaysItsVersion) {
  const std::string version = MustRun({"--version"});
  EXPECT_EQ(version.find("frugal "), 0u);
  EXPECT_EQ(Lines(version), 1);
}

TEST(Program, WhatItDoesNotKnowIsWrongUsage) {
  ExpectUsage(RunProgram({"dance"}), "dance");
  ExpectUsage(RunProgram({"--colour"}), "--colour");
  for (const std::string& command : Commands()) {
    std::vector<std::string> args = {command, "model.gguf", "--no-such-option"};
    if (command == "logits") args.insert(args.end(), {"--ids", "1", "--out", "x.npy"});
    const Output output = RunProgram(args);
    ExpectUsage(output, "--no-such-option");
    EXPECT_NE(output.err.find("frugal " + command + " --help"), std::string::npos) << output.err;
  }
  ExpectUsage(RunProgram({"run", "m", "--temp", "warm"}), "--temp");
  ExpectUsage(RunProgram({"run", "m", "-n", "-2"}), "--max-tokens");
  ExpectUsage(RunProgram({"run", "m", "--logit-bias", "x"}), "--logit-bias");
}

TEST(Program, TheLaterOptionWins) {
  // As when an alias holds preferences.
  const Output output = RunProgram({"run", "no/such.gguf", "-n", "1", "-n", "2", "-p", "x"});
  ExpectFailure(output, {"no/such.gguf"});
}

TEST(Program, WithoutAModelItSaysHowToNameOne) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"run"},
                                               {"chat"},
                                               {"inspect"},
                                               {"logits", "--ids", "1", "--out", "x.npy"}}) {
    const Output output = RunProgram(args);
    ExpectFailure(output, {"no model", ".gguf", "config.json"}, /*exit=*/2);
    EXPECT_EQ(output.out, "");
  }
  for (const char* command : {"tokenize", "detokenize", "render"}) {
    ExpectUsage(RunProgram({command}), "MODEL");
  }
}

TEST(Program, AMissingModelIsAFailure) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"run", "no/such.gguf", "-p", "x"},
        {"chat", "no/such.gguf"},
        {"inspect", "no/such.gguf"},
        {"tokenize", "no/such.gguf", "x"},
        {"detokenize", "no/such.gguf", "1"},
        {"render", "no/such.gguf", "--jsonl"},
        {"render", "no/such.gguf.jinja", "--jsonl"},
        {"logits", "no/such.gguf", "--ids", "1", "--out", "no/such.npy"}}) {
    const Output output = RunProgram(args);
    ExpectFailure(output, {"no/such.gguf"});
    EXPECT_EQ(output.out, "");
  }
}

TEST(Program, AFullDiskIsAFailure) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{}, {"--help"}, {"run", "--help"}, {"--version"}}) {
    ExpectFailure(RunProgram({.args = args, .out_path = "/dev/full"}), {"stdout"});
  }
}

TEST(Program, WithoutAStderrItStillFailsInOrder) {
  const Output output = RunProgram({.args = {"inspect", "no/such.gguf"}, .close_stderr = true});
  EXPECT_EQ(output.exit, 1);
  EXPECT_EQ(output.out, "");
}

}  // namespace
}  // namespace frugal
