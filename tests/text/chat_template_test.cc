#include "text/chat_template.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "formats/gguf.h"
#include "formats/json.h"
#include "tests/formats/format_test_util.h"
#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

std::tm CasesClock() {
  std::tm now{};
  now.tm_year = 126;  // 2026-01-15 00:00:00
  now.tm_mday = 15;
  return now;
}

Json VariablesOf(const Json& test_case) {
  Json variables = {
      {"messages", test_case["messages"]}, {"tools", test_case["tools"]}, {"documents", nullptr}};
  for (const auto& [key, value] : test_case["kwargs"].items()) variables[key] = value;
  return variables;
}

// Every published template renders every conversation to the byte, or fails as it does in Python.
TEST(ChatTemplateTest, PublishedTemplates) {
  SKIP_WITHOUT_SHARED("data/chat_templates/cases.jsonl");
  std::map<std::string, ChatTemplate> templates;
  std::ifstream file(Shared("data/chat_templates/cases.jsonl"));
  int cases = 0;
  int errors = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto parsed = ParseJson(line, "cases.jsonl");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    const Json& test_case = *parsed;
    const std::string name = test_case["template"];
    const std::string label = name + ": " + test_case["case"].get<std::string>();
    if (templates.count(name) == 0) {
      Json kwargs;
      auto loaded = LoadChatTemplate(Shared("data/chat_templates/" + name), &kwargs);
      ASSERT_TRUE(loaded.ok()) << loaded.status().message();
      templates.emplace(name, *std::move(loaded));
    }
    const auto text = templates.at(name).Render(VariablesOf(test_case), CasesClock());
    if (!test_case["expected"].is_null()) {
      ASSERT_TRUE(text.ok()) << label << "\n" << text.status().message();
      EXPECT_EQ(*text, test_case["expected"].get<std::string>()) << label;
      continue;
    }
    ++errors;
    ASSERT_FALSE(text.ok()) << label << "\n" << *text;
    EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
    if (test_case["error_type"] == "TemplateError") {
      EXPECT_EQ(text.status().message(), test_case["error"].get<std::string>()) << label;
    } else {
      EXPECT_NE(text.status().message().find(name + ":"), std::string::npos) << label;
    }
  }
  EXPECT_GE(cases, 1231);
  EXPECT_GE(errors, 81);
}

TEST(ChatTemplateTest, MessagesNameTheTemplate) {
  EXPECT_EQ(ChatTemplate::Parse("{{", "dir/x.jinja").status().message(),
            "dir/x.jinja:1:1: this tag is not closed: expected '}}'");
  const auto parsed = ChatTemplate::Parse("\n {{ messages[0].x.y }}", "x.jinja");
  ASSERT_TRUE(parsed.ok());
  const auto text = parsed->Render({{"messages", Json::array({Json::object()})}}, CasesClock());
  EXPECT_EQ(text.status().message(), "x.jinja:2:18: 'dict object' has no attribute 'x'");
  EXPECT_EQ(parsed->Render(Json::array(), CasesClock()).status().message(),
            "x.jinja: expected the variables as a JSON object, found array");
}

TEST(ChatTemplateTest, RaisedMessagesComeAsTheyAre) {
  const auto parsed = ChatTemplate::Parse("{{ raise_exception('No\\n\"system\" role!') }}", "x");
  ASSERT_TRUE(parsed.ok());
  const auto text = parsed->Render(Json::object(), CasesClock());
  EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(text.status().message(), "No\n\"system\" role!");
}

TEST(ChatTemplateTest, RefusesWhatIsNoText) {
  EXPECT_EQ(ChatTemplate::Parse("ab\xFF", "x").status().message(),
            "x: expected UTF-8 text, found an invalid byte at offset 2");
  const auto large = ChatTemplate::Parse(std::string((1 << 20) + 1, 'a'), "x");
  EXPECT_EQ(large.status().code(), StatusCode::kResourceExhausted);
  // A lone surrogate can be made and measured, but not written.
  EXPECT_EQ(Outcome("{{ '\\ud83d'|length }}"), "1");
  EXPECT_NE(Outcome("{{ '\\ud83d' }}").find("surrogate"), std::string::npos);
}

