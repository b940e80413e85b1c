#include "text/jinja/access.h"
#include "text/jinja/interpreter_frame.h"
#include "text/jinja/repr.h"

namespace frugal::jinja {

Value Interpreter::Eval(const Expr& expr) {
  Charge(1);
  if (expr.kind == ExprKind::kConst) return expr.value;
  if (expr.kind == ExprKind::kName) return EvalName(expr);
  const Nesting nesting(*this);
  try {
    return EvalNode(expr);
  } catch (Failure& failure) {
    if (failure.line == 0) {
      failure.line = expr.line;
      failure.column = expr.column;
    }
    throw;
  }
}

Value Interpreter::EvalName(const Expr& expr) {
  const Value& value = Slot(expr.slot);
  return value.is_missing() ? UndefinedName(expr.name) : value;
}

Value Interpreter::EvalNode(const Expr& expr) {
  const auto& items = expr.items;
  switch (expr.kind) {
    case ExprKind::kConst:
      return expr.value;
    case ExprKind::kName:
      return EvalName(expr);
    case ExprKind::kNamespace:
      return Slot(items[0]->slot);  // only ever a target
    case ExprKind::kTuple:
    case ExprKind::kList:
      return EvalSequence(expr);
    case ExprKind::kDict:
      return EvalDict(expr);
    case ExprKind::kConditional:
      if (Truthy(Eval(*items[0]))) return Eval(*items[1]);
      if (items[2] != nullptr) return Eval(*items[2]);
      return UndefinedHint(
          fmt::format("the inline if-expression on line {} evaluated to false and no else section "
                      "was defined.",
                      expr.line));
    case ExprKind::kOr: {
      Value left = Eval(*items[0]);
      return Truthy(left) ? left : Eval(*items[1]);
    }
    case ExprKind::kAnd: {
      Value left = Eval(*items[0]);
      return Truthy(left) ? Eval(*items[1]) : left;
    }
    case ExprKind::kNot:
      return Value::Bool(!Truthy(Eval(*items[0])));
    case ExprKind::kCompare:
      return EvalCompare(expr);
    case ExprKind::kBinary: {
      const Value left = Eval(*items[0]);
      return Binary(*this, expr.binary, left, Eval(*items[1]));
    }
    case ExprKind::kConcat:
      return EvalConcat(expr);
    case ExprKind::kNegate:
      return Negate(Eval(*items[0]));
    case ExprKind::kPlus:
      return Plus(Eval(*items[0]));
    case ExprKind::kAttribute:
      return GetAttr(*this, Eval(*items[0]), expr.name);
    case ExprKind::kItem: {
      const Value object = Eval(*items[0]);
      return GetItem(*this, object, Eval(*items[1]));
    }
    case ExprKind::kSlice:
      return EvalSlice(expr);
    case ExprKind::kCall:
      return EvalCall(expr, nullptr);
    case ExprKind::kFilter:
      return EvalFilter(expr);
    case ExprKind::kTest:
      return EvalTest(expr);
  }
  return Value();
}

Value Interpreter::EvalSequence(const Expr& expr) {
  std::vector<Value> values;
  values.reserve(expr.items.size());
  for (const ExprPtr& item : expr.items) values.push_back(Eval(*item));
  return expr.kind == ExprKind::kList ? List(std::move(values)) : Tuple(std::move(values));
}

Value Interpreter::EvalDict(const Expr& expr) {
  Dict dict;
  for (size_t i = 0; i + 1 < expr.items.size(); i += 2) {
    const Value key = Eval(*expr.items[i]);
    Value value = Eval(*expr.items[i + 1]);
    if (!IsHashable(key)) Fail("unhashable type: '{}'", TypeName(key));
    dict.Set(key, std::move(value));
  }
  return Dictionary(std::move(dict));
}

Value Interpreter::EvalCompare(const Expr& expr) {
  Value left = Eval(*expr.items[0]);
  for (size_t i = 0; i < expr.compares.size(); ++i) {
    Value right = Eval(*expr.items[i + 1]);
    if (!Compare(*this, expr.compares[i], left, right)) return Value::Bool(false);
    left = std::move(right);
  }
  return Value::Bool(true);
}

Value Interpreter::EvalConcat(const Expr& expr) {
  std::string text;
  std::vector<Value> values;
  values.reserve(expr.items.size());
  for (const ExprPtr& item : expr.items) values.push_back(Eval(*item));
  for (const Value& value : values) {
    text += Str(*this, value);
    CheckSize(static_cast<int64_t>(text.size()));
  }
  return Text(std::move(text));
}

Value Interpreter::EvalSlice(const Expr& expr) {
  const Value object = Eval(*expr.items[0]);
  Value bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    if (expr.items[i + 1] != nullptr) bounds[i] = Eval(*expr.items[i + 1]);
  }
  return GetSlice(*this, object, bounds[0], bounds[1], bounds[2]);
}

Value Interpreter::EvalFilter(const Expr& expr) {
  const Value operand = expr.items[0] != nullptr ? Eval(*expr.items[0]) : Text(*block_text_);
  const Args args = EvalArgs(*expr.args);
  if (expr.function == nullptr) Fail("there is no filter named '{}'", expr.name);
  return expr.function(*this, operand, args);
}

Value Interpreter::EvalTest(const Expr& expr) {
  const Value operand = Eval(*expr.items[0]);
  const Args args = EvalArgs(*expr.args);
  if (expr.function == nullptr) Fail("there is no test named '{}'", expr.name);
  return expr.function(*this, operand, args);
}

}  // namespace frugal::jinja
