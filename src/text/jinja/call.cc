#include <algorithm>

#include "text/jinja/interpreter_frame.h"

namespace frugal::jinja {

// One run of a for loop. Items are taken from the source, and tested, one at a time, so that a
// test sees what the body has changed.
struct LoopRun : LoopObject {
  LoopRun(Interpreter& in, const Stmt& s, const Value& iterable, Activation* h)
      : LoopObject(in.DepthOver(iterable)),
        interpreter(in),
        statement(s),
        source(iterable),
        items(in, iterable),
        home(h) {}

  bool Pull(Value* out) override {
    if (ended && statement.test != nullptr) return false;  // the test's variables are gone
    while (items.Next(out)) {
      if (statement.test == nullptr) return true;
      const Redirect at_home(&interpreter.current_, home);
      interpreter.Assign(*statement.test_target, *out);
      interpreter.Enter(statement.test_scope);
      if (Truthy(interpreter.Eval(*statement.test))) return true;
    }
    return false;
  }

  std::optional<int64_t> SizedLength() override {
    switch (statement.test != nullptr ? Type::kGenerator : source.type()) {
      case Type::kGenerator:
        return std::nullopt;
      default:
        return frugal::jinja::Length(source);
    }
  }

  Value Recurse(const Value& iterable) override {
    if (!statement.recursive) {
      Fail("The loop must have the 'recursive' marker to be called recursively.");
    }
    return interpreter.Text(interpreter.RunRecursiveLoop(statement, home, iterable, depth0 + 1));
  }

