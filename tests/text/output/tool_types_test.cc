#include "text/output/tool_types.h"

#include <gtest/gtest.h>

namespace frugal::output {
namespace {

TEST(ToolTypesTest, ReadsSchemas) {
  const auto types = ToolTypes::Parse(R"([
    {"type": "function", "function": {"name": "f", "parameters": {"properties": {
      "s": {"type": "string"}, "i": {"type": "integer"}, "u": {"type": ["string", "null"]},
      "any_of": {"anyOf": [{"type": "number"}, {"type": "object"}]}, "e": {"enum": ["a", 1]},
      "c": {"const": true}, "free": {"description": "x"}, "odd": {"type": "date"}, "n": 5,
      "o": {"type": "array", "nullable": true}}}}},
    {"name": "g"}])");
  ASSERT_TRUE(types.ok()) << types.status().message();
  EXPECT_EQ(types->Kinds("f", "s"), kJsonString);
  EXPECT_EQ(types->Kinds("f", "i"), kJsonNumber);
  EXPECT_EQ(types->Kinds("f", "u"), kJsonString | kJsonNull);
  EXPECT_EQ(types->Kinds("f", "any_of"), kJsonNumber | kJsonObject);
  EXPECT_EQ(types->Kinds("f", "e"), kJsonString | kJsonNumber);
  EXPECT_EQ(types->Kinds("f", "c"), kJsonBoolean);
  EXPECT_EQ(types->Kinds("f", "o"), kJsonArray | kJsonNull);
  for (const char* name : {"free", "odd", "n", "missing"}) {
    EXPECT_EQ(types->Kinds("f", name), kJsonAny) << name;
  }
  EXPECT_EQ(types->Kinds("g", "s"), kJsonAny);
  EXPECT_EQ(types->Kinds("h", "s"), kJsonAny);
}

TEST(ToolTypesTest, RefusesWhatIsNoListOfTools) {
  for (const char* bad : {"[", "{}", "[1]", R"([{"function": {}}])", R"([{"name": 1}])"}) {
    const auto types = ToolTypes::Parse(bad);
    EXPECT_EQ(types.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_TRUE(types.status().message().starts_with("tools")) << types.status().message();
  }
  EXPECT_TRUE(ToolTypes::Parse("").ok());
  EXPECT_TRUE(ToolTypes::Parse("[]").ok());
}

TEST(ToolTypesTest, ParameterToJson) {
  EXPECT_EQ(ParameterToJson("42", kJsonString), "\"42\"");
  EXPECT_EQ(ParameterToJson("null", kJsonString), "\"null\"");
  EXPECT_EQ(ParameterToJson(" 42\n", kJsonNumber), "42");
  EXPECT_EQ(ParameterToJson("forty", kJsonNumber), "\"forty\"");
  EXPECT_EQ(ParameterToJson("\"5\"", kJsonNumber), "\"\\\"5\\\"\"");
  EXPECT_EQ(ParameterToJson("TRUE", kJsonBoolean), "true");
  EXPECT_EQ(ParameterToJson("null", kJsonNumber), "null");
  EXPECT_EQ(ParameterToJson("None", kJsonNumber), "null");
  EXPECT_EQ(ParameterToJson("null", kJsonString | kJsonNull), "null");
  EXPECT_EQ(ParameterToJson("{\"a\": 1}", kJsonObject), "{\"a\": 1}");
  EXPECT_EQ(ParameterToJson("{'a': True}", kJsonObject), "{\"a\": true}");
  EXPECT_EQ(ParameterToJson("['a']", kJsonObject), "\"['a']\"");
  EXPECT_EQ(ParameterToJson("{'a': True}", kJsonAny), "\"{'a': True}\"");
  EXPECT_EQ(ParameterToJson("[1]", kJsonString | kJsonNumber), "\"[1]\"");
  EXPECT_EQ(ParameterToJson("", kJsonAny), "\"\"");
  EXPECT_EQ(ParameterToJson(" two words ", kJsonAny), "\" two words \"");
}

}  // namespace
}  // namespace frugal::output
