#include "text/jinja/text_ops.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::jinja {
namespace {

class TestRuntime : public Runtime {
 public:
  explicit TestRuntime(int64_t bytes = 1 << 20) : Runtime(1 << 20, bytes, std::tm{}) {}
  Value Call(const Value&, const Args&) override { return Value(); }
};

TEST(JinjaTextOps, Replaces) {
  TestRuntime rt;
  EXPECT_EQ(Replace(rt, "banana", "an", "AN", -1), "bANANa");
  EXPECT_EQ(Replace(rt, "banana", "an", "AN", 1), "bANana");
  EXPECT_EQ(Replace(rt, "banana", "an", "", 0), "banana");
  EXPECT_EQ(Replace(rt, "é日", "", "-", -1), "-é-日-");
  EXPECT_EQ(Replace(rt, "é日", "", "-", 2), "-é-日");
  EXPECT_EQ(Replace(rt, "", "", "-", -1), "-");
  EXPECT_EQ(Replace(rt, "", "a", "-", -1), "");
  TestRuntime small(10);
  EXPECT_THROW(Replace(small, "aaaa", "a", "xxx", -1), Failure);
}

TEST(JinjaTextOps, SplitsLines) {
  using Lines = std::vector<std::string_view>;
  EXPECT_EQ(SplitLines("a\nb\r\nc\rd\n", false), (Lines{"a", "b", "c", "d"}));
  EXPECT_EQ(SplitLines("a\r\n\nb", true), (Lines{"a\r\n", "\n", "b"}));
  EXPECT_EQ(SplitLines("a\u2028b\vc", false), (Lines{"a", "b", "c"}));
  EXPECT_EQ(SplitLines("", false), Lines{});
}

TEST(JinjaTextOps, Justifies) {
  TestRuntime rt;
  EXPECT_EQ(Justified(rt, "é", 4, ".", '<'), "é...");
  EXPECT_EQ(Justified(rt, "é", 4, ".", '>'), "...é");
  EXPECT_EQ(Justified(rt, "ab", 5, "日", '^'), "日日ab日");
  EXPECT_EQ(Justified(rt, "a", 4, ".", '^'), ".a..");
  EXPECT_EQ(Justified(rt, "abc", 2, ".", '^'), "abc");
  EXPECT_EQ(Justified(rt, "abc", -5, ".", '<'), "abc");
}

TEST(JinjaTextOps, JudgesCase) {
  TestRuntime rt;
  EXPECT_TRUE(IsLowerText(rt, "ab1") && !IsLowerText(rt, "aB") && !IsLowerText(rt, "1"));
  EXPECT_TRUE(IsUpperText(rt, "AB1") && !IsUpperText(rt, "Ab") && !IsUpperText(rt, "ǅ"));
}

TEST(JinjaTextOps, ReadsIntegers) {
  const auto read = [](std::string_view text, int base) -> std::string {
    Int i = 0;
    return ParseInt(text, base, &i) ? std::to_string(static_cast<int64_t>(i)) : "no";
  };
  EXPECT_EQ(read(" -42 ", 10), "-42");
  EXPECT_EQ(read("+4_2", 10), "42");
  EXPECT_EQ(read("0x1F", 16), "31");
  EXPECT_EQ(read("1f", 16), "31");
  EXPECT_EQ(read("0x_1F", 0), "31");
  EXPECT_EQ(read("0b101", 0), "5");
  EXPECT_EQ(read("00", 0), "0");
  for (const char* bad : {"", "-", "4__2", "_42", "42_", "4.2", "0x1F", "١"}) {
    EXPECT_EQ(read(bad, 10), "no") << bad;
  }
  EXPECT_EQ(read("010", 0), "no");
  EXPECT_EQ(read("0x", 16), "no");
  Int i = 0;
  EXPECT_THROW(ParseInt("170141183460469231731687303715884105728", 10, &i), Failure);
  EXPECT_TRUE(ParseInt("-170141183460469231731687303715884105727", 10, &i));
}

TEST(JinjaTextOps, ReadsFloats) {
  double d = 0;
  EXPECT_TRUE(ParseFloat(" -1_0.5e1 ", &d));
  EXPECT_EQ(d, -105);
  EXPECT_TRUE(ParseFloat("1e999", &d) && std::isinf(d));
  EXPECT_TRUE(ParseFloat("-1e-999", &d) && d == 0 && std::signbit(d));
  EXPECT_TRUE(ParseFloat("Infinity", &d) && std::isinf(d));
  EXPECT_TRUE(ParseFloat("nan", &d) && std::isnan(d));
  for (const char* bad : {"", ".", "e1", "1e", "1_", "1._5", "0x1p3", "1 2", "--1", "infinit"}) {
    EXPECT_FALSE(ParseFloat(bad, &d)) << bad;
  }
}

}  // namespace
}  // namespace frugal::jinja
