#include "tests/text/jinja/golden.h"
#include "text/jinja/parser.h"

namespace frugal {
namespace {

TEST(JinjaParserStatements, Goldens) { RunGoldens("parser_statements", 130); }

std::string Nested(const std::string& open, const std::string& close, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += open;
  for (int i = 0; i < n; ++i) out += close;
  return out;
}

TEST(JinjaParserStatements, RefusesDeepBlocks) {
  for (const auto& [open, close] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{% if s %}", "{% endif %}"},
           {"{% for q in numbers %}", "{% endfor %}"},
           {"{% macro m() %}", "{% endmacro %}"},
           {"{% set q %}", "{% endset %}"},
           {"{% with %}", "{% endwith %}"},
           {"{% filter upper %}", "{% endfilter %}"},
           {"{% generation %}", "{% endgeneration %}"},
           {"{% if s %}", ""}}) {
    EXPECT_NE(Outcome(Nested(open, close, 10'000)).find("nested more than"), std::string::npos)
        << open;
  }
  EXPECT_EQ(Outcome(Nested("{% if s %}", "{% endif %}", jinja::kMaxBlockDepth - 1)), "");
}

TEST(JinjaParserStatements, ErrorsSayWhatWasExpected) {
  EXPECT_EQ(Outcome("{% if s %}a"),
            "error: snippet:1:12: the template ends inside a tag's body: expected 'elif' or 'else' "
            "or 'endif'");
  EXPECT_EQ(Outcome("{% for q in s %}{% endif %}"),
            "error: snippet:1:20: unknown or misplaced tag 'endif': expected 'endfor' or 'else'");
  EXPECT_EQ(Outcome("{% nosuch %}"), "error: snippet:1:4: unknown tag 'nosuch'");
  EXPECT_EQ(Outcome("\n{% include 'x' %}"),
            "error: snippet:2:4: 'include' needs another template; a chat template stands alone");
  EXPECT_EQ(Outcome("{% block b %}{% endblock %}"),
            "error: snippet:1:4: the tag 'block' is not supported in chat templates");
}

}  // namespace
}  // namespace frugal
