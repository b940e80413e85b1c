#include "text/regex.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace frugal {
namespace {

Regex Compile(std::string_view pattern, RegexDialect dialect = RegexDialect::kFancy) {
  auto regex = Regex::Compile(pattern, dialect);
  EXPECT_TRUE(regex.ok()) << regex.status().message();
  return *std::move(regex);
}

std::vector<std::string> Matches(std::string_view pattern, std::string_view text,
                                 RegexDialect dialect = RegexDialect::kFancy) {
  const Regex regex = Compile(pattern, dialect);
  RegexScratch scratch;
  RegexMatches matches(regex, text, &scratch);
  std::vector<std::string> out;
  size_t begin, end;
  while (matches.Next(&begin, &end)) out.emplace_back(text.substr(begin, end - begin));
  EXPECT_FALSE(matches.gave_up());
  return out;
}

TEST(Regex, UnicodeIsOn) {
  EXPECT_EQ(Matches(R"(\p{L}+)", "été 日本"), (std::vector<std::string>{"été", "日本"}));
  EXPECT_EQ(Matches("(?i)É", "éÉ"), (std::vector<std::string>{"é", "É"}));
  EXPECT_EQ(Matches(R"(\s)", "a\u180eb c"), (std::vector<std::string>{" "}));
}

TEST(Regex, AnchorsFollowTheDialect) {
  EXPECT_EQ(Matches("b$", "b\nb\n").size(), 0u);
  EXPECT_EQ(Matches("b$", "b\nb\n", RegexDialect::kOniguruma).size(), 2u);
  EXPECT_EQ(Matches("^b", "b\nb").size(), 1u);
  EXPECT_EQ(Matches("^b", "b\nb", RegexDialect::kOniguruma).size(), 2u);
}

TEST(Regex, EmptyMatches) {
  EXPECT_EQ(Matches("x*", "axb"), (std::vector<std::string>{"", "x", ""}));
  EXPECT_EQ(Matches("", "é"), (std::vector<std::string>{"", ""}));
  EXPECT_TRUE(Matches("a", "").empty());
}

TEST(Regex, LookbehindSeesWhatIsBefore) {
  const Regex regex = Compile("(?<=a)b");
  RegexScratch scratch;
  size_t begin, end;
  EXPECT_EQ(regex.Find("ab", 1, &scratch, &begin, &end), Regex::Outcome::kMatch);
  EXPECT_EQ(regex.Find("xb", 1, &scratch, &begin, &end), Regex::Outcome::kNoMatch);
}

TEST(Regex, ErrorsSayWhatIsWrong) {
  for (const char* bad : {"(", "a**", "[z-a]", R"(\p{Nonsense})", "(?<n", "*"}) {
    EXPECT_EQ(Regex::Compile(bad, RegexDialect::kFancy).status().code(), StatusCode::kCorrupt)
        << bad;
  }
  EXPECT_EQ(Regex::Compile(std::string(20000, 'a'), RegexDialect::kFancy).status().code(),
            StatusCode::kUnsupported);
  EXPECT_FALSE(Regex::Compile(std::string(2000, '('), RegexDialect::kFancy).ok());
  EXPECT_FALSE(Regex::Compile("((((((a{1,99}){1,99}){1,99}){1,99}){1,99}){1,99}){1,99}",
                              RegexDialect::kFancy)
                   .ok());
}

TEST(Regex, MatchesOfMegabytes) {
  const Regex regex = Compile("(?:(?!\\p{Han})[\\p{L}\\p{M}]|x)+y?");
  RegexScratch scratch;
  const std::string text(2'000'000, 'a');
  size_t begin = 1, end = 0;
  EXPECT_EQ(regex.Find(text, 0, &scratch, &begin, &end), Regex::Outcome::kMatch);
  EXPECT_EQ(begin, 0u);
  EXPECT_EQ(end, text.size());
}

TEST(Regex, GivesUpOnExponentialPatterns) {
  const Regex regex = Compile("(x+x+)+(?:y|z)");
  RegexScratch scratch;
  size_t begin, end;
  EXPECT_EQ(regex.Find(std::string(64, 'x'), 0, &scratch, &begin, &end), Regex::Outcome::kGaveUp);
}

}  // namespace
}  // namespace frugal