TEST(ChatTemplateTest, NulBytesAreText) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(Outcome(nul), nul);
  EXPECT_EQ(Outcome(std::string("{{ \0 }}", 7)),
            "error: snippet:1:4: unexpected control character 0x00 in a tag");
}

TEST(ChatTemplateTest, ManyThreadsShareOne) {
  const auto parsed = ChatTemplate::Parse(
      "{% macro m(x) %}<{{ x|upper }}>{% endmacro %}{% for q in l %}{{ m(q ~ 'lit') }}{% endfor %}",
      "x");
  ASSERT_TRUE(parsed.ok());
  std::vector<std::string> texts(4);
  std::vector<std::thread> threads;
  for (std::string& text : texts) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto rendered = parsed->Render({{"l", {"a", "b"}}}, CasesClock());
        text = rendered.ok() ? *rendered : rendered.status().message();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts) EXPECT_EQ(text, "<ALIT><BLIT>");
}

// --- Loading

std::string LoadAndRender(const std::string& model, bool with_tools = false,
                          Json* kwargs = nullptr) {
  Json own;
  if (kwargs == nullptr) kwargs = &own;
  const auto loaded = LoadChatTemplate(model, kwargs, with_tools);
  if (!loaded.ok()) return "error: " + loaded.status().message();
  const auto text = loaded->Render(*kwargs, CasesClock());
  return text.ok() ? *text : "error: " + text.status().message();
}

TEST(LoadChatTemplateTest, PrefersTheFile) {
  const TempDir dir;
  dir.Write("tokenizer_config.json",
            R"({"chat_template": "config {{ bos_token }}", "bos_token": "<s>"})");
  EXPECT_EQ(LoadAndRender(dir.path()), "config <s>");
  dir.Write("chat_template.json", R"({"chat_template": "json {{ bos_token }}"})");
  EXPECT_EQ(LoadAndRender(dir.path()), "json <s>");
  dir.Write("chat_template.jinja", "jinja {{ bos_token }}\n");
  EXPECT_EQ(LoadAndRender(dir.path()), "jinja <s>");
  EXPECT_EQ(LoadAndRender(dir.Path("chat_template.jinja")), "jinja ");
}

TEST(LoadChatTemplateTest, ReadsSpecialTokens) {
  const TempDir dir;
  dir.Write("chat_template.jinja", "x");
  dir.Write("tokenizer_config.json",
            R"({"bos_token": {"__type": "AddedToken", "content": "<s>"}, "eos_token": "</s>",
                "pad_token": null, "model_max_length": 5})");
  dir.Write("special_tokens_map.json",
            R"({"eos_token": "other", "pad_token": {"content": "<pad>"}, "unk_token": "<unk>"})");
  Json kwargs = {{"stale", 1}};
  EXPECT_EQ(LoadAndRender(dir.path(), false, &kwargs), "x");
  EXPECT_EQ(kwargs, Json::parse(R"({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                                    "pad_token": "<pad>"})"));
  dir.Write("tokenizer_config.json", R"({"bos_token": 5})");
  EXPECT_EQ(LoadAndRender(dir.path()),
            "error: " + dir.Path("tokenizer_config.json") +
                ": bos_token: expected a string or an object with 'content'");
}

