// frugal run, from the command line to what is printed.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kernels/isa.h"
#include "kernels/kernels.h"
#include "tests/cli/pseudo_terminal.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

using Json = nlohmann::json;

// The published text of the trained checkpoint: 200 greedy tokens.
std::string Story() {
  std::ifstream in(Shared("models/README.md"));
  const std::string readme{std::istreambuf_iterator<char>(in), {}};
  const std::string fence = "```story\n";
  const size_t begin = readme.find(fence);
  if (begin == std::string::npos) return "";
  const size_t end = readme.find("\n```", begin);
  return readme.substr(begin + fence.size(), end - begin - fence.size());
}

class StoryTest : public testing::TestWithParam<int> {};

TEST_P(StoryTest, BothContainersTellThePublishedStory) {
  SKIP_WITHOUT_SHARED("models/README.md");
  const auto isa = static_cast<Isa>(GetParam());
  if (!IsaSupported(isa)) GTEST_SKIP() << "this machine has no " << IsaName(isa);
  ASSERT_NE(Story(), "");
  for (const char* model : {"models/stories260K", "models/stories260K-f32.gguf"}) {
    for (const char* compute : {"auto", "f32"}) {
      const Output output =
          RunProgram({"run", Shared(model), "--raw", "--greedy", "-n", "200", "--isa", IsaName(isa),
                      "--compute", compute, "--threads", "1"});
      EXPECT_EQ(output.exit, 0) << output.err;
      EXPECT_EQ(output.out, Story() + "\n") << model << " " << compute;
      EXPECT_EQ(output.err, "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, StoryTest, testing::Range(0, kNumIsas),
                         [](const auto& param) { return IsaName(static_cast<Isa>(param.param)); });

class RunTest : public testing::Test {
 protected:
  // Answers 'H' for ever.
  std::vector<std::string> Steered(std::vector<std::string> more) const {
    std::vector<std::string> args = {"run", model_.path(), "--greedy", "--logit-bias", "72=1000"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  Json RunJson(std::vector<std::string> args, const std::string& input = "") const {
    args.insert(args.begin(), {"run", model_.path(), "--json"});
    const std::string out = MustRun(args, input);
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
    return Json::parse(out, nullptr, /*allow_exceptions=*/false);
  }

  TinyModel model_;
};

TEST_F(RunTest, PrintsTheAnswerAndNothingElse) {
  EXPECT_EQ(MustRun(Steered({"-p", "Hello", "-n", "4"})), "HHHH\n");
  EXPECT_EQ(MustRun(Steered({"--raw", "-p", "Hello", "-n", "4"})), "HHHH\n");
  EXPECT_EQ(MustRun(Steered({"-p", "Hello", "-n", "0"})), "\n");
}

TEST_F(RunTest, JsonHasTheDocumentedKeys) {
  const Json json =
      RunJson({"-p", "Hello", "-n", "6", "--greedy", "--logit-bias", "72=1000", "--seed", "5"});
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  const std::vector<std::string> expected = {"answer_tokens",
                                             "decode_tokens_per_s",
                                             "finish_reason",
                                             "prefill_seconds",
                                             "prefill_tokens_per_s",
                                             "prompt_tokens",
                                             "seed",
                                             "text",
                                             "tokens"};
  EXPECT_EQ(keys, expected);
  EXPECT_EQ(json["text"], "HHHHHH");
  EXPECT_EQ(json["tokens"], Json(std::vector<int>(6, 'H')));
  EXPECT_EQ(json["answer_tokens"], 6);
  EXPECT_EQ(json["finish_reason"], "length");
  EXPECT_EQ(json["seed"], 5);
  // <|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n
  EXPECT_EQ(json["prompt_tokens"], 1 + 5 + 5 + 1 + 1 + 1 + 10);
  EXPECT_GT(json["prefill_seconds"], 0.0);
  EXPECT_GT(json["prefill_tokens_per_s"], 0.0);
  EXPECT_GT(json["decode_tokens_per_s"], 0.0);
}

TEST_F(RunTest, JsonOfNoTokens) {
  const Json json = RunJson({"-p", "Hello", "-n", "0"});
  EXPECT_EQ(json["text"], "");
  EXPECT_EQ(json["tokens"], Json::array());
  EXPECT_EQ(json["finish_reason"], "length");
}

TEST_F(RunTest, EndOfTextTokensEndTheAnswer) {
  // Both are in generation_config.json; neither is part of the answer.
  for (const char* id : {"262", "257"}) {
    const Json json =
        RunJson({"-p", "Hello", "--greedy", "--logit-bias", id + std::string("=1000")});
    EXPECT_EQ(json["finish_reason"], "stop");
    EXPECT_EQ(json["text"], "");
    EXPECT_EQ(json["tokens"], Json::array());
  }
}

TEST_F(RunTest, ThePromptComesFromThreePlaces) {
  const std::string prompt = "Tell me, \xF0\x9F\x90\xB8: why?";
  const Json expected = RunJson({"--greedy", "-n", "12", "-p", prompt});
  const std::string file = model_.Write("prompt.txt", prompt);
  const std::string file_with_line_break = model_.Write("line.txt", prompt + "\n");
  for (const Json& json : {RunJson({"--greedy", "-n", "12", "-f", file}),
                           RunJson({"--greedy", "-n", "12", "-f", file_with_line_break}),
                           RunJson({"--greedy", "-n", "12"}, prompt),
                           RunJson({"--greedy", "-n", "12"}, prompt + "\n")}) {
    EXPECT_EQ(json["tokens"], expected["tokens"]);
    EXPECT_EQ(json["prompt_tokens"], expected["prompt_tokens"]);
  }
  EXPECT_EQ(RunJson({"--raw", "-n", "1"}, "ab\n\n")["prompt_tokens"], 3);
}

TEST_F(RunTest, RawBeginsWhereTheModelWould) {
  EXPECT_EQ(RunJson({"--raw", "-n", "2"})["prompt_tokens"], 1);  // BOS
  EXPECT_EQ(RunJson({"--raw", "-n", "2", "-p", "abc"})["prompt_tokens"], 3);
  EXPECT_EQ(RunJson({"--raw", "-n", "2", "-p", "<s>a<|im_end|>"})["prompt_tokens"], 3);
}

TEST_F(RunTest, ASystemMessageIsInThePrompt) {
  const int64_t without = RunJson({"-n", "1", "-p", "Hi"})["prompt_tokens"];
  const int64_t with = RunJson({"-n", "1", "-p", "Hi", "--system", "Brief!"})["prompt_tokens"];
  EXPECT_EQ(with - without, 1 + 7 + 6 + 2);  // <|im_start|>system\nBrief!<|im_end|>\n
}

TEST_F(RunTest, RawPromptsMayBeAnyBytes) {
  const std::string bytes("\xff\xfe ok \x80\xc3 and \x00 too", 17);
  const std::string file = model_.Write("bytes.txt", bytes);
  EXPECT_EQ(RunJson({"--raw", "-n", "3", "-f", file})["prompt_tokens"], 17);
  EXPECT_EQ(RunJson({"--raw", "-n", "3"}, bytes)["prompt_tokens"], 17);
  // A template's strings are text.
  ExpectFailure(RunProgram({"run", model_.path(), "-n", "3", "-p", "\xff\xfe"}),
                {"user message", "UTF-8", "--raw"});
}

TEST_F(RunTest, BrokenUtf8InTheAnswerIsReplaced) {
  // Byte 0xFF alone is no character.
  EXPECT_EQ(
      MustRun({"run", model_.path(), "-p", "x", "-n", "2", "--greedy", "--logit-bias", "255=1000"}),
      "\xEF\xBF\xBD\xEF\xBF\xBD\n");
}

TEST_F(RunTest, StopStringsEndTheAnswerBeforeThem) {
  // H until its penalty has grown, then I, and so on.
  const std::vector<std::string> mixed = {"-p",       "x",
                                          "-n",       "24",
                                          "--greedy", "--logit-bias",
                                          "72=1000",  "--logit-bias",
                                          "73=900",   "--frequency-penalty",
                                          "30"};
  const std::string text = RunJson(mixed)["text"];
  const size_t at = text.find("IH");
  ASSERT_NE(at, std::string::npos) << text;
  std::vector<std::string> stopped = mixed;
  stopped.insert(stopped.end(), {"--stop", "never", "--stop", "IH"});
  const Json json = RunJson(stopped);
  EXPECT_EQ(json["text"], text.substr(0, at));
  EXPECT_EQ(json["finish_reason"], "stop");
  stopped.insert(stopped.begin(), {"run", model_.path()});
  EXPECT_EQ(MustRun(stopped), text.substr(0, at) + "\n");
}

TEST_F(RunTest, TheSeedDecides) {
  const auto tokens = [&](const char* seed) {
    return RunJson(
        {"-p", "x", "-n", "16", "--temp", "3", "--top-p", "1", "--seed", seed})["tokens"];
  };
  EXPECT_EQ(tokens("1"), tokens("1"));
  EXPECT_NE(tokens("1"), tokens("2"));
  // A fresh seed is reported, and gives the answer again.
  const Json fresh = RunJson({"-p", "x", "-n", "16", "--temp", "3"});
  const Json again =
      RunJson({"-p", "x", "-n", "16", "--temp", "3", "--seed", fresh["seed"].dump()});
  EXPECT_EQ(fresh["tokens"], again["tokens"]);
}

TEST_F(RunTest, ThreadsAndContainersChangeNothing) {
  const Json one = RunJson({"-p", "Hello", "-n", "24", "--greedy", "--threads", "1"});
  EXPECT_EQ(RunJson({"-p", "Hello", "-n", "24", "--greedy", "--threads", "3"})["tokens"],
            one["tokens"]);
  const std::string gguf = model_.WriteGgufFile();
  const std::string out =
      MustRun({"run", "-m", gguf, "--json", "-p", "Hello", "-n", "24", "--greedy"});
  EXPECT_EQ(Json::parse(out)["tokens"], one["tokens"]);
  EXPECT_EQ(Json::parse(out)["prompt_tokens"], one["prompt_tokens"]);
}

TEST_F(RunTest, TheContextEndsTheAnswer) {
  const Json json = RunJson({"-p", "Hello", "--ctx", "40", "--greedy", "--logit-bias", "72=1000"});
  EXPECT_EQ(json["finish_reason"], "length");
  EXPECT_EQ(json["prompt_tokens"].get<int>() + json["answer_tokens"].get<int>(), 40);
  ExpectFailure(RunProgram({"run", model_.path(), "-p", "Hello", "--ctx", "8"}), {"--ctx", "8"});
}

TEST_F(RunTest, FailuresSayWhatToDo) {
  ExpectFailure(RunProgram({"run", model_.path()}), {"no prompt", "-p", "--raw"});
  ExpectFailure(RunProgram({"run", model_.path(), "-f", model_.Path("none.txt")}),
                {model_.Path("none.txt")});
  ExpectFailure(RunProgram({"run", model_.path(), "-p", "x", "--logit-bias", "263=1"}),
                {"263", "262"});
  ExpectUsage(RunProgram({"run", model_.path(), "-p", "x", "-f", "y"}), "--file");

  model_.Remove("tokenizer_config.json");
  ExpectFailure(RunProgram({"run", model_.path(), "-p", "x"}), {model_.path(), "--raw"});
  model_.Remove("tokenizer.json");
  ExpectFailure(RunProgram({"run", model_.path(), "--raw", "-p", "x"}),
                {model_.path(), "tokenizer"});
}

TEST_F(RunTest, AForbiddenVocabularyIsAFailure) {
  std::vector<std::string> args = {"run", model_.path(), "-p", "x"};
  for (int id = 0; id < kTinyVocab; ++id) {
    args.insert(args.end(), {"--logit-bias", std::to_string(id) + "=-inf"});
  }
  ExpectFailure(RunProgram(args), {"logit_bias"});
}

TEST_F(RunTest, AFullDiskIsAFailure) {
  const Output output =
      RunProgram({.args = Steered({"-p", "x", "-n", "4"}), .out_path = "/dev/full"});
  ExpectFailure(output, {"stdout"});
  const Output json =
      RunProgram({.args = Steered({"-p", "x", "-n", "4", "--json"}), .out_path = "/dev/full"});
  ExpectFailure(json, {"stdout"});
}

TEST_F(RunTest, ATerminalSeesProgressAndSpeed) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal({.args = Steered({"-p", "x", "-n", "4"})});
  terminal.WaitFor("loading " + model_.path());
  terminal.WaitFor("HHHH");
  terminal.WaitFor("/s");
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(RunTest, CtrlCKeepsWhatThereIsAndIsSeenByScripts) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  // An answer far too long to be over before the key is pressed.
  std::string config = model_.Read("config.json");
  const std::string from = "\"max_position_embeddings\": 512";
  ASSERT_NE(config.find(from), std::string::npos);
  config.replace(config.find(from), from.size(), "\"max_position_embeddings\": 30000");
  model_.Write("config.json", config);
  PseudoTerminal terminal({.args = Steered({"-p", "x"})});
  terminal.WaitFor("HHHH");
  terminal.Type("\x03");
  EXPECT_EQ(terminal.Wait(), 130);
  EXPECT_NE(terminal.screen().find("/s"), std::string::npos);
}

}  // namespace
}  // namespace frugal
