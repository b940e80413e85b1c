#include "text/jinja/interpreter.h"

#include <nlohmann/json.hpp>

#include "text/jinja/globals.h"
#include "text/jinja/interpreter_frame.h"
#include "text/jinja/json_text.h"
#include "text/jinja/repr.h"

namespace frugal::jinja {

Interpreter::Interpreter(const Template& tree, const InterpreterLimits& limits, const std::tm& now)
    : Runtime(limits.max_steps, limits.max_output, now), tree_(tree), limits_(limits) {}

Interpreter::~Interpreter() {
  // Values go before the activations that macros among them point to.
  for (Activation& activation : kept_) activation.slots.clear();
}

std::string Interpreter::Render(const nlohmann::ordered_json& variables) {
  for (const std::string& name : tree_.context_names) {
    const auto it = variables.find(name);
    context_.push_back(it == variables.end() ? FindGlobal(*this, name)
                                             : FromJson(*this, *it, "variable '" + name + "'"));
  }
  std::string out;
  out_ = &out;
  Frame frame(*this, tree_.function, nullptr);
  Enter(tree_.scope);
  Run(tree_.body);
  return out;
}

Value& Interpreter::Slot(const SlotRef& ref) {
  Activation* activation = current_;
  for (int i = 0; i < ref.up; ++i) activation = activation->parent;
  return activation->slots[static_cast<size_t>(ref.index)];
}

void Interpreter::Enter(const Scope& scope) {
  for (const Load& load : scope) {
    switch (load.kind) {
      case Load::Kind::kParameter: break;
      case Load::Kind::kResolve:
        Slot(load.slot) = context_[static_cast<size_t>(load.context)];
        break;
      case Load::Kind::kAlias: Slot(load.slot) = Slot(load.alias); break;
      case Load::Kind::kUndefined: Slot(load.slot) = Value::Missing(); break;
    }
  }
}

void Interpreter::Leave(const Scope& scope) {
  for (const Load& load : scope) Slot(load.slot) = Value::Missing();
}

void Interpreter::Append(std::string_view text) {
  CheckSize(static_cast<int64_t>(out_->size() + text.size()));
  ChargeBytes(text.size());
  *out_ += text;
}

void Interpreter::Print(const Value& value) {
  if (value.is_str()) {
    Append(value.text());
  } else {
    Append(Str(*this, value));
  }
}

void Interpreter::AppendResult(const Value& value) {
  if (!value.is_str()) Fail("expected a str to put into the text, found {}", TypeName(value));
  Append(value.text());
}

Interpreter::Flow Interpreter::Run(const Block& block) {
  for (const auto& statement : block) {
    if (const Flow flow = Run(*statement); flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::Run(const Stmt& statement) {
  if (statement.kind == StmtKind::kText) {
    Append(statement.text);
    return Flow::kNormal;
  }
  Charge(1);
  const Nesting nesting(*this);
  try {
    return RunStatement(statement);
  } catch (Failure& failure) {
    if (failure.line == 0) {
      failure.line = statement.line;
      failure.column = statement.column;
    }
    throw;
  }
}

Interpreter::Flow Interpreter::RunStatement(const Stmt& s) {
  switch (s.kind) {
    case StmtKind::kText: break;  // done by the caller
    case StmtKind::kPrint: Print(Eval(*s.expr)); break;
    case StmtKind::kFor: return RunFor(s);
    case StmtKind::kIf: return RunBranches(s);
    case StmtKind::kSet:
      if (s.target->kind == ExprKind::kNamespace) NamespaceOf(*s.target);
      Assign(*s.target, Eval(*s.expr));
      break;
    case StmtKind::kSetBlock: return RunSetBlock(s);
    case StmtKind::kMacro:
      Assign(*s.target, Value(std::make_shared<MacroObject>(s.macro.get(), current_)));
      break;
    case StmtKind::kCallBlock: RunCallBlock(s); break;
    case StmtKind::kFilterBlock: return RunFilterBlock(s);
    case StmtKind::kWith: return RunWith(s);
    case StmtKind::kBreak: return Flow::kBreak;
    case StmtKind::kContinue: return Flow::kContinue;
    case StmtKind::kRefused: Fail("{}", s.text);
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::RunBranches(const Stmt& s) {
  for (const Branch& branch : s.branches) {
    if (branch.test == nullptr || Truthy(Eval(*branch.test))) return Run(branch.body);
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::RunSetBlock(const Stmt& s) {
  Enter(s.scope);
  std::string text;
  {
    const Redirect redirect(&out_, &text);
    if (const Flow flow = Run(s.body); flow != Flow::kNormal) return flow;
  }
  if (s.target->kind == ExprKind::kNamespace) NamespaceOf(*s.target);
  Value value;
  if (s.expr == nullptr) {
    value = Text(std::move(text));
  } else {
    const Redirect block(&block_text_, &text);
    value = Eval(*s.expr);
  }
  Assign(*s.target, value);
  Leave(s.scope);
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::RunFilterBlock(const Stmt& s) {
  Enter(s.scope);
  std::string text;
  {
    const Redirect redirect(&out_, &text);
    if (const Flow flow = Run(s.body); flow != Flow::kNormal) return flow;
  }
  Value value;
  {
    const Redirect block(&block_text_, &text);
    value = Eval(*s.expr);
  }
  AppendResult(value);
  Leave(s.scope);
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::RunWith(const Stmt& s) {
  Enter(s.scope);
  for (const auto& [target, value] : s.assignments) Assign(*target, Eval(*value));
  const Flow flow = Run(s.body);
  if (flow == Flow::kNormal) Leave(s.scope);
  return flow;
}

void Interpreter::RunCallBlock(const Stmt& s) {
  const Value caller(std::make_shared<MacroObject>(s.macro.get(), current_));
  AppendResult(s.expr == nullptr ? Call(caller, {}) : EvalCall(*s.expr, &caller));
}

NamespaceObject& Interpreter::NamespaceOf(const Expr& target) {
  const Value& object = Slot(target.items[0]->slot);
  if (!object.is(Type::kNamespace)) Fail("cannot assign attribute on non-namespace object");
  return object.as<NamespaceObject>();
}

void Interpreter::Assign(const Expr& target, const Value& value) {
  switch (target.kind) {
    case ExprKind::kName: Slot(target.slot) = value; return;
    case ExprKind::kNamespace: {
      DepthOver(value);
      NamespaceOf(target).attributes.Set(Value::Text(target.name), value);
      return;
    }
    default: {
      const std::vector<Value> values = ToVector(*this, value);
      if (values.size() != target.items.size()) {
        Fail("expected {} values to unpack, found {}", target.items.size(), values.size());
      }
      for (size_t i = 0; i < values.size(); ++i) Assign(*target.items[i], values[i]);
    }
  }
}

}  // namespace frugal::jinja
