#include "text/jinja/value.h"

#include <gtest/gtest.h>

#include "text/jinja/runtime.h"

namespace frugal::jinja {
namespace {

Value Tuple(std::vector<Value> items) {
  return Value(std::make_shared<SequenceObject>(Type::kTuple, std::move(items), 1));
}

TEST(JinjaValue, KnowsItsType) {
  EXPECT_TRUE(Value().is_none());
  EXPECT_TRUE(Value::Missing().is_missing());
  EXPECT_EQ(Value::Bool(true).type(), Type::kBool);
  EXPECT_EQ(Value::Integer(1).type(), Type::kInt);
  EXPECT_EQ(Value::Float(1).type(), Type::kFloat);
  EXPECT_EQ(Value::Text("a").type(), Type::kStr);
  EXPECT_STREQ(TypeName(Value()), "NoneType");
  EXPECT_STREQ(TypeName(Value::Text("", true)), "Markup");
  EXPECT_STREQ(TypeRepr(Value::Text("")), "str object");
  EXPECT_EQ(Value::Text("aé日").as<TextObject>().length, 3);
}

TEST(JinjaValue, SaysWhyItIsUndefined) {
  EXPECT_EQ(UndefinedName("x").as<UndefinedObject>().Message(), "'x' is undefined");
  EXPECT_EQ(UndefinedHint("because").as<UndefinedObject>().Message(), "because");
  UndefinedObject attribute;
  attribute.owner = "dict object";
  attribute.name = "k";
  EXPECT_EQ(attribute.Message(), "'dict object' has no attribute 'k'");
  attribute.name_is_text = false;
  EXPECT_EQ(attribute.Message(), "dict object has no element k");
}

TEST(JinjaValue, EqualNumbersAreOneKey) {
  EXPECT_TRUE(SameKey(Value::Integer(1), Value::Float(1)));
  EXPECT_TRUE(SameKey(Value::Bool(true), Value::Integer(1)));
  EXPECT_EQ(Hash(Value::Integer(1)), Hash(Value::Float(1)));
  EXPECT_EQ(Hash(Value::Bool(true)), Hash(Value::Integer(1)));
  EXPECT_EQ(Hash(Value::Float(1e20)), Hash(Value::Integer(static_cast<Int>(1e20))));
  EXPECT_FALSE(SameKey(Value::Text("1"), Value::Integer(1)));
  EXPECT_FALSE(SameKey(Value(), Value::Bool(false)));
  EXPECT_TRUE(SameKey(Tuple({Value::Integer(1), Value()}), Tuple({Value::Float(1), Value()})));
  EXPECT_EQ(Hash(Tuple({Value::Integer(1)})), Hash(Tuple({Value::Float(1)})));
}

TEST(JinjaValue, KnowsWhatCanBeAKey) {
  const Value list(std::make_shared<SequenceObject>(Type::kList, std::vector<Value>(), 1));
  EXPECT_FALSE(IsHashable(list));
  EXPECT_FALSE(IsHashable(Tuple({list})));
  EXPECT_TRUE(IsHashable(Tuple({Value::Text("a")})));
}

// Below and above the size from which a dict is indexed.
TEST(JinjaValue, DictKeepsOrderAndReplaces) {
  for (const int n : {3, 100}) {
    Dict dict;
    for (int i = 0; i < n; ++i) dict.Set(Value::Text(fmt::format("k{}", i)), Value::Integer(i));
    dict.Set(Value::Text("k1"), Value::Integer(-1));
    dict.Set(Value::Integer(7), Value::Text("seven"));
    dict.Set(Value::Float(7.0), Value::Text("still seven"));
    ASSERT_EQ(dict.size(), static_cast<size_t>(n) + 1);
    for (int i = 0; i < n; ++i) {
      const std::string key = fmt::format("k{}", i);
      EXPECT_EQ(dict.entries()[static_cast<size_t>(i)].first.text(), key);
      ASSERT_NE(dict.Find(key), nullptr);
      EXPECT_EQ(dict.Find(key), dict.Find(Value::Text(key)));
    }
    EXPECT_TRUE(dict.Find("k1")->integer() == -1);
    EXPECT_EQ(dict.Find(Value::Integer(7))->text(), "still seven");
    EXPECT_EQ(dict.Find("absent"), nullptr);
    EXPECT_EQ(dict.Find(Value::Integer(8)), nullptr);
    dict.Clear();
    EXPECT_EQ(dict.Find("k1"), nullptr);
  }
}

struct CountingLoop : LoopObject {
  explicit CountingLoop(int n) : LoopObject(1), left(n) {}
  bool Pull(Value* out) override {
    if (left == 0) return false;
    *out = Value::Integer(left--);
    return true;
  }
  std::optional<int64_t> SizedLength() override { return std::nullopt; }
  Value Recurse(const Value&) override { return Value(); }
  int left;
};

TEST(JinjaValue, LoopPeeksWithoutLosingItems) {
  CountingLoop loop(4);
  Value item;
  ASSERT_TRUE(loop.Next(&item));
  EXPECT_TRUE(item.integer() == 4);
  ASSERT_NE(loop.Peek(), nullptr);
  EXPECT_TRUE(loop.Peek()->integer() == 3);
  EXPECT_EQ(loop.Length(), 4);  // pulls the rest ahead
  for (const int expected : {3, 2, 1}) {
    ASSERT_TRUE(loop.Next(&item));
    EXPECT_TRUE(item.integer() == expected);
    EXPECT_TRUE(loop.before.integer() == expected + 1);
  }
  EXPECT_EQ(loop.Peek(), nullptr);
  EXPECT_FALSE(loop.Next(&item));
  EXPECT_EQ(loop.index0, 3);
  EXPECT_EQ(loop.Length(), 4);
}

}  // namespace
}  // namespace frugal::jinja
