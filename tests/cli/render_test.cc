// frugal render.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

TEST(Render, EveryPublishedCaseComesOutExactly) {
  SKIP_WITHOUT_SHARED("data/chat_templates/cases.jsonl");
  std::map<std::string, std::vector<Json>> by_template;
  std::ifstream in(Shared("data/chat_templates/cases.jsonl"));
  for (std::string line; std::getline(in, line);) {
    Json json = Json::parse(line);
    by_template[json["template"]].push_back(std::move(json));
  }
  ASSERT_GE(by_template.size(), 40u);
  for (const auto& [name, cases] : by_template) {
    std::string input;
    for (const Json& json : cases) {
      const Json line = {{"messages", json["messages"]},
                         {"tools", json["tools"]},
                         {"kwargs", json["kwargs"]},
                         {"now", "2026-01-15 00:00:00"}};
      input += line.dump() + "\n";
    }
    std::istringstream lines(
        MustRun({"render", Shared("data/chat_templates/" + name), "--jsonl"}, input));
    for (const Json& json : cases) {
      const std::string what = name + " " + json["case"].get<std::string>();
      std::string line;
      ASSERT_TRUE(std::getline(lines, line)) << what;
      const Json found = Json::parse(line);
      if (json["error"].is_null()) {
        EXPECT_EQ(found, Json({{"text", json["expected"]}})) << what;
      } else if (json["error_type"] == "TemplateError") {
        EXPECT_EQ(found, Json({{"error", json["error"]}})) << what;
      } else if (json["error_type"] == "SecurityError" && found.contains("text")) {
        EXPECT_EQ(found["text"], json["expected_mutable"]) << what;
      } else {
        EXPECT_TRUE(found.contains("error")) << what << ": " << line;
      }
    }
    std::string more;
    EXPECT_FALSE(std::getline(lines, more)) << name << ": " << more;
  }
}

class RenderTest : public testing::Test {
 protected:
  std::string Template(const std::string& text) const { return dir_.Write("t.jinja", text); }
  // The one line of output for one line of input.
  std::string Line(const std::string& text, const std::string& line) const {
    return MustRun({"render", Template(text), "--jsonl"}, line + "\n");
  }

  TempDir dir_;
  std::string messages_ =
      dir_.Write("messages.json", R"([{"role": "user", "content": "Grüße!\n"}])");
};

TEST_F(RenderTest, AModelsTemplateWritesThePrompt) {
  const TinyModel model;
  EXPECT_EQ(MustRun({"render", model.path(), "--messages", messages_}),
            "<|im_start|>user\nGrüße!\n<|im_end|>\n");
  EXPECT_EQ(MustRun({"render", model.path(), "--messages", messages_, "--arg",
                     "add_generation_prompt=true"}),
            "<|im_start|>user\nGrüße!\n<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(MustRun({"render", model.WriteGgufFile(), "--messages", messages_}),
            "<|im_start|>user\nGrüße!\n<|im_end|>\n");
}

TEST_F(RenderTest, ArgsAreJsonOrElseText) {
  const std::string file = Template("{{ a + 1 }} {{ b }} {{ c[1] }} {{ d is none }} {{ e }}");
  EXPECT_EQ(MustRun({"render", file, "--messages", messages_, "--arg", "a=41", "--arg", "b=<s>",
                     "--arg", "c=[1,\"x\"]", "--arg", "d=null", "--arg", "e=k=v"}),
            "42 <s> x True k=v");
  ExpectFailure(RunProgram({"render", file, "--messages", messages_, "--arg", "a"}),
                {"--arg", "name=value"});
}

TEST_F(RenderTest, ToolsAreThereOrNone) {
  const std::string file = Template("{{ tools is none }}{% if tools %}{{ tools[0].n }}{% endif %}");
  const std::string tools = dir_.Write("tools.json", R"([{"n": "search"}])");
  EXPECT_EQ(MustRun({"render", file, "--messages", messages_}), "True");
  EXPECT_EQ(MustRun({"render", file, "--messages", messages_, "--tools", tools}), "Falsesearch");
}

TEST_F(RenderTest, LinesCarryTheirOwnEverything) {
  EXPECT_EQ(Line("{{ messages[0].content }}{{ tools }}{{ k }}",
                 R"({"messages": [{"content": "a"}], "tools": [1], "kwargs": {"k": "é"}})"),
            "{\"text\":\"a[1]é\"}\n");
  EXPECT_EQ(Line("{{ raise_exception('no\\nway') }}", R"({"messages": []})"),
            "{\"error\":\"no\\nway\"}\n");
  EXPECT_EQ(MustRun({"render", Template("x"), "--jsonl"}, ""), "");
}

TEST_F(RenderTest, TheClockCanBeSet) {
  const std::string clock = "{{ strftime_now('%Y-%m-%d %H:%M:%S %A %j') }}";
  EXPECT_EQ(Line(clock, R"({"messages": [], "now": "2026-01-15"})"),
            "{\"text\":\"2026-01-15 00:00:00 Thursday 015\"}\n");
  EXPECT_EQ(Line(clock, R"({"messages": [], "now": "2024-12-31T23:59:58"})"),
            "{\"text\":\"2024-12-31 23:59:58 Tuesday 366\"}\n");
  for (const char* now : {"\"yesterday\"", "\"2026-02-31\"", "\"2026-13-01\"", "\"2026-01-15x\"",
                          "\"2026-01-15 25:00:00\"", "\"2026-01-15 10:00\"", "5", "\"\"",
                          "\"2026-01-15 08:30:00 CET\""}) {
    ExpectFailure(RunProgram({"render", Template(clock), "--jsonl"},
                             std::string("{\"messages\": [], \"now\": ") + now + "}\n"),
                  {"now", "2026-01-15 08:30:00"});
  }
}

TEST_F(RenderTest, ABrokenLineIsNamed) {
  const std::string file = Template("x");
  for (const char* line :
       {"{\"messages\": [", "[]", "{\"tools\": []}", "", "{\"messages\": [], \"kwargs\": 5}"}) {
    const Output output =
        RunProgram({"render", file, "--jsonl"}, std::string("{\"messages\": []}\n") + line + "\n");
    ExpectFailure(output, {"stdin line 2"});
    EXPECT_EQ(output.out, "{\"text\":\"x\"}\n");
  }
}

TEST_F(RenderTest, FailuresAreNamed) {
  const std::string file = Template("a\n{{ nothing.at.all }}");
  ExpectUsage(RunProgram({"render", file}), "--messages");
  ExpectUsage(RunProgram({"render", file, "--messages", messages_, "--jsonl"}), "--messages");
  ExpectFailure(RunProgram({"render", file, "--messages", messages_}), {file, "2"});
  ExpectFailure(RunProgram({"render", file, "--messages", dir_.Path("none.json")}),
                {dir_.Path("none.json")});
  const std::string broken = dir_.Write("broken.json", "[{\"role\": }]");
  ExpectFailure(RunProgram({"render", file, "--messages", broken}), {broken});
  ExpectFailure(RunProgram({"render", file, "--messages", messages_, "--tools", broken}), {broken});
  ExpectFailure(RunProgram({"render", TestData("models/qwen3-plain"), "--messages", messages_}),
                {"qwen3-plain", "template"});
}

TEST_F(RenderTest, AFullDiskIsAFailure) {
  Call call{.args = {"render", Template("x"), "--messages", messages_}, .out_path = "/dev/full"};
  ExpectFailure(RunProgram(call), {"stdout"});
}

}  // namespace
}  // namespace frugal
