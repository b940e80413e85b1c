// frugal chat at a terminal, and in a script.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cli/pseudo_terminal.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

constexpr const char* kCtrlC = "\x03";
constexpr const char* kCtrlD = "\x04";
constexpr const char* kBackspace = "\x7f";
constexpr const char* kUp = "\033[A";

class ChatTest : public testing::Test {
 protected:
  ChatTest() {
    // Room for answers that are far too long to be over before a key is pressed.
    std::string config = model_.Read("config.json");
    const std::string from = "\"max_position_embeddings\": 512";
    EXPECT_NE(config.find(from), std::string::npos);
    config.replace(config.find(from), from.size(), "\"max_position_embeddings\": 30000");
    model_.Write("config.json", config);
  }

  // Answers 'H' for ever; the files it keeps are in the model's folder.
  Call Steered(std::vector<std::string> more) const {
    Call call;
    call.args = {"chat", model_.path(), "--greedy", "--logit-bias", "72=1000"};
    call.args.insert(call.args.end(), more.begin(), more.end());
    call.env = {{"XDG_STATE_HOME", model_.Path("state")}};
    return call;
  }

  static void Leave(PseudoTerminal* terminal) {
    terminal->Type("/exit\r");
    EXPECT_EQ(terminal->Wait(), 0);
  }

  TinyModel model_;
};

// ---- In a script --------------------------------------------------------------------------------

TEST_F(ChatTest, AScriptGetsOneAnswerPerLine) {
  Call call = Steered({"-n", "3"});
  call.input = "Hello\n\nAnd now?\n/exit\nnot reached\n";
  const Output output = RunProgram(call);
  EXPECT_EQ(output.exit, 0) << output.err;
  EXPECT_EQ(output.out, "HHH\nHHH\n");
  // Notes, bare of colour, on stderr.
  EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 2) << output.err;
  EXPECT_NE(output.err.find("prompt tokens at "), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("3 tokens at "), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("length limit"), std::string::npos) << output.err;
  EXPECT_EQ(output.err.find('\033'), std::string::npos) << output.err;
  EXPECT_FALSE(std::filesystem::exists(model_.Path("state")));
}

TEST_F(ChatTest, AScriptSeesThatATurnFailed) {
  Call call = Steered({"-n", "2", "--system", "S"});
  call.input = "one\ntwo \\\nlines\ndump\nnot reached\n";
  const Output output = RunProgram(call);
  EXPECT_EQ(output.exit, 1);
  EXPECT_EQ(output.out, "HH\nHH\n");
  EXPECT_NE(output.err.find("frugal: error: S|one|HH|two \\x0Alines|HH|dump\n"), std::string::npos)
      << output.err;
}

TEST_F(ChatTest, AFullDiskIsAFailure) {
  Call call = Steered({"-n", "2"});
  call.input = "Hello\n";
  call.out_path = "/dev/full";
  ExpectFailure(RunProgram(call), {"stdout"});
}

TEST_F(ChatTest, AModelWithoutATemplateOrTokenizerCannotChat) {
  model_.Remove("tokenizer_config.json");
  ExpectFailure(RunProgram(Steered({})), {model_.path(), "--raw"});
  model_.Remove("tokenizer.json");
  ExpectFailure(RunProgram(Steered({})), {model_.path(), "tokenizer"});
}

// ---- At a terminal ------------------------------------------------------------------------------

TEST_F(ChatTest, ATerminalSeesTheAnswerAndItsSpeed) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "5"}));
  terminal.WaitFor("/help");
  terminal.WaitForPrompt();
  terminal.Type("Hello\r");
  terminal.WaitFor("HHHHH");
  terminal.WaitFor("\033[2m");  // dimmed
  terminal.WaitFor("5 tokens at ");
  terminal.WaitForPrompt();
  terminal.Type(kCtrlD);
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(ChatTest, NoColorIsObeyed) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  Call call = Steered({"-n", "2"});
  call.env["NO_COLOR"] = "1";
  PseudoTerminal terminal(call);
  terminal.WaitForPrompt();
  terminal.Type("Hello\r");
  terminal.WaitFor("2 tokens at ");
  Leave(&terminal);
  EXPECT_EQ(terminal.screen().find("\033[2m"), std::string::npos);
}

TEST_F(ChatTest, StdoutHoldsTheAnswersOnly) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  Call call = Steered({"-n", "3"});
  call.out_path = model_.Path("out.txt");
  PseudoTerminal terminal(call);
  terminal.WaitForPrompt();
  terminal.Type("Hello\r");
  terminal.WaitFor("3 tokens at ");
  Leave(&terminal);
  EXPECT_EQ(model_.Read("out.txt"), "HHH\n");
}

