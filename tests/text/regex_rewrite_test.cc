#include "text/regex_rewrite.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/regex.h"

namespace frugal {
namespace {

std::string Rewrite(std::string_view pattern, RegexDialect dialect = RegexDialect::kOniguruma) {
  auto result = RewriteRegex(pattern, dialect);
  return result.ok() ? *result : "error: " + result.status().message();
}

TEST(RewriteRegex, LeavesWhatMeansTheSame) {
  for (const char* same : {"abc", "(?:a|b)+?", "[a-z0-9_]*+", R"(\p{L}+\P{N})", "(?i:'s|'t)",
                           R"(\d\.\(\r\n)", "(?<=x)(?!y)", R"(\x{4e00}a{2}b{1,3}c{2,})"}) {
    EXPECT_EQ(Rewrite(same), same);
  }
}

TEST(RewriteRegex, Intersections) {
  EXPECT_EQ(Rewrite("[a-z&&[^aeiou]]"), "(?:(?=[^aeiou])[a-z])");
  EXPECT_EQ(Rewrite("[^a&&b]"), "(?:(?!(?:(?=[b])[a]))(?s:.))");
  EXPECT_EQ(Rewrite("[a[bc]d]"), "[abcd]");
  EXPECT_EQ(Rewrite("[a[^bc]]"), "(?:[a]|[^bc])");
}

TEST(RewriteRegex, Repeats) {
  EXPECT_EQ(Rewrite(R"(\d{1,3}+)"), R"((?:\d{1,3})+)");                    // Ruby
  EXPECT_EQ(Rewrite(R"(\d{1,3}+)", RegexDialect::kFancy), R"(\d{1,3}+)");  // possessive
  EXPECT_EQ(Rewrite("(?:ab){2}+"), "(?:(?:ab){2})+");
  EXPECT_EQ(Rewrite("a{,3}"), "a{0,3}");
  EXPECT_EQ(Rewrite("a{x}"), R"(a\{x})");
}

TEST(RewriteRegex, FlagsAreRubys) {
  EXPECT_EQ(Rewrite("(?m:.)"), "(?s:.)");
  EXPECT_EQ(Rewrite("(?m:.)", RegexDialect::kFancy), "(?m:.)");
  EXPECT_EQ(Rewrite("(?mi)a"), "(?si)a");
}

TEST(RewriteRegex, BrokenPatternsAreErrors) {
  for (const char* broken :
       {"[abc", "a\\", R"(\p{L)", R"([\p{L)", "[a&&]", R"(\u{41)", R"(\u00)"}) {
    EXPECT_EQ(RewriteRegex(broken, RegexDialect::kOniguruma).status().code(), StatusCode::kCorrupt)
        << broken;
  }
  const std::string deep(1000, '[');
  EXPECT_FALSE(RewriteRegex(deep, RegexDialect::kOniguruma).ok());
}

// The published patterns and the corners of the dialect, against Oniguruma itself.
TEST(RewriteRegex, MatchesWhatOnigurumaMatches) {
  RegexScratch scratch;
  for (const auto& row : ReadJsonLines(TestData("tokenizer/split_cases.jsonl"))) {
    auto regex = Regex::Compile(row["pattern"].get<std::string>(), RegexDialect::kOniguruma);
    ASSERT_TRUE(regex.ok()) << row["pattern"] << ": " << regex.status().message();
    const auto text = row["text"].get<std::string>();
    std::vector<std::string> pieces;
    RegexMatches matches(*regex, text, &scratch);
    size_t at = 0, begin, end;
    auto add = [&](size_t from, size_t to) {
      if (from < to) pieces.push_back(text.substr(from, to - from));
    };
    while (matches.Next(&begin, &end)) {
      add(at, begin);
      add(begin, end);
      at = end;
    }
    add(at, text.size());
    EXPECT_EQ(pieces, row["pieces"].get<std::vector<std::string>>())
        << row["pattern"] << " of " << row["text"];
  }
}

}  // namespace
}  // namespace frugal
