#include "cli/options.h"

#include <gtest/gtest.h>

#include "tests/cli/command_line.h"

namespace frugal {
namespace {

// A value of every type, and what a command says about them.
struct Values {
  bool flag = false;
  std::string text = "none";
  int64_t number = 7;
  std::optional<std::string> maybe_text;
  std::optional<int64_t> maybe_number;
  std::optional<float> fraction;
  std::vector<std::string> texts;
  std::vector<int32_t> ids;
};

std::vector<Option> Options(Values* values) {
  return {{.names = "TEXT,-t,--text", .value = &values->text, .help = "some text"},
          {.names = "-f,--flag", .value = &values->flag, .help = "a flag"},
          {.names = "--number", .value = &values->number, .help = "a number", .show_default = true},
          {.names = "--maybe-text", .value = &values->maybe_text, .help = "perhaps text"},
          {.names = "--maybe-number", .value = &values->maybe_number, .help = "perhaps a number"},
          {.names = "--fraction", .value = &values->fraction, .help = "perhaps a fraction"},
          {.names = "--texts", .value = &values->texts, .help = "texts", .value_name = "WORD"},
          {.names = "--ids", .value = &values->ids, .help = "ids", .delimiter = ','}};
}

Values Parsed(const std::vector<std::string>& args) {
  Values values;
  EXPECT_EQ(ParseError(Options(&values), args), "");
  return values;
}

std::string Refusal(const std::vector<std::string>& args) {
  Values values;
  return ParseError(Options(&values), args);
}

TEST(Options, WhatIsNotGivenIsLeftAsItWas) {
  const Values values = Parsed({});
  EXPECT_FALSE(values.flag);
  EXPECT_EQ(values.text, "none");
  EXPECT_EQ(values.number, 7);
  EXPECT_FALSE(values.maybe_text.has_value());
  EXPECT_FALSE(values.maybe_number.has_value());
  EXPECT_FALSE(values.fraction.has_value());
  EXPECT_TRUE(values.texts.empty());
  EXPECT_TRUE(values.ids.empty());
}

TEST(Options, EveryTypeIsRead) {
  const Values values =
      Parsed({"-f", "--text", "a b", "--number", "-3", "--maybe-text", "", "--maybe-number", "0",
              "--fraction", "0.25", "--texts", "x,y", "--ids", "1,2"});
  EXPECT_TRUE(values.flag);
  EXPECT_EQ(values.text, "a b");
  EXPECT_EQ(values.number, -3);
  EXPECT_EQ(values.maybe_text, "");
  EXPECT_EQ(values.maybe_number, 0);
  EXPECT_EQ(values.fraction, 0.25f);
  EXPECT_EQ(values.texts, std::vector<std::string>({"x,y"}));
  EXPECT_EQ(values.ids, std::vector<int32_t>({1, 2}));
}

TEST(Options, TheLastValueCountsAndListsGrow) {
  const Values values = Parsed({"--number", "1", "--number", "2", "--texts", "a", "--texts", "b",
                                "--ids", "1", "--ids", "2,3"});
  EXPECT_EQ(values.number, 2);
  EXPECT_EQ(values.texts, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(values.ids, std::vector<int32_t>({1, 2, 3}));
}

TEST(Options, AListLeavesThePositionalsAlone) {
  const Values values = Parsed({"--texts", "a", "place"});
  EXPECT_EQ(values.texts, std::vector<std::string>({"a"}));
  EXPECT_EQ(values.text, "place");

  std::string first;
  std::vector<int32_t> rest;
  EXPECT_EQ(ParseError({{.names = "FIRST", .value = &first, .help = ""},
                        {.names = "REST", .value = &rest, .help = "", .delimiter = ','}},
                       {"a", "1", "2,3"}),
            "");
  EXPECT_EQ(first, "a");
  EXPECT_EQ(rest, std::vector<int32_t>({1, 2, 3}));
}

TEST(Options, NonsenseIsRefused) {
  EXPECT_NE(Refusal({"--number", "x"}).find("--number"), std::string::npos);
  EXPECT_NE(Refusal({"--number"}).find("--number"), std::string::npos);
  EXPECT_NE(Refusal({"--no-such"}).find("--no-such"), std::string::npos);
  EXPECT_NE(Refusal({"place", "another"}).find("another"), std::string::npos);
}

TEST(Options, AreCheckedAsDeclared) {
  std::string kind, upper, must, other;
  const auto refusal = [&](const std::vector<std::string>& args) {
    return ParseError({{.names = "--kind", .value = &kind, .help = "", .choices = {"one", "two"}},
                       {.names = "--upper",
                        .value = &upper,
                        .help = "",
                        .check = [](const std::string& text) { return text == "B" ? "not B" : ""; },
                        .choices = {"A", "B"},
                        .ignore_case = true},
                       {.names = "--must", .value = &must, .help = "", .required = true},
                       {.names = "--other", .value = &other, .help = "", .excludes = "--kind"}},
                      args);
  };
  EXPECT_EQ(refusal({"--must", "x", "--kind", "two", "--upper", "a"}), "");
  EXPECT_EQ(kind, "two");
  EXPECT_EQ(refusal({}), "--must is required");
  EXPECT_EQ(refusal({"--must", "x", "--upper", "B"}), "--upper: not B");
  EXPECT_NE(refusal({"--must", "x", "--kind", "Two"}).find("one,two"), std::string::npos);
  EXPECT_EQ(refusal({"--must", "x", "--kind", "one", "--other", "y"}), "--kind excludes --other");
}

TEST(RunCommandLine, GivesTheCommandsExitStatus) {
  const Program program = {.about = "About.",
                           .version = "frugal 1",
                           .commands = {{.name = "one", .about = "", .run = [] { return 11; }},
                                        {.name = "two", .about = "", .run = [] { return 12; }}}};
  EXPECT_EQ(RunCommandLine(program, {"one"}), 11);
  EXPECT_EQ(RunCommandLine(program, {"two"}), 12);
}

TEST(RunCommandLine, HelpHasGroupsDefaultsAndExamples) {
  Values values;
  std::vector<Option> options = Options(&values);
  options.back().group = "Apart";
  const Program program = {.about = "About.",
                           .version = "frugal 1",
                           .commands = {{.name = "test",
                                         .about = "Tests.",
                                         .options = options,
                                         .footer = "Example: none",
                                         .run = [] { return 11; }}}};
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunCommandLine(program, {"test", "--help"}), 0);
  const std::string help = testing::internal::GetCapturedStdout();
  for (const char* part : {"Tests.", "\n\nUsage: frugal test", "\n\nApart:\n", "=7",
                           "Example: none", "--texts WORD"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << " in:\n" << help;
  }
  EXPECT_EQ(help.find("\n\n\n"), std::string::npos) << help;

  testing::internal::CaptureStdout();
  EXPECT_EQ(RunCommandLine(program, {"--version"}), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "frugal 1\n");
}

TEST(RefuseUsage, SaysWhereHelpIs) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(RefuseUsage("run", "no"), 2);
  EXPECT_EQ(RefuseUsage("", "what"), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "frugal: error: no\nSee: frugal run --help\n"
            "frugal: error: what\nSee: frugal --help\n");
}

}  // namespace
}  // namespace frugal
