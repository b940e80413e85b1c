#include "text/output/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace frugal::output {
namespace {

// Bytes of the value at the front of `text`, fed in pieces; -1 where its end is not seen.
int ValueBytes(std::string_view text, size_t piece) {
  JsonValueScanner scanner;
  size_t total = 0;
  for (size_t at = 0; at < text.size() && !scanner.done(); at += piece) {
    total += scanner.Feed(text.substr(at, piece));
  }
  return scanner.done() ? static_cast<int>(total) : -1;
}

TEST(JsonTextTest, FindsTheEndOfAValue) {
  for (const size_t piece : {1, 2, 3, 100}) {
    EXPECT_EQ(ValueBytes("{} x", piece), 2);
    EXPECT_EQ(ValueBytes(R"({"a": ["}", {"b": "\\"}]}, 1)", piece), 25);
    EXPECT_EQ(ValueBytes(R"("a\"}" })", piece), 6);
    EXPECT_EQ(ValueBytes("12.5e3,", piece), 6);
    EXPECT_EQ(ValueBytes("true}", piece), 4);
    EXPECT_EQ(ValueBytes("null", piece), -1);
    EXPECT_EQ(ValueBytes("{\"a\": {}", piece), -1);
    EXPECT_EQ(ValueBytes("\"ab", piece), -1);
  }
  JsonValueScanner scanner;
  EXPECT_EQ(scanner.Feed("[]"), 2u);
  EXPECT_EQ(scanner.Feed("[]"), 0u);
}

TEST(JsonTextTest, DecodesStrings) {
  EXPECT_EQ(DecodeJsonString(R"("a\n\u00e9\ud83d\ude00")"), "a\né😀");
  EXPECT_EQ(DecodeJsonString(R"("\ud83d")"), std::nullopt);
  EXPECT_EQ(DecodeJsonString("\"a"), std::nullopt);
  EXPECT_EQ(DecodeJsonString("12"), std::nullopt);
  EXPECT_EQ(DecodeJsonString(""), std::nullopt);
}

TEST(JsonTextTest, EscapesWhatStringsMayNotHold) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "é😀";
  EXPECT_EQ(DecodeJsonString(QuoteJson(all)), all);
  EXPECT_EQ(EscapeJson("a\"\\\n\x01/é"), "a\\\"\\\\\\n\\u0001/é");
}

TEST(JsonTextTest, ReadsPython) {
  EXPECT_EQ(PythonToJson(R"({'a': [1, -2.5, (True,)], "b'": None, 'c': 'x\'\n"é\x41\u00e9'})"),
            R"({"a": [1, -2.5, [true]], "b'": null, "c": "x'\n\"éAé"})");
  EXPECT_EQ(PythonToJson(" [] "), "[]");
  EXPECT_EQ(PythonToJson("(1, 2, )"), "[1, 2]");
  for (const char* bad : {"", "[1", "[1 2]", "{1: 2}", "{'a'}", "'a", "abc", "[1] x", "'\\ud800'",
                          "'\\x4'", "nan", "{'a': 1,, }", "'\\"}) {
    EXPECT_EQ(PythonToJson(bad), std::nullopt) << bad;
  }
  EXPECT_NE(PythonToJson(std::string(64, '[') + std::string(64, ']')), std::nullopt);
  EXPECT_EQ(PythonToJson(std::string(66, '[') + std::string(66, ']')), std::nullopt);
}

}  // namespace
}  // namespace frugal::output
