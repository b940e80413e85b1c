#include "text/jinja/json_text.h"

#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaJsonText, Goldens) { RunGoldens("json_text", 70); }

TEST(JinjaJsonText, KeepsWhatCameIn) {
  const std::string text =
      R"({"b": [1, -2, 2.5, 1e+30, 18446744073709551615, true, null], "a": {"é\n\"": {}}, "": "😀"})";
  const auto json = ParseJson(text, "test");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(Outcome("{{ v|tojson }}", {{"v", *json}}), text);
}

TEST(JinjaJsonText, RefusesTextThatIsNotUtf8) {
  const std::string message = Outcome("{{ v }}", {{"v", {{"k", "a\xFF"}}}});
  EXPECT_NE(message.find("variable 'v': expected UTF-8"), std::string::npos) << message;
  EXPECT_NE(Outcome("{{ v }}", {{"v", {{"\xC3", 1}}}}).find("UTF-8"), std::string::npos);
}

TEST(JinjaJsonText, RefusesDeepJson) {
  nlohmann::ordered_json deep = 1;
  for (int i = 0; i < 2000; ++i) deep = nlohmann::ordered_json::array({std::move(deep)});
  const auto text = RenderSnippet("{{ v }}", {{"v", std::move(deep)}});
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace frugal
