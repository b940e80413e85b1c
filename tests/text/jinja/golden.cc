#include "tests/text/jinja/golden.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/json.h"

namespace frugal {

std::tm GoldenClock() {
  std::tm now{};
  now.tm_year = 126;
  now.tm_mday = 15;
  now.tm_hour = 13;
  now.tm_min = 5;
  now.tm_sec = 9;
  return now;
}

const nlohmann::ordered_json& GoldenVariables() {
  static const auto variables = ReadJsonFile(TestData("jinja/variables.json"));
  EXPECT_TRUE(variables.ok()) << variables.status().message();
  return *variables;
}

Result<std::string> RenderSnippet(const std::string& source) {
  return RenderSnippet(source, GoldenVariables());
}

Result<std::string> RenderSnippet(const std::string& source,
                                  const nlohmann::ordered_json& variables,
                                  const RenderLimits& limits) {
  const auto chat_template = ChatTemplate::Parse(source, "snippet");
  if (!chat_template.ok()) return chat_template.status();
  return chat_template->Render(variables, GoldenClock(), limits);
}

std::string Outcome(const std::string& source) { return Outcome(source, GoldenVariables()); }

std::string Outcome(const std::string& source, const nlohmann::ordered_json& variables) {
  const auto text = RenderSnippet(source, variables);
  return text.ok() ? *text : "error: " + text.status().message();
}

void RunGoldens(const std::string& group, int at_least) {
  const nlohmann::ordered_json& variables = GoldenVariables();
  std::ifstream file(TestData("jinja/" + group + ".jsonl"));
  ASSERT_TRUE(file.is_open()) << group;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto golden = ParseJson(line, group);
    ASSERT_TRUE(golden.ok()) << golden.status().message();
    const std::string source = (*golden)["template"];
    const auto text = RenderSnippet(source, variables);
    if (golden->contains("text")) {
      ASSERT_TRUE(text.ok()) << source << "\n" << text.status().message();
      EXPECT_EQ(*text, (*golden)["text"].get<std::string>()) << source;
    } else if (golden->contains("raised")) {
      ASSERT_FALSE(text.ok()) << source << "\n" << *text;
      EXPECT_EQ(text.status().message(), (*golden)["raised"].get<std::string>()) << source;
    } else {
      ASSERT_FALSE(text.ok()) << source << "\n" << *text << "\nexpected " << (*golden)["error"];
      // Ours name the place: "snippet:line:column: ".
      EXPECT_TRUE(text.status().message().starts_with("snippet:")) << text.status().message();
    }
  }
  EXPECT_GE(count, at_least);
}

}  // namespace frugal
