#include "text/added_tokens.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

AddedToken Token(int32_t id, const char* content) {
  AddedToken token;
  token.id = id;
  token.content = content;
  return token;
}

// "text" for what is in between, "<id>" for tokens.
std::string Show(const AddedTokenMatcher& matcher, std::string_view text, bool special = true) {
  std::vector<AddedTokenSpan> spans;
  matcher.Split(text, special, &spans);
  std::string out;
  for (const AddedTokenSpan& span : spans) {
    if (!out.empty()) out += "|";
    out += text.substr(span.begin, span.end - span.begin);
    if (span.id >= 0) out += "#" + std::to_string(span.id);
  }
  return out;
}

AddedTokenMatcher Matcher(const std::vector<AddedToken>& tokens) {
  AddedTokenMatcher matcher;
  for (const AddedToken& token : tokens) {
    EXPECT_TRUE(matcher.Add(token, token.content).ok());
  }
  return matcher;
}

TEST(AddedTokens, TakesTheLongestFromLeftToRight) {
  const AddedTokenMatcher matcher = Matcher({Token(1, "ab"), Token(2, "abcd"), Token(3, "cd")});
  EXPECT_EQ(Show(matcher, "xabcdab"), "x|abcd#2|ab#1");
  EXPECT_EQ(Show(matcher, "abcabcd"), "ab#1|c|abcd#2");
  EXPECT_EQ(Show(matcher, "nothing"), "nothing");
  EXPECT_EQ(Show(matcher, ""), "");
}

TEST(AddedTokens, SpecialOnesCanBeText) {
  AddedToken special = Token(1, "<s>x");
  special.special = true;
  const AddedTokenMatcher matcher = Matcher({special, Token(2, "x")});
  EXPECT_EQ(Show(matcher, "a<s>xx", true), "a|<s>x#1|x#2");
  // The one inside it stays hidden.
  EXPECT_EQ(Show(matcher, "a<s>xx", false), "a<s>x|x#2");
}

TEST(AddedTokens, SingleWords) {
  AddedToken word = Token(1, "word");
  word.single_word = true;
  const AddedTokenMatcher matcher = Matcher({word});
  EXPECT_EQ(Show(matcher, "word words sword word"), "word#1| words sword |word#1");
  EXPECT_EQ(Show(matcher, "éword word\u0301 (word) _word 2word"),
            "éword word\u0301 (|word#1|) _word 2word");
}

TEST(AddedTokens, StripsWhiteSpaceAround) {
  AddedToken left = Token(1, "<l>"), right = Token(2, "<r>");
  left.lstrip = true;
  right.rstrip = true;
  const AddedTokenMatcher matcher = Matcher({left, right});
  EXPECT_EQ(Show(matcher, "a \u3000<l> b"), "a| \u3000<l>#1| b");
  EXPECT_EQ(Show(matcher, "a <r> \n b"), "a |<r> \n #2|b");
  EXPECT_EQ(Show(matcher, "<r>  <l>"), "<r>  #2|<l>#1");
}

TEST(AddedTokens, WhatCannotBeFoundIsLeftOut) {
  const AddedTokenMatcher matcher = Matcher({Token(1, ""), Token(2, "\xFF")});
  EXPECT_TRUE(matcher.empty());
  AddedTokenMatcher long_ones;
  EXPECT_EQ(long_ones.Add(Token(1, "x"), std::string(5000, 'x')).code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace frugal
