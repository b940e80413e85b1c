// A parsed template. The parser (parser.h) makes the tree; the scope pass (scope.h) gives every
// name its slot.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/ops.h"

namespace frugal::jinja {

// A variable's place: `up` functions out from the one that runs, at `index` of its activation.
struct SlotRef {
  int up = 0;
  int index = -1;
  bool used() const { return index >= 0; }
};

// What a scope does with its variables when it is entered.
struct Load {
  enum class Kind { kParameter, kResolve, kAlias, kUndefined };
  Kind kind = Kind::kUndefined;
  SlotRef slot;     // of this scope's function: up is 0
  SlotRef alias;    // kAlias: where the value comes from
  int context = 0;  // kResolve: index into Template::context_names
};
using Scope = std::vector<Load>;

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct CallArgs {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star;         // *args, or null
  ExprPtr double_star;  // **kwargs, or null
};

enum class ExprKind : uint8_t {
  kConst,        // value
  kName,         // name, slot; also as a target
  kNamespace,    // target ns.attribute: slot of ns, name of the attribute
  kTuple,        // items; also as a target
  kList,         // items
  kDict,         // items: key, value, key, value, …
  kConditional,  // items: test, then, else (null: undefined)
  kOr,
  kAnd,      // items: left, right
  kNot,      // items: operand
  kCompare,  // items: operands; compares[i] stands between items[i] and items[i + 1]
  kBinary,   // binary; items: left, right
  kConcat,   // items
  kNegate,
  kPlus,       // items: operand
  kAttribute,  // items: object; name
  kItem,       // items: object, key
  kSlice,      // items: object, start, stop, step (null when absent)
  kCall,       // items: callee; args
  kFilter,     // items: operand (null: what the block around it wrote); name, args, filter
  kTest,       // items: operand; name, args, test
};

struct Expr {
  ExprKind kind;
  int line = 0;
  int column = 0;
  int height = 1;  // of the tree below, which bounds the recursion that walks it
  std::vector<ExprPtr> items;
  std::string name;
  Value value;
  SlotRef slot;
  BinaryOp binary = BinaryOp::kAdd;
  std::vector<CompareOp> compares;
  std::unique_ptr<CallArgs> args;
  // Null when there is no such filter or test: an error only if it is reached.
  Value (*function)(Runtime&, const Value&, const Args&) = nullptr;
};

struct Stmt;
using Block = std::vector<std::unique_ptr<Stmt>>;

// A piece of code with an activation of its own: the template itself, a macro, the body of a call
// block, a recursive loop.
struct Function {
  int slots = 0;
  bool has_inner = false;  // its activation may be reached after it returns
};

struct Macro {
  struct Parameter {
    std::string name;
    SlotRef slot;
    ExprPtr fallback;  // null: undefined
  };
  std::string name;  // empty for the body of a call block
  std::vector<Parameter> parameters;
  SlotRef caller;  // used() where the body speaks of them
  SlotRef kwargs;
  SlotRef varargs;
  bool explicit_caller = false;  // a parameter has that name
  Block body;
  Scope scope;
  Function function;
};

enum class StmtKind : uint8_t {
  kText,         // text
  kPrint,        // expr
  kFor,          // target, expr, test, body, otherwise; scope, test_scope, else_scope
  kIf,           // branches; the last has a null test when there is an else
  kSet,          // target, expr
  kSetBlock,     // target, expr (a filter chain, or null), body, scope
  kMacro,        // target (a name), macro
  kCallBlock,    // expr (a call; null: the generation tag, which calls its body), macro
  kFilterBlock,  // expr (a filter chain), body, scope
  kWith,         // assignments, body, scope
  kBreak,
  kContinue,
  kRefused,  // text: why; fails when it is reached
};

struct Branch {
  ExprPtr test;
  Block body;
};

struct Stmt {
  StmtKind kind;
  int line = 0;
  int column = 0;
  std::string text;
  ExprPtr target;
  ExprPtr expr;
  ExprPtr test;
  Block body;
  Block otherwise;
  std::vector<Branch> branches;
  std::vector<std::pair<ExprPtr, ExprPtr>> assignments;
  std::unique_ptr<Macro> macro;
  Scope scope;
  Scope test_scope;
  Scope else_scope;
  ExprPtr test_target;  // the loop's target once more, in the test's own slots
  SlotRef loop;         // used() where the body speaks of `loop`
  bool recursive = false;
  Function function;  // of a recursive loop
};

struct Template {
  Block body;
  Scope scope;
  Function function;
  std::vector<std::string> context_names;  // variables that come from outside
};

}  // namespace frugal::jinja