TEST(LoadChatTemplateTest, ChoosesAmongNamedTemplates) {
  const TempDir dir;
  dir.Write("tokenizer_config.json",
            R"({"chat_template": [{"name": "default", "template": "d"},
                                  {"name": "tool_use", "template": "t"}]})");
  EXPECT_EQ(LoadAndRender(dir.path()), "d");
  EXPECT_EQ(LoadAndRender(dir.path(), /*with_tools=*/true), "t");
  dir.Write("tokenizer_config.json",
            R"({"chat_template": [{"name": "default", "template": "d"}]})");
  EXPECT_EQ(LoadAndRender(dir.path(), /*with_tools=*/true), "d");
  dir.Write("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "r"}]})");
  EXPECT_NE(LoadAndRender(dir.path()).find("no template is named 'default'"), std::string::npos);
  dir.Write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  EXPECT_NE(LoadAndRender(dir.path()).find("expected a string or a list"), std::string::npos);
  dir.Write("chat_template.jinja", "file");
  std::filesystem::create_directory(dir.Path("additional_chat_templates"));
  dir.Write("additional_chat_templates/tool_use.jinja", "tools file");
  EXPECT_EQ(LoadAndRender(dir.path()), "file");
  EXPECT_EQ(LoadAndRender(dir.path(), /*with_tools=*/true), "tools file");
}

TEST(LoadChatTemplateTest, SaysWhatIsMissingOrBroken) {
  const TempDir dir;
  Json kwargs;
  EXPECT_EQ(LoadChatTemplate(dir.path(), &kwargs).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(LoadChatTemplate(dir.Path("absent"), &kwargs).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(LoadChatTemplate(dir.Path("absent.gguf"), &kwargs).status().code(),
            StatusCode::kNotFound);
  dir.Write("tokenizer_config.json", R"({"chat_template": null})");
  EXPECT_EQ(LoadChatTemplate(dir.path(), &kwargs).status().code(), StatusCode::kNotFound);
  dir.Write("tokenizer_config.json", R"({"chat_template": 5})");
  EXPECT_EQ(LoadChatTemplate(dir.path(), &kwargs).status().code(), StatusCode::kCorrupt);
  dir.Write("tokenizer_config.json", R"({"chat_template": "{% if %}"})");
  EXPECT_NE(LoadAndRender(dir.path())
                .find("tokenizer_config.json: chat_template:1:7: expected an expression"),
            std::string::npos);
  dir.Write("tokenizer_config.json", "[]");
  EXPECT_EQ(LoadChatTemplate(dir.path(), &kwargs).status().code(), StatusCode::kCorrupt);
  dir.Write("tokenizer_config.json", "{");
  EXPECT_EQ(LoadChatTemplate(dir.path(), &kwargs).status().code(), StatusCode::kCorrupt);
}

TEST(LoadChatTemplateTest, ReadsGguf) {
  const TempDir dir;
  const std::string path = dir.Path("model.gguf");
  Metadata metadata;
  metadata.values = {
      {"general.architecture", std::string("llama")},
      {"tokenizer.ggml.tokens", std::vector<std::string>{"<unk>", "<s>", "</s>"}},
      {"tokenizer.ggml.bos_token_id", int64_t{1}},
      {"tokenizer.ggml.eos_token_id", int64_t{2}},
      {"tokenizer.ggml.unknown_token_id", int64_t{0}},
      {"tokenizer.chat_template", std::string("{{ bos_token }}d{{ eos_token }}{{ pad_token }}")},
      {"tokenizer.chat_template.tool_use", std::string("{{ bos_token }}t")}};
  ASSERT_TRUE(WriteGguf(path, metadata, {}).ok());
  Json kwargs;
  EXPECT_EQ(LoadAndRender(path, false, &kwargs), "<s>d</s>");
  EXPECT_EQ(kwargs,
            Json::parse(R"({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})"));
  EXPECT_EQ(LoadAndRender(path, /*with_tools=*/true), "<s>t");

  metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{3};
  ASSERT_TRUE(WriteGguf(path, metadata, {}).ok());
  EXPECT_EQ(LoadAndRender(path),
            "error: " + path + ": tokenizer.ggml.bos_token_id: expected an id below 3, found 3");
  metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{1};
  metadata.values.erase("tokenizer.chat_template");
  ASSERT_TRUE(WriteGguf(path, metadata, {}).ok());
  EXPECT_EQ(LoadChatTemplate(path, &kwargs).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace frugal
