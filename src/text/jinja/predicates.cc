#include "text/jinja/predicates.h"

#include <algorithm>

#include "text/jinja/access.h"
#include "text/jinja/filters.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"

namespace frugal::jinja {
namespace {

template <bool (*kTest)(const Value&)>
Value Plain(Runtime&, const Value& v, const Args& args) {
  Bind("test", args, {}, 0);
  return Value::Bool(kTest(v));
}

template <CompareOp kOp>
Value Comparison(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("test", args, {"/other"}, 1);
  return Value::Bool(Compare(rt, kOp, v, bound[0]));
}

bool IsDefined(const Value& v) { return !v.is_undefined(); }
bool IsUndefined(const Value& v) { return v.is_undefined(); }
bool IsNone(const Value& v) { return v.is_none(); }
bool IsBoolean(const Value& v) { return v.is(Type::kBool); }
bool IsTrue(const Value& v) { return v.is(Type::kBool) && v.boolean(); }
bool IsFalse(const Value& v) { return v.is(Type::kBool) && !v.boolean(); }
bool IsInteger(const Value& v) { return v.is(Type::kInt); }
bool IsFloat(const Value& v) { return v.is(Type::kFloat); }
bool IsString(const Value& v) { return v.is_str(); }
bool IsMapping(const Value& v) { return v.is(Type::kDict); }
bool IsNumber(const Value& v) {
  return v.is(Type::kBool) || v.is(Type::kInt) || v.is(Type::kFloat);
}
bool IsEscaped(const Value& v) { return v.is_str() && v.as<TextObject>().markup; }

// What has a length and items: an undefined value has both.
bool IsSequence(const Value& v) {
  switch (v.type()) {
    case Type::kUndefined:
    case Type::kStr:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kRange:
      return true;
    default:
      return false;
  }
}

bool IsIterable(const Value& v) {
  switch (v.type()) {
    case Type::kUndefined:
    case Type::kStr:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kRange:
    case Type::kView:
    case Type::kGenerator:
    case Type::kLoop:
      return true;
    default:
      return false;
  }
}

bool IsCallable(const Value& v) {
  switch (v.type()) {
    case Type::kUndefined:  // its class has a __call__, which fails
    case Type::kMacro:
    case Type::kFunction:
    case Type::kLoop:
    case Type::kJoiner:
      return true;
    default:
      return false;
  }
}

Value LowerTest(Runtime& rt, const Value& v, const Args& args) {
  Bind("lower", args, {}, 0);
  return Value::Bool(IsLowerText(rt, Str(rt, v)));
}

Value UpperTest(Runtime& rt, const Value& v, const Args& args) {
  Bind("upper", args, {}, 0);
  return Value::Bool(IsUpperText(rt, Str(rt, v)));
}

Value DivisibleBy(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("divisibleby", args, {"num"}, 1);
  return Value::Bool(Equal(rt, Binary(rt, BinaryOp::kMod, v, bound[0]), Value::Integer(0)));
}

template <int kRest>
Value Parity(Runtime& rt, const Value& v, const Args& args) {
  Bind("parity", args, {}, 0);
  const Value rest = Binary(rt, BinaryOp::kMod, v, Value::Integer(2));
  return Value::Bool(Equal(rt, rest, Value::Integer(kRest)));
}

// Objects are themselves; numbers stand for their values, for Python keeps one object of each
// small one.
Value SameAs(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("sameas", args, {"other"}, 1);
  const Value& other = bound[0];
  if (v.type() != other.type()) return Value::Bool(false);
  if (v.is_object()) return Value::Bool(v.object() == other.object());
  return Value::Bool(Equal(rt, v, other));
}

Value InTest(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("in", args, {"seq"}, 1);
  return Value::Bool(Contains(rt, bound[0], v));
}

Value FilterTest(Runtime&, const Value& v, const Args& args) {
  Bind("filter", args, {}, 0);
  if (!IsHashable(v)) Fail("unhashable type: '{}'", TypeName(v));
  return Value::Bool(v.is_str() && FindFilter(v.text()) != nullptr);
}

Value TestTest(Runtime&, const Value& v, const Args& args) {
  Bind("test", args, {}, 0);
  if (!IsHashable(v)) Fail("unhashable type: '{}'", TypeName(v));
  return Value::Bool(v.is_str() && FindTest(v.text()) != nullptr);
}

struct Entry {
  std::string_view name;
  Predicate test;
};
constexpr Entry kTests[] = {
    {"!=", Comparison<CompareOp::kNe>},
    {"<", Comparison<CompareOp::kLt>},
    {"<=", Comparison<CompareOp::kLe>},
    {"==", Comparison<CompareOp::kEq>},
    {">", Comparison<CompareOp::kGt>},
    {">=", Comparison<CompareOp::kGe>},
    {"boolean", Plain<IsBoolean>},
    {"callable", Plain<IsCallable>},
    {"defined", Plain<IsDefined>},
    {"divisibleby", DivisibleBy},
    {"eq", Comparison<CompareOp::kEq>},
    {"equalto", Comparison<CompareOp::kEq>},
    {"escaped", Plain<IsEscaped>},
    {"even", Parity<0>},
    {"false", Plain<IsFalse>},
    {"filter", FilterTest},
    {"float", Plain<IsFloat>},
    {"ge", Comparison<CompareOp::kGe>},
    {"greaterthan", Comparison<CompareOp::kGt>},
    {"gt", Comparison<CompareOp::kGt>},
    {"in", InTest},
    {"integer", Plain<IsInteger>},
    {"iterable", Plain<IsIterable>},
    {"le", Comparison<CompareOp::kLe>},
    {"lessthan", Comparison<CompareOp::kLt>},
    {"lower", LowerTest},
    {"lt", Comparison<CompareOp::kLt>},
    {"mapping", Plain<IsMapping>},
    {"ne", Comparison<CompareOp::kNe>},
    {"none", Plain<IsNone>},
    {"number", Plain<IsNumber>},
    {"odd", Parity<1>},
    {"sameas", SameAs},
    {"sequence", Plain<IsSequence>},
    {"string", Plain<IsString>},
    {"test", TestTest},
    {"true", Plain<IsTrue>},
    {"undefined", Plain<IsUndefined>},
    {"upper", UpperTest},
};

}  // namespace

Predicate FindTest(std::string_view name) {
  const auto* it = std::lower_bound(std::begin(kTests), std::end(kTests), name,
                                    [](const Entry& e, std::string_view n) { return e.name < n; });
  return it != std::end(kTests) && it->name == name ? it->test : nullptr;
}

}  // namespace frugal::jinja