TEST_F(ChatTest, CtrlCStopsTheAnswerAndNotTheProgram) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({}));
  terminal.WaitForPrompt();
  terminal.Type("Go on\r");
  terminal.WaitFor("HHHHHHHH");
  terminal.Type(kCtrlC);
  terminal.WaitFor("stopped; ");
  terminal.WaitForPrompt();
  // What was answered until then is part of the conversation.
  terminal.Type("dump\r");
  terminal.WaitFor("frugal: error: Go on|HHHHHHHH");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, CtrlCAtThePromptDropsTheLine) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "2"}));
  terminal.WaitForPrompt();
  terminal.Type("first\\\r");
  terminal.WaitForPrompt("… ");
  terminal.Type("second");
  terminal.WaitFor("second");
  terminal.Type(kCtrlC);
  terminal.WaitFor("Ctrl-D leaves");
  terminal.WaitForPrompt();
  terminal.Type("dump\r");
  terminal.WaitFor("frugal: error: dump\r\n");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, LinesCanBeEdited) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "2"}));
  terminal.WaitForPrompt();
  // A whole character goes, however many bytes it has.
  terminal.Type(std::string("dumpx\xC3\xA9\xE2\x82\xAC") + kBackspace + kBackspace + kBackspace +
                "\r");
  terminal.WaitFor("frugal: error: dump\r\n");
  terminal.WaitForPrompt();
  terminal.Type("ump\x01\x64\r");  // Ctrl-A: to the line's begin, then 'd'
  terminal.WaitFor("frugal: error: dump\r\n");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, TypedTextArrivesWhole) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "1"}));
  terminal.WaitForPrompt();
  terminal.Type("Grüße, 世界 \xF0\x9F\x90\xB8\r");
  terminal.WaitFor("1 tokens at ");
  terminal.WaitForPrompt();
  terminal.Type("dump\r");
  terminal.WaitFor("frugal: error: Grüße, 世界 \xF0\x9F\x90\xB8|H|dump\r\n");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, CommandsChangeTheConversation) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "2", "--system", "old"}));
  const auto type = [&](const std::string& line, const std::string& answer) {
    terminal.WaitForPrompt();
    terminal.Type(line + "\r");
    terminal.WaitFor(answer);
  };
  type("one", "2 tokens at ");
  type("dump", "frugal: error: old|one|HH|dump\r\n");
  type("/again", "2 tokens at ");
  type("dump", "frugal: error: old|one|HH|dump\r\n");
  type("/reset", "forgotten");
  type("/again", "nothing to answer again");
  type("dump", "frugal: error: old|dump\r\n");
  type("/system new rules", "set");
  type("dump", "frugal: error: new rules|dump\r\n");
  type("/system", "no system message");
  type("dump", "frugal: error: dump\r\n");
  type("/nope", "unknown command /nope; /help");
  type("/help", "/system TEXT");
  terminal.WaitForPrompt();
  terminal.Type("a\\\r");
  terminal.WaitForPrompt("… ");
  terminal.Type("b\r");
  terminal.WaitFor("2 tokens at ");
  type("dump", "frugal: error: a\\x0Ab|HH|dump\r\n");
  terminal.WaitForPrompt();
  terminal.Type("/quit\r");
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(ChatTest, AFailedTurnLeavesTheConversationAsItWas) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  PseudoTerminal terminal(Steered({"-n", "2", "--ctx", "60"}));
  const auto type = [&](const std::string& line, const std::string& answer) {
    terminal.WaitForPrompt();
    terminal.Type(line + "\r");
    terminal.WaitFor(answer);
  };
  type("one", "2 tokens at ");
  // Does not fit the context.
  type(std::string(80, 'x'), "frugal: error: ");
  type("dump", "frugal: error: one|HH|dump\r\n");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, TheHistoryIsKept) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  {
    PseudoTerminal terminal(Steered({"-n", "1"}));
    terminal.WaitForPrompt();
    terminal.Type("dump\r");
    terminal.WaitFor("frugal: error: dump");
    terminal.WaitForPrompt();
    terminal.Type(kUp);
    terminal.WaitFor("dump");
    terminal.Type("\r");
    terminal.WaitFor("frugal: error: dump");
    terminal.WaitForPrompt();
    terminal.Type(kCtrlD);
    EXPECT_EQ(terminal.Wait(), 0);
  }
  EXPECT_NE(model_.Read("state/frugal/chat_history").find("dump"), std::string::npos);
  PseudoTerminal terminal(Steered({"-n", "1"}));
  terminal.WaitForPrompt();
  terminal.Type(std::string(kUp) + "\r");
  terminal.WaitFor("frugal: error: dump");
  terminal.WaitForPrompt();
  Leave(&terminal);
}

TEST_F(ChatTest, WithoutXdgTheHistoryIsInTheHomeFolder) {
  if (!PseudoTerminal::Available()) GTEST_SKIP() << kNoTerminals;
  Call call = Steered({"-n", "1"});
  call.env = {{"XDG_STATE_HOME", ""}, {"HOME", model_.path()}};
  PseudoTerminal terminal(call);
  terminal.WaitForPrompt();
  terminal.Type("dump\r");
  terminal.WaitFor("frugal: error: dump");
  terminal.WaitForPrompt();
  Leave(&terminal);
  EXPECT_NE(model_.Read(".local/state/frugal/chat_history").find("dump"), std::string::npos);
}

}  // namespace
}  // namespace frugal
