#include "text/jinja/runtime.h"

#include <gtest/gtest.h>

namespace frugal::jinja {
namespace {

class TestRuntime : public Runtime {
 public:
  explicit TestRuntime(int64_t steps = 1000, int64_t bytes = 1000)
      : Runtime(steps, bytes, std::tm{}) {}
  Value Call(const Value&, const Args&) override { return Value(); }
};

StatusCode CodeOf(const std::function<void()>& run) {
  try {
    run();
  } catch (const Failure& failure) {
    return failure.code;
  }
  return StatusCode::kOk;
}

TEST(JinjaRuntime, StepsRunOut) {
  TestRuntime rt(10);
  rt.Charge(10);
  EXPECT_EQ(CodeOf([&] { rt.Charge(1); }), StatusCode::kResourceExhausted);
}

TEST(JinjaRuntime, PaysForBytes) {
  TestRuntime rt(10);
  rt.ChargeBytes(64 * 8);
  EXPECT_EQ(CodeOf([&] { rt.ChargeBytes(64 * 8); }), StatusCode::kResourceExhausted);
}

TEST(JinjaRuntime, RefusesLongTexts) {
  TestRuntime rt(1000, 5);
  EXPECT_EQ(rt.Text("12345").text(), "12345");
  EXPECT_EQ(CodeOf([&] { rt.Text("123456"); }), StatusCode::kResourceExhausted);
}

TEST(JinjaRuntime, RefusesDeepValues) {
  TestRuntime rt(1 << 20);
  Value value = rt.List({});
  for (int i = 1; i < kMaxValueDepth; ++i) value = rt.List({value});
  EXPECT_EQ(value.object()->depth, kMaxValueDepth);
  EXPECT_EQ(CodeOf([&] { rt.List({value}); }), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf([&] { rt.Tuple({value}); }), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf([&] { rt.Generator({value}); }), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf([&] {
              Dict dict;
              dict.Set(Value(), value);
              rt.Dictionary(std::move(dict));
            }),
            StatusCode::kResourceExhausted);
}

TEST(JinjaRuntime, RefusesDeepNesting) {
  TestRuntime rt;
  int depth = 0;
  const std::function<void()> down = [&] {
    const Runtime::Nesting nesting(rt);
    ++depth;
    down();
  };
  EXPECT_EQ(CodeOf(down), StatusCode::kResourceExhausted);
  EXPECT_EQ(depth, kMaxNesting);
  depth = 0;
  EXPECT_EQ(CodeOf(down), StatusCode::kResourceExhausted);  // all levels were given back
  EXPECT_EQ(depth, kMaxNesting);
}

// A namespace that holds itself is freed at the end (the leak checker watches).
TEST(JinjaRuntime, BreaksCycles) {
  std::weak_ptr<Object> alive;
  {
    TestRuntime rt;
    auto object = std::make_shared<NamespaceObject>();
    alive = object;
    const Value value{std::shared_ptr<Object>(object)};
    object->attributes.Set(Value::Text("self"), value);
    rt.Track(value);
  }
  EXPECT_TRUE(alive.expired());
}

TEST(JinjaRuntime, BindsArguments) {
  const auto bind = [](const Args& args) {
    std::string out;
    for (const Value& v : Bind("f", args, {"/first", "second", "third"}, 1)) {
      out += v.is_missing() ? "-" : v.text();
    }
    return out;
  };
  const Value a = Value::Text("a");
  const Value b = Value::Text("b");
  EXPECT_EQ(bind({{a}, {}}), "a--");
  EXPECT_EQ(bind({{a, b}, {}}), "ab-");
  EXPECT_EQ(bind({{a}, {{"third", b}}}), "a-b");
  EXPECT_EQ(CodeOf([&] { bind({{}, {}}); }), StatusCode::kInvalidArgument);            // too few
  EXPECT_EQ(CodeOf([&] { bind({{a, a, a, a}, {}}); }), StatusCode::kInvalidArgument);  // too many
  EXPECT_EQ(CodeOf([&] { bind({{a}, {{"first", b}}}); }), StatusCode::kInvalidArgument);  // by name
  EXPECT_EQ(CodeOf([&] { bind({{a}, {{"other", b}}}); }), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf([&] { bind({{a, b}, {{"second", b}}}); }), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace frugal::jinja
