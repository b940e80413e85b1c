#include "formats/metadata.h"

#include <gtest/gtest.h>

#include <limits>

namespace frugal {
namespace {

using Ints = std::vector<int64_t>;
using Doubles = std::vector<double>;
using Strings = std::vector<std::string>;

constexpr double kInf = std::numeric_limits<double>::infinity();

Metadata Sample() {
  Metadata m;
  m.values = {
      {"null", MetaNull()},
      {"yes", true},
      {"int", int64_t{-7}},
      {"big", uint64_t{1} << 63},
      {"million", 1e6},
      {"half", 0.5},
      {"two_to_63", 9223372036854775808.0},
      {"min", -9223372036854775808.0},
      {"inf", kInf},
      {"nan", std::numeric_limits<double>::quiet_NaN()},
      {"text", std::string("words")},
      {"bools", std::vector<bool>{true, false}},
      {"ints", Ints{1, -2}},
      {"doubles", Doubles{1.5, 2}},
      {"whole", Doubles{3, 4e5}},
      {"strings", Strings{"a", "b"}},
      {"none", Ints{}},
      {"no_strings", Strings{}},
  };
  return m;
}

template <typename T>
void ExpectError(const Result<T>& result, StatusCode code, const std::string& part) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), code);
  EXPECT_NE(result.status().message().find(part), std::string::npos) << result.status().message();
}

TEST(MetadataTest, FindAndHas) {
  const Metadata m = Sample();
  EXPECT_EQ(m.Find("absent"), nullptr);
  ASSERT_NE(m.Find("null"), nullptr);
  EXPECT_FALSE(m.Has("null"));
  EXPECT_FALSE(m.Has("absent"));
  EXPECT_TRUE(m.Has("int"));
}

TEST(MetadataTest, Scalars) {
  const Metadata m = Sample();
  EXPECT_EQ(*m.GetInt("int"), -7);
  EXPECT_EQ(*m.GetInt("million"), 1000000);
  EXPECT_EQ(*m.GetInt("min"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*m.GetDouble("half"), 0.5);
  EXPECT_EQ(*m.GetDouble("int"), -7.0);
  EXPECT_EQ(*m.GetDouble("big"), 9223372036854775808.0);
  EXPECT_EQ(*m.GetBool("yes"), true);
  EXPECT_EQ(*m.GetString("text"), "words");
}

TEST(MetadataTest, Lists) {
  const Metadata m = Sample();
  EXPECT_EQ(*m.GetInts("ints"), (Ints{1, -2}));
  EXPECT_EQ(*m.GetInts("whole"), (Ints{3, 400000}));
  EXPECT_EQ(*m.GetDoubles("doubles"), (Doubles{1.5, 2}));
  EXPECT_EQ(*m.GetDoubles("ints"), (Doubles{1, -2}));
  EXPECT_EQ(*m.GetStrings("strings"), (Strings{"a", "b"}));
  // An empty list is one of whatever is asked.
  EXPECT_TRUE(m.GetStrings("none")->empty());
  EXPECT_TRUE(m.GetDoubles("no_strings")->empty());
  EXPECT_TRUE(m.GetInts("no_strings")->empty());
}

TEST(MetadataTest, MissingAndNull) {
  const Metadata m = Sample();
  ExpectError(m.GetInt("absent"), StatusCode::kNotFound, "'absent' is missing");
  ExpectError(m.GetString("null"), StatusCode::kNotFound, "'null' is null");
  ExpectError(m.GetDoubles("absent"), StatusCode::kNotFound, "'absent'");
}

TEST(MetadataTest, WrongTypes) {
  const Metadata m = Sample();
  ExpectError(m.GetInt("text"), StatusCode::kCorrupt,
              "'text': expected an integer, found a string");
  ExpectError(m.GetInt("yes"), StatusCode::kCorrupt, "found a boolean");
  ExpectError(m.GetInt("half"), StatusCode::kCorrupt, "found 0.5");
  ExpectError(m.GetInt("two_to_63"), StatusCode::kCorrupt, "'two_to_63'");
  ExpectError(m.GetInt("big"), StatusCode::kCorrupt, "9223372036854775808");
  ExpectError(m.GetInt("inf"), StatusCode::kCorrupt, "inf");
  ExpectError(m.GetInt("nan"), StatusCode::kCorrupt, "nan");
  ExpectError(m.GetDouble("bools"), StatusCode::kCorrupt, "a list of booleans");
  ExpectError(m.GetBool("int"), StatusCode::kCorrupt, "expected a boolean, found an integer");
  ExpectError(m.GetString("strings"), StatusCode::kCorrupt, "a list of strings");
  ExpectError(m.GetInts("doubles"), StatusCode::kCorrupt, "element 0");
  ExpectError(m.GetInts("strings"), StatusCode::kCorrupt, "a list of strings");
  ExpectError(m.GetDoubles("bools"), StatusCode::kCorrupt, "a list of booleans");
  ExpectError(m.GetStrings("ints"), StatusCode::kCorrupt, "a list of integers");
}

TEST(MetadataTest, TypeNames) {
  const Metadata m = Sample();
  EXPECT_STREQ(MetaTypeName(*m.Find("null")), "null");
  EXPECT_STREQ(MetaTypeName(*m.Find("big")), "an integer of 2^63 or more");
  EXPECT_STREQ(MetaTypeName(*m.Find("half")), "a number");
  EXPECT_STREQ(MetaTypeName(*m.Find("strings")), "a list of strings");
}

}  // namespace
}  // namespace frugal
