#include "text/jinja/parser.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaParser, Goldens) { RunGoldens("parser", 160); }

std::string Repeat(const std::string& text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

// Each of these would nest 100,000 deep.
TEST(JinjaParser, RefusesDeepExpressions) {
  const int n = 100'000;
  const std::string deep[] = {
      Repeat("(", n),
      Repeat("(", n) + "1" + Repeat(")", n),
      Repeat("[", n) + Repeat("]", n),
      Repeat("{1:", n) + "1" + Repeat("}", n),
      Repeat("not ", n) + "1",
      Repeat("-", n) + "1",
      "1" + Repeat(" + 1", n),
      "1" + Repeat(" ** 1", n),
      "1" + Repeat(" and 1", n),
      "1" + Repeat(" or 1", n),
      "a" + Repeat(".b", n),
      "a" + Repeat("[0]", n),
      "a" + Repeat("[", n),
      "a" + Repeat("|e", n),
      "a" + Repeat("()", n),
      "a" + Repeat("(a", n),
      "a" + Repeat(" is odd", n),
      "a" + Repeat(" is eq a", n),
      Repeat("1 if 1 else ", n) + "1",
      "1" + Repeat(" if 1", n),
      "a" + Repeat("[:a", n),
      "a" + Repeat("|e(a", n),
  };
  for (const std::string& source : deep) {
    const auto text = RenderSnippet("{{ " + source + " }}");
    ASSERT_FALSE(text.ok()) << source.substr(0, 40);
    EXPECT_LT(text.status().message().size(), 200u) << source.substr(0, 40);
  }
}

TEST(JinjaParser, TakesLongExpressions) {
  EXPECT_EQ(Outcome("{{ [" + Repeat("1, ", 10'000) + "]|length }}"), "10000");
  EXPECT_EQ(Outcome("{{ ('a'" + Repeat(" ~ 'a'", 10'000) + ")|length }}"), "10001");
  EXPECT_EQ(Outcome("{{ 1" + Repeat(" < 2 > 1", 5'000) + " }}"), "True");
}

TEST(JinjaParser, ErrorsNameTheirPlace) {
  EXPECT_EQ(Outcome("a\n{{ 1 + }}"), "error: snippet:2:8: expected an expression, found '}}'");
  EXPECT_EQ(Outcome("{{ s|nosuch }}"), "error: snippet:1:6: there is no filter named 'nosuch'");
  EXPECT_EQ(Outcome("{{ s is nosuch }}"), "error: snippet:1:9: there is no test named 'nosuch'");
  EXPECT_EQ(Outcome("{{ f(a=1, 2) }}"),
            "error: snippet:1:5: invalid syntax for function call expression");
}

}  // namespace
}  // namespace frugal