  Interpreter& interpreter;
  const Stmt& statement;
  const Value source;
  Iterator items;
  Activation* const home;  // where the test's variables are; a recursive body's function lies in it
  bool ended = false;
};

Interpreter::Flow Interpreter::RunFor(const Stmt& s) {
  const Value iterable = Eval(*s.expr);
  if (!s.recursive) return RunLoop(s, iterable, current_, 0);
  Append(RunRecursiveLoop(s, current_, iterable, 0));
  return Flow::kNormal;
}

std::string Interpreter::RunRecursiveLoop(const Stmt& s, Activation* home, const Value& iterable,
                                          int64_t depth0) {
  std::string text;
  const Redirect redirect(&out_, &text);
  const Frame frame(*this, s.function, home);
  RunLoop(s, iterable, home, depth0);
  return text;
}

Interpreter::Flow Interpreter::RunLoop(const Stmt& s, const Value& iterable, Activation* home,
                                       int64_t depth0) {
  bool completed = false;  // some turn came to its end: Jinja's `else` asks for that
  const auto turn = [&](const Value& item) {
    Assign(*s.target, item);
    Enter(s.scope);
    const Flow flow = Run(s.body);
    if (flow == Flow::kNormal) completed = true;
    return flow != Flow::kBreak;
  };
  Value item;
  if (s.loop.used() || s.test != nullptr) {
    const auto loop = std::make_shared<LoopRun>(*this, s, iterable, home);
    loop->depth0 = depth0;
    const Value loop_value{std::shared_ptr<Object>(loop)};
    while (loop->Next(&item)) {
      if (s.loop.used()) Slot(s.loop) = loop_value;
      if (!turn(item)) break;
    }
    loop->ended = true;
  } else {
    Iterator items(*this, iterable);
    while (items.Next(&item)) {
      if (!turn(item)) break;
    }
  }
  Leave(s.scope);
  if (completed || s.otherwise.empty()) return Flow::kNormal;
  Enter(s.else_scope);
  const Flow flow = Run(s.otherwise);
  Leave(s.else_scope);
  return flow;
}

Args Interpreter::EvalArgs(const CallArgs& args) {
  Args values;
  values.positional.reserve(args.positional.size());
  for (const ExprPtr& arg : args.positional) values.positional.push_back(Eval(*arg));
  for (const auto& [name, arg] : args.named) values.named.emplace_back(name, Eval(*arg));
  if (args.star != nullptr) {
    Iterator it(*this, Eval(*args.star));
    for (Value v; it.Next(&v);) values.positional.push_back(std::move(v));
  }
  if (args.double_star != nullptr) {
    const Value more = Eval(*args.double_star);
    if (!more.is(Type::kDict)) Fail("argument after ** must be a mapping, not {}", TypeName(more));
    for (const auto& [key, value] : more.as<DictObject>().dict.entries()) {
      Charge(1 + static_cast<int64_t>(args.named.size()));
      if (!key.is_str()) Fail("keywords must be strings");
      for (const auto& [name, arg] : args.named) {
        if (name == key.text()) Fail("got multiple values for keyword argument '{}'", name);
      }
      values.named.emplace_back(key.text(), value);
    }
  }
  return values;
}

Value Interpreter::EvalCall(const Expr& expr, const Value* caller) {
  const Value callee = Eval(*expr.items[0]);
  Args args = EvalArgs(*expr.args);
  if (caller != nullptr) args.named.emplace_back("caller", *caller);
  return Call(callee, args);
}

Value Interpreter::Call(const Value& callee, const Args& args) {
  switch (callee.type()) {
    case Type::kFunction: {
      const auto& function = callee.as<FunctionObject>();
      return function.function(*this, function.self, args);
    }
    case Type::kMacro:
      return CallMacro(callee.as<MacroObject>(), args);
    case Type::kLoop: {
      const auto bound = Bind("loop", args, {"iterable"}, 1);
      return callee.as<LoopObject>().Recurse(bound[0]);
    }
    case Type::kJoiner: {
      Bind("joiner", args, {}, 0);
      auto& joiner = callee.as<JoinerObject>();
      if (std::exchange(joiner.used, true)) return joiner.separator;
      return Value::Text("");
    }
    case Type::kUndefined:
      Fail("{}", callee.as<UndefinedObject>().Message());
    default:
      Fail("'{}' object is not callable", TypeName(callee));
  }
}

Value Interpreter::CallMacro(const MacroObject& object, const Args& args) {
  const Macro& macro = *object.macro;
  const size_t n = std::min(args.positional.size(), macro.parameters.size());
  std::vector<Value> values(args.positional.begin(),
                            args.positional.begin() + static_cast<ptrdiff_t>(n));
  values.resize(macro.parameters.size(), Value::Missing());
  auto named = args.named;
  const auto take = [&](const std::string& name) {
    const auto it = std::find_if(named.begin(), named.end(),
                                 [&](const auto& arg) { return arg.first == name; });
    if (it == named.end()) return Value::Missing();
    Value value = std::move(it->second);
    named.erase(it);
    return value;
  };
  for (size_t i = n; i < macro.parameters.size(); ++i) values[i] = take(macro.parameters[i].name);
  Value caller = Value::Missing();
  if (macro.caller.used() && !macro.explicit_caller) {
    caller = take("caller");
    if (caller.is_missing() || caller.is_none()) caller = UndefinedHint("No caller defined");
  }
  const std::string shown = macro.name.empty() ? "None" : "'" + macro.name + "'";
  if (!named.empty() && !macro.kwargs.used()) {
    Fail("macro {} takes no keyword argument '{}'", shown, named[0].first);
  }
  if (args.positional.size() > n && !macro.varargs.used()) {
    Fail("macro {} takes not more than {} argument(s)", shown, macro.parameters.size());
  }

  const Frame frame(*this, macro.function, object.home);
  for (size_t i = 0; i < values.size(); ++i) Slot(macro.parameters[i].slot) = std::move(values[i]);
  if (!caller.is_missing()) Slot(macro.caller) = caller;
  if (macro.kwargs.used()) {
    Dict rest;
    for (const auto& [name, value] : named) rest.Set(Text(name), value);
    Slot(macro.kwargs) = Dictionary(std::move(rest));
  }
  if (macro.varargs.used()) {
    Slot(macro.varargs) =
        Tuple({args.positional.begin() + static_cast<ptrdiff_t>(n), args.positional.end()});
  }
  Enter(macro.scope);
  for (const Macro::Parameter& parameter : macro.parameters) {
    if (!Slot(parameter.slot).is_missing()) continue;
    Slot(parameter.slot) =
        parameter.fallback != nullptr
            ? Eval(*parameter.fallback)
            : UndefinedHint(fmt::format("parameter '{}' was not provided", parameter.name));
  }
  std::string text;
  const Redirect redirect(&out_, &text);
  Run(macro.body);
  return Text(std::move(text));
}

}  // namespace frugal::jinja
