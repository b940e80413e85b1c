#include "text/jinja/lexer.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaLexer, Goldens) { RunGoldens("lexer", 130); }

TEST(JinjaLexer, KnowsLinesAndColumns) {
  const auto lexemes = jinja::Tokenize("é{{ a }}\r\nb\n  {{\n'x'}}");
  std::string places;
  for (const auto& lexeme : lexemes) {
    places += fmt::format("{}@{}:{} ", Describe(lexeme), lexeme.line, lexeme.column);
  }
  EXPECT_EQ(places,
            "text@1:1 '{{'@1:2 'a'@1:5 '}}'@1:7 text@1:9 '{{'@3:3 a string@4:1 '}}'@4:4 "
            "end of template@4:6 ");
}

TEST(JinjaLexer, ErrorsNameTheirPlace) {
  EXPECT_EQ(Outcome("a\n {{ x"), "error: snippet:2:2: this tag is not closed: expected '}}'");
  EXPECT_EQ(Outcome("{# a"), "error: snippet:1:1: this comment is not closed: expected '#}'");
  EXPECT_EQ(Outcome("a{% raw %}"),
            "error: snippet:1:2: this raw block is not closed: expected '{% endraw %}'");
  EXPECT_EQ(Outcome("{{ 'a"), "error: snippet:1:4: this string is not closed: expected '");
  EXPECT_EQ(Outcome("{{ (a] }}"), "error: snippet:1:6: unexpected ']', expected ')'");
  EXPECT_EQ(Outcome("{{ \u20ac }}"), "error: snippet:1:4: unexpected character '\u20ac' in a tag");
}

}  // namespace
}  // namespace frugal
