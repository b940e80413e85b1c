#include "formats/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/formats/format_test_util.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

TEST(JsonTest, KeepsKeyOrderAndTypes) {
  const auto json = ParseJson(R"({"z": 1, "a": -2, "m": [1.5, "é", true, null, {}]})", "f");
  ASSERT_TRUE(json.ok()) << json.status().message();
  EXPECT_EQ(json->dump(), R"({"z":1,"a":-2,"m":[1.5,"é",true,null,{}]})");
  EXPECT_TRUE((*json)["z"].is_number_unsigned());
  EXPECT_TRUE((*json)["a"].is_number_integer());
}

TEST(JsonTest, AnyTopLevelValue) {
  EXPECT_EQ(ParseJson("[]", "f")->dump(), "[]");
  EXPECT_EQ(ParseJson(" 3 ", "f")->dump(), "3");
  EXPECT_EQ(ParseJson("\"x\"", "f")->dump(), "\"x\"");
  EXPECT_EQ(ParseJson("null", "f")->dump(), "null");
  EXPECT_EQ(ParseJson("\xEF\xBB\xBF{}", "f")->dump(), "{}");  // a byte order mark
}

TEST(JsonTest, Numbers) {
  EXPECT_EQ(ParseJson("9223372036854775807", "f")->get<int64_t>(),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseJson("18446744073709551615", "f")->get<uint64_t>(),
            std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(ParseJson("-9223372036854775808", "f")->get<int64_t>(),
            std::numeric_limits<int64_t>::min());
  // What transformers writes for "no limit".
  const auto huge = ParseJson("1000000000000000019884624838656", "f");
  ASSERT_TRUE(huge->is_number_float());
  EXPECT_EQ(huge->get<double>(), 1e30);
  EXPECT_EQ(ParseJson("-9223372036854775809", "f")->get<double>(), -9223372036854775808.0);
  EXPECT_EQ(ParseJson("1e-5", "f")->get<double>(), 1e-5);
  EXPECT_EQ(ParseJson("1e6", "f")->get<double>(), 1e6);
}

TEST(JsonTest, ErrorsNameFileLineAndColumn) {
  const struct {
    std::string text;
    const char* place;
    const char* what;
  } cases[] = {
      {"", "f.json: line 1, column 1: ", "unexpected end of input"},
      {"{\n  \"a\": 1,\n  \"b\" true\n}", "f.json: line 3, column 10: ", "expected ':'"},
      {"{\"a\": NaN}", "f.json: line 1, column 7: ", "invalid literal"},
      {"[Infinity]", "f.json: line 1, column 2: ", "invalid literal"},
      {"[-Infinity]", "f.json: line 1, column 3: ", "invalid number"},
      {"[1e999]", "f.json: line 1, ", "number overflow"},
      {"{\"a\": 1} x", "f.json: line 1, column 10: ", "expected end of input"},
      {"[1,]", "f.json: line 1, column 4: ", "unexpected ']'"},
      {"// no\n{}", "f.json: line 1, column 1: ", "invalid literal"},
      {"[\"\xFF\"]", "f.json: line 1, column 3: ", "ill-formed UTF-8"},
      {"[\"\xED\xA0\x80\"]", "f.json: line 1, column 4: ", "ill-formed UTF-8"},
      {"[\"\\ud800\"]", "f.json: line 1, ", "surrogate"},
      {"{\n\"k\": 1,\n\"k\": 2}", "f.json: line 3, column 7: ", "duplicate key 'k'"},
      {"{\"o\": {\"k\": 1, \"k\": 2}}", "f.json: line 1, ", "duplicate key 'k'"},
      {std::string("{}\0{}", 5), "f.json: line 1, column 3: ", "NUL"},
      {"{\"a", "f.json: line 1, ", "missing closing quote"},
      {"[\"\n\"]", "f.json: line 1, column 3: ", "control character"},
  };
  for (const auto& c : cases) {
    const auto json = ParseJson(c.text, "f.json");
    ASSERT_FALSE(json.ok()) << c.text;
    EXPECT_EQ(json.status().code(), StatusCode::kCorrupt);
    const std::string& message = json.status().message();
    EXPECT_EQ(message.find(c.place), 0u) << c.text << "\n" << message;
    EXPECT_NE(message.find(c.what), std::string::npos) << c.text << "\n" << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(JsonTest, SameKeyInDifferentObjectsIsFine) {
  EXPECT_TRUE(ParseJson(R"({"a": {"k": 1}, "b": [{"k": 1}, {"k": 2}], "k": 3})", "f").ok());
}

TEST(JsonTest, DepthIsBounded) {
  const auto nested = [](int depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
  };
  EXPECT_TRUE(ParseJson(nested(128, '[', ']'), "f").ok());
  for (const int depth : {129, 1'000'000}) {
    const auto json = ParseJson(nested(depth, '[', ']'), "f");
    ASSERT_FALSE(json.ok());
    EXPECT_EQ(json.status().message(), "f: line 1, column 129: nested deeper than 128 levels");
  }
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(ParseJson(objects, "f").ok());
}

TEST(JsonTest, LongJunkGivesAShortMessage) {
  const auto json = ParseJson("[\"" + std::string(1 << 20, 'x'), "f");
  ASSERT_FALSE(json.ok());
  EXPECT_LT(json.status().message().size(), 500u);
}

TEST(JsonTest, LargeObjectsAreNotQuadratic) {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += fmt::format("{}\"token{}\":{}", i ? "," : "", i, i);
  const auto json = ParseJson(text + "}", "f");  // takes hours with a search per key
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->size(), 300'000u);
  EXPECT_EQ(json->back(), 299'999);
}

TEST(JsonTest, ReadJsonFile) {
  const TempDir dir;
  EXPECT_EQ(ReadJsonFile(dir.Write("a.json", "{\"a\": 1}"))->dump(), "{\"a\":1}");
  const std::string bad = dir.Write("b.json", "{");
  EXPECT_EQ(ReadJsonFile(bad).status().message().find(bad + ": line 1"), 0u);
  EXPECT_EQ(ReadJsonFile(bad, 0).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadJsonFile(dir.Path("none")).status().code(), StatusCode::kNotFound);
}

Metadata Flatten(const std::string& text) {
  const auto json = ParseJson(text, "config.json");
  EXPECT_TRUE(json.ok()) << json.status().message();
  auto flat = FlattenJson(*json, "config.json");
  EXPECT_TRUE(flat.ok()) << flat.status().message();
  return flat.ok() ? *flat : Metadata();
}

TEST(FlattenJsonTest, NestedObjectsAndLists) {
  const Metadata m = Flatten(R"({
      "hidden_size": 64, "eps": 1e-05, "tie": true, "none": null, "name": "x",
      "big": 18446744073709551615, "huge": 1000000000000000019884624838656,
      "rope_scaling": {"factor": 8.0, "type": "yarn", "deep": {"er": 1}},
      "ints": [1, 2], "mixed_numbers": [1, 2.5], "bools": [true, false], "strings": ["a"],
      "empty": [], "empty_object": {}, "with_null": [null, 1],
      "layers": [{"kind": "full"}, {"kind": "window", "size": [4]}],
      "pairs": [["a", "b"], ["c"]], "id2label": {"0": "no"}})");
  const std::map<std::string, MetaValue, std::less<>> expected = {
      {"hidden_size", int64_t{64}},
      {"eps", 1e-05},
      {"tie", true},
      {"none", MetaNull()},
      {"name", std::string("x")},
      {"big", std::numeric_limits<uint64_t>::max()},
      {"huge", 1e30},
      {"rope_scaling.factor", 8.0},
      {"rope_scaling.type", std::string("yarn")},
      {"rope_scaling.deep.er", int64_t{1}},
      {"ints", std::vector<int64_t>{1, 2}},
      {"mixed_numbers", std::vector<double>{1, 2.5}},
      {"bools", std::vector<bool>{true, false}},
      {"strings", std::vector<std::string>{"a"}},
      {"empty", std::vector<int64_t>{}},
      {"empty_object", MetaNull()},
      {"with_null.0", MetaNull()},
      {"with_null.1", int64_t{1}},
      {"layers.0.kind", std::string("full")},
      {"layers.1.kind", std::string("window")},
      {"layers.1.size", std::vector<int64_t>{4}},
      {"pairs.0", std::vector<std::string>{"a", "b"}},
      {"pairs.1", std::vector<std::string>{"c"}},
      {"id2label.0", std::string("no")},
  };
  EXPECT_EQ(m.values, expected);
}

void ExpectFlattenError(const Json& json, StatusCode code, const std::string& part) {
  const auto flat = FlattenJson(json, "config.json");
  ASSERT_FALSE(flat.ok()) << part;
  EXPECT_EQ(flat.status().code(), code);
  EXPECT_EQ(flat.status().message().find("config.json: "), 0u) << flat.status().message();
  EXPECT_NE(flat.status().message().find(part), std::string::npos) << flat.status().message();
}

TEST(FlattenJsonTest, Errors) {
  const auto parse = [](const std::string& text) { return *ParseJson(text, "f"); };
  ExpectFlattenError(parse("[1]"), StatusCode::kCorrupt, "found array");
  ExpectFlattenError(parse("null"), StatusCode::kCorrupt, "found null");
  ExpectFlattenError(parse(R"({"a.b": 1, "a": {"b": 2}})"), StatusCode::kCorrupt, "'a.b'");
  ExpectFlattenError(parse(R"({"a": [18446744073709551615]})"), StatusCode::kUnsupported, "'a'");

  Json deep = 1;
  for (int i = 0; i < 500; ++i) deep = Json{{"k", std::move(deep)}};
  ExpectFlattenError(deep, StatusCode::kCorrupt, "deeper than 128");

  // A long path over many leaves would take 2 GB.
  Json leaves = Json::array();
  for (int i = 0; i < 20'000; ++i) leaves.push_back(Json::object());
  ExpectFlattenError(Json{{std::string(100'000, 'k'), leaves}}, StatusCode::kResourceExhausted,
                     "bytes");
}

}  // namespace
}  // namespace frugal
