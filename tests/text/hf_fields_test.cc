#include "text/hf_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace frugal {
namespace {

using nlohmann::json;

const json kObject = json::parse(R"({"s": "x", "b": true, "i": 3, "f": 1.5, "n": null, "l": [1],
                                     "big": 18446744073709551615})");

TEST(HfFields, Present) {
  EXPECT_EQ(*StringField(kObject, "s", "o"), "x");
  EXPECT_EQ(*StringFieldOr(kObject, "s", "o", "y"), "x");
  EXPECT_TRUE(*BoolFieldOr(kObject, "b", "o", false));
  EXPECT_EQ(*IntFieldOr(kObject, "i", "o", 0), 3);
  EXPECT_EQ((*ArrayField(kObject, "l", "o"))->size(), 1u);
}

TEST(HfFields, AbsentOrNull) {
  for (const char* key : {"n", "none"}) {
    EXPECT_EQ(FindField(kObject, key), nullptr);
    EXPECT_EQ(*StringFieldOr(kObject, key, "o", "y"), "y");
    EXPECT_TRUE(*BoolFieldOr(kObject, key, "o", true));
    EXPECT_EQ(*IntFieldOr(kObject, key, "o", 9), 9);
    EXPECT_EQ(StringField(kObject, key, "o").status().code(), StatusCode::kCorrupt);
    EXPECT_EQ(ArrayField(kObject, key, "o").status().code(), StatusCode::kCorrupt);
  }
  EXPECT_EQ(FindField(json(3), "s"), nullptr);
}

TEST(HfFields, WrongTypesNameTheField) {
  const Status statuses[] = {
      StringField(kObject, "i", "o").status(),       StringFieldOr(kObject, "b", "o", "").status(),
      BoolFieldOr(kObject, "s", "o", true).status(), IntFieldOr(kObject, "f", "o", 0).status(),
      IntFieldOr(kObject, "big", "o", 0).status(),   ArrayField(kObject, "s", "o").status()};
  for (const Status& status : statuses) {
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_TRUE(status.message().starts_with("o.")) << status.message();
  }
  EXPECT_EQ(ExpectObject(json(3), "o").message(), "o: expected an object, found number");
}

}  // namespace
}  // namespace frugal
