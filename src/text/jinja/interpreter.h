// Runs a parsed template.
#pragma once

#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"

namespace frugal::jinja {

// The variables of one call of a function.
struct Activation {
  Activation* parent = nullptr;  // of the function around it
  std::vector<Value> slots;
};

struct InterpreterLimits {
  int64_t max_steps;
  int64_t max_output;
  int max_calls;  // of macros and recursive loops, one inside another
};

class Interpreter : public Runtime {
 public:
  Interpreter(const Template& tree, const InterpreterLimits& limits, const std::tm& now);
  ~Interpreter() override;

  // Throws Failure with its place.
  std::string Render(const nlohmann::ordered_json& variables);

  Value Call(const Value& callee, const Args& args) override;

 private:
  friend struct LoopRun;
  enum class Flow { kNormal, kBreak, kContinue };
  // Enters a function: makes its activation current until destroyed.
  class Frame;

  // Statements (interpreter.cc).
  Flow Run(const Block& block);
  Flow Run(const Stmt& statement);
  Flow RunStatement(const Stmt& statement);
  Flow RunBranches(const Stmt& statement);
  Flow RunSetBlock(const Stmt& statement);
  Flow RunFilterBlock(const Stmt& statement);
  Flow RunWith(const Stmt& statement);
  void RunCallBlock(const Stmt& statement);
  void Print(const Value& value);
  void Append(std::string_view text);
  void AppendResult(const Value& value);  // of a filter or call block: only texts will do
  void Enter(const Scope& scope);
  void Leave(const Scope& scope);
  Value& Slot(const SlotRef& ref);
  void Assign(const Expr& target, const Value& value);
  NamespaceObject& NamespaceOf(const Expr& target);

  // Loops, macros and calls (call.cc).
  Flow RunFor(const Stmt& statement);
  Flow RunLoop(const Stmt& statement, const Value& iterable, Activation* home, int64_t depth0);
  std::string RunRecursiveLoop(const Stmt& statement, Activation* home, const Value& iterable,
                               int64_t depth0);
  Value CallMacro(const MacroObject& macro, const Args& args);
  Args EvalArgs(const CallArgs& args);

  // Expressions (evaluate.cc).
  Value Eval(const Expr& expr);
  Value EvalNode(const Expr& expr);
  Value EvalName(const Expr& expr);
  Value EvalCompare(const Expr& expr);
  Value EvalConcat(const Expr& expr);
  Value EvalSequence(const Expr& expr);
  Value EvalDict(const Expr& expr);
  Value EvalSlice(const Expr& expr);
  Value EvalCall(const Expr& expr, const Value* caller);
  Value EvalFilter(const Expr& expr);
  Value EvalTest(const Expr& expr);

  const Template& tree_;
  const InterpreterLimits limits_;
  std::vector<Value> context_;  // by Template::context_names
  std::deque<Activation> kept_;  // activations that macros may come back to
  Activation* current_ = nullptr;
  std::string* out_ = nullptr;
  const std::string* block_text_ = nullptr;  // what a filter block hands to its filter
  int calls_ = 0;
};

}  // namespace frugal::jinja
