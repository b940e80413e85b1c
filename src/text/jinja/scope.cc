#include "text/jinja/scope.h"

#include <map>
#include <set>
#include <string>

namespace frugal::jinja {
namespace {

// The pass copies name tables at every branch; a template for which that grows past this many
// entries is no chat template (published ones need five thousand).
constexpr int64_t kMaxWork = 2'000'000;

// A function's variables. Two scopes of one function at the same nesting level share the variable
// of a name, as the local variables of Jinja's generated code do.
struct FunctionSlots {
  int parent = -1;
  int home = -1;  // the function whose activation holds the slots: itself, or for a loop's test
                  // (a function of its own in Jinja) the one around it
  Function* function = nullptr;
  std::map<std::pair<int, std::string>, int> variables;
};

struct Variable {
  int function;  // whose activation holds it
  int slot;
};

struct LoadPlan {
  Load::Kind kind;
  int alias = -1;    // kAlias: the variable
  std::string name;  // kResolve
};

struct Symbols {
  Symbols* parent = nullptr;
  int level = 0;
  int function = 0;
  std::map<std::string, int> refs;  // name → variable
  std::map<int, LoadPlan> loads;    // variable → where its first value comes from
  std::set<std::string> stores;
};

using Names = std::set<std::string>;

// Which of `names` the code reads before it sets them.
class UndeclaredFinder {
 public:
  explicit UndeclaredFinder(Names names) : names_(std::move(names)) {}

  Names Find(const Block& block) {
    Visit(block);
    return found_;
  }

 private:
  void Visit(const Block& block) {
    for (const auto& statement : block) Visit(*statement);
  }

  void Visit(const ExprPtr& expr) {
    if (expr == nullptr) return;
    if (expr->kind == ExprKind::kName && names_.count(expr->name) > 0) found_.insert(expr->name);
    for (const ExprPtr& item : expr->items) Visit(item);
    if (expr->args == nullptr) return;
    for (const ExprPtr& arg : expr->args->positional) Visit(arg);
    for (const auto& [name, arg] : expr->args->named) Visit(arg);
    Visit(expr->args->star);
    Visit(expr->args->double_star);
  }

  void Store(const ExprPtr& target) {
    if (target == nullptr) return;
    if (target->kind == ExprKind::kName) names_.erase(target->name);
    if (target->kind == ExprKind::kTuple) {
      for (const ExprPtr& item : target->items) Store(item);
    }
  }

  void VisitMacro(const Macro& macro) {
    for (const auto& parameter : macro.parameters) names_.erase(parameter.name);
    for (const auto& parameter : macro.parameters) Visit(parameter.fallback);
    Visit(macro.body);
  }

  void Visit(const Stmt& s) {
    switch (s.kind) {
      case StmtKind::kFor:
        Store(s.target);
        Visit(s.expr);
        Visit(s.body);
        Visit(s.otherwise);
        Visit(s.test);
        return;
      case StmtKind::kIf:
        for (const Branch& branch : s.branches) {
          Visit(branch.test);
          Visit(branch.body);
        }
        return;
      case StmtKind::kMacro:
        return VisitMacro(*s.macro);
      case StmtKind::kCallBlock:
        Visit(s.expr);
        return VisitMacro(*s.macro);
      case StmtKind::kWith:
        for (const auto& [target, value] : s.assignments) Store(target);
        for (const auto& [target, value] : s.assignments) Visit(value);
        return Visit(s.body);
      case StmtKind::kFilterBlock:
        Visit(s.body);
        return Visit(s.expr);
      default:
        Store(s.target);
        Visit(s.expr);
        return Visit(s.body);
    }
  }

  Names names_;
  Names found_;
};

const Expr* FindStore(const Block& block, const char* name);

const Expr* FindStore(const ExprPtr& target, const char* name) {
  if (target == nullptr) return nullptr;
  if (target->kind == ExprKind::kName) return target->name == name ? target.get() : nullptr;
  if (target->kind != ExprKind::kTuple) return nullptr;
  for (const ExprPtr& item : target->items) {
    if (const Expr* found = FindStore(item, name)) return found;
  }
  return nullptr;
}

// An assignment to `name` anywhere in a statement.
const Expr* FindStore(const Stmt& s, const char* name) {
  const bool assigns =
      s.kind == StmtKind::kFor || s.kind == StmtKind::kSet || s.kind == StmtKind::kSetBlock;
  if (const Expr* found = assigns ? FindStore(s.target, name) : nullptr) return found;
  for (const Branch& branch : s.branches) {
    if (const Expr* found = FindStore(branch.body, name)) return found;
  }
  if (s.macro != nullptr) {
    if (const Expr* found = FindStore(s.macro->body, name)) return found;
  }
  if (const Expr* found = FindStore(s.body, name)) return found;
  return FindStore(s.otherwise, name);
}

const Expr* FindStore(const Block& block, const char* name) {
  for (const auto& statement : block) {
    if (const Expr* found = FindStore(*statement, name)) return found;
  }
  return nullptr;
}

class Resolver {
 public:
  explicit Resolver(Template* tree) : tree_(tree) {}

  void Run() {
    Symbols root;
    root.function = AddFunction(-1, &tree_->function);
    Analyze(root, tree_->body);
    tree_->scope = Plan(root);
    Resolve(tree_->body, root, /*soft=*/false);
  }

 private:
  // --- variables

  int AddFunction(int parent, Function* function) {
    const int id = static_cast<int>(functions_.size());
    functions_.push_back({parent, id, function, {}});
    if (parent >= 0)
      functions_[static_cast<size_t>(functions_[static_cast<size_t>(parent)].home)]
          .function->has_inner = true;
    return id;
  }

  int AddTestFunction(int around) {
    const FunctionSlots& outer = functions_[static_cast<size_t>(around)];
    FunctionSlots test{around, outer.home, outer.function, {}};
    functions_.push_back(std::move(test));
    return static_cast<int>(functions_.size()) - 1;
  }

  int VariableOf(int function, int level, const std::string& name) {
    FunctionSlots& f = functions_[static_cast<size_t>(function)];
    const auto [it, added] =
        f.variables.try_emplace({level, name}, static_cast<int>(variables_.size()));
    if (added) variables_.push_back({f.home, f.function->slots++});
    return it->second;
  }

  SlotRef SlotOf(int variable, int from_function) const {
    const Variable& v = variables_[static_cast<size_t>(variable)];
    SlotRef ref{0, v.slot};
    int at = functions_[static_cast<size_t>(from_function)].home;
    while (at != v.function) {
      const int around = functions_[static_cast<size_t>(at)].parent;
      at = functions_[static_cast<size_t>(around)].home;
      ++ref.up;
    }
    return ref;
  }

  Scope Plan(const Symbols& symbols) {
    Scope scope;
    for (const auto& [variable, plan] : symbols.loads) {
      Load load;
      load.kind = plan.kind;
      load.slot = SlotOf(variable, symbols.function);
      if (plan.kind == Load::Kind::kAlias) load.alias = SlotOf(plan.alias, symbols.function);
      if (plan.kind == Load::Kind::kResolve) load.context = ContextIndex(plan.name);
      scope.push_back(load);
    }
    return scope;
  }

  int ContextIndex(const std::string& name) {
    const auto [it, added] =
        context_.try_emplace(name, static_cast<int>(tree_->context_names.size()));
    if (added) tree_->context_names.push_back(name);
    return it->second;
  }

  // --- symbols: what Jinja calls idtracking

  void Spend(size_t work) {
    work_ += static_cast<int64_t>(work) + 1;
    if (work_ > kMaxWork) FailLimit("the template is too large or has too many branches");
  }

  static int FindRef(const Symbols* symbols, const std::string& name) {
    for (; symbols != nullptr; symbols = symbols->parent) {
      if (const auto it = symbols->refs.find(name); it != symbols->refs.end()) return it->second;
    }
    return -1;
  }

  void Define(Symbols& symbols, const std::string& name, LoadPlan plan) {
    const int variable = VariableOf(symbols.function, symbols.level, name);
    symbols.refs[name] = variable;
    symbols.loads[variable] = std::move(plan);
  }

  void Store(Symbols& symbols, const std::string& name) {
    symbols.stores.insert(name);
    if (symbols.refs.count(name) > 0) return;
    const int outer = FindRef(symbols.parent, name);
    if (outer >= 0) {
      Define(symbols, name, {Load::Kind::kAlias, outer, {}});
    } else {
      Define(symbols, name, {Load::Kind::kUndefined, -1, {}});
    }
  }

  int Declare(Symbols& symbols, const std::string& name) {
    symbols.stores.insert(name);
    Define(symbols, name, {Load::Kind::kParameter, -1, {}});
    return symbols.refs[name];
  }

  void Read(Symbols& symbols, const std::string& name) {
    if (FindRef(&symbols, name) < 0) Define(symbols, name, {Load::Kind::kResolve, -1, name});
  }

  void BranchUpdate(Symbols& symbols, const std::vector<Symbols>& branches) {
    std::map<std::string, size_t> stores;
    for (const Symbols& branch : branches) {
      Spend(branch.refs.size());
      for (const std::string& name : branch.stores) {
        if (symbols.stores.count(name) == 0) ++stores[name];
      }
    }
    for (const Symbols& branch : branches) {
      for (const auto& [name, variable] : branch.refs) symbols.refs[name] = variable;
      for (const auto& [variable, plan] : branch.loads) symbols.loads[variable] = plan;
      symbols.stores.insert(branch.stores.begin(), branch.stores.end());
    }
    for (const auto& [name, count] : stores) {
      if (count == branches.size()) continue;
      // Some branch leaves it alone: it keeps what it was before.
      const int target = FindRef(&symbols, name);
      const int outer = FindRef(symbols.parent, name);
      symbols.loads[target] = outer >= 0 ? LoadPlan{Load::Kind::kAlias, outer, {}}
                                         : LoadPlan{Load::Kind::kResolve, -1, name};
    }
  }

  void Analyze(Symbols& symbols, const Block& block) {
    for (const auto& statement : block) Analyze(symbols, *statement);
  }

  void AnalyzeExpr(Symbols& symbols, const ExprPtr& expr) {
    if (expr == nullptr) return;
    Spend(0);
    if (expr->kind == ExprKind::kName) Read(symbols, expr->name);
    for (const ExprPtr& item : expr->items) AnalyzeExpr(symbols, item);
    if (expr->args == nullptr) return;
    for (const ExprPtr& arg : expr->args->positional) AnalyzeExpr(symbols, arg);
    for (const auto& [name, arg] : expr->args->named) AnalyzeExpr(symbols, arg);
    AnalyzeExpr(symbols, expr->args->star);
    AnalyzeExpr(symbols, expr->args->double_star);
  }

  void AnalyzeTarget(Symbols& symbols, const ExprPtr& target, bool as_parameter) {
    switch (target->kind) {
      case ExprKind::kName:
        if (as_parameter) {
          Declare(symbols, target->name);
        } else {
          Store(symbols, target->name);
        }
        return;
      case ExprKind::kNamespace:
        return AnalyzeExpr(symbols, target->items[0]);
      default:
        for (const ExprPtr& item : target->items) AnalyzeTarget(symbols, item, as_parameter);
    }
  }

  void AnalyzeIf(Symbols& symbols, const Stmt& s) {
    // Jinja keeps the elifs as a list of ifs without elif or else.
    AnalyzeExpr(symbols, s.branches[0].test);
    const auto copy = [&](const Symbols& from) {
      Spend(from.refs.size() + from.loads.size() + from.stores.size());
      return from;
    };
    std::vector<Symbols> parts;
    parts.push_back(copy(symbols));
    Analyze(parts.back(), s.branches[0].body);
    parts.push_back(copy(symbols));
    for (size_t i = 1; i < s.branches.size() && s.branches[i].test != nullptr; ++i) {
      Symbols& elifs = parts[1];
      AnalyzeExpr(elifs, s.branches[i].test);
      std::vector<Symbols> inner(3, copy(elifs));
      Analyze(inner[0], s.branches[i].body);
      BranchUpdate(elifs, inner);
    }
    parts.push_back(copy(symbols));
    if (s.branches.back().test == nullptr) Analyze(parts.back(), s.branches.back().body);
    BranchUpdate(symbols, parts);
  }

  void Analyze(Symbols& symbols, const Stmt& s) {
    Spend(0);
    switch (s.kind) {
      case StmtKind::kIf:
        return AnalyzeIf(symbols, s);
      case StmtKind::kPrint:
      case StmtKind::kFor:
      case StmtKind::kCallBlock:
      case StmtKind::kFilterBlock:
        return AnalyzeExpr(symbols, s.expr);
      case StmtKind::kSet:
        AnalyzeExpr(symbols, s.expr);
        return AnalyzeTarget(symbols, s.target, false);
      case StmtKind::kSetBlock:
        return AnalyzeTarget(symbols, s.target, false);
      case StmtKind::kMacro:
        return Store(symbols, s.target->name);
      case StmtKind::kWith:
        for (const auto& [target, value] : s.assignments) AnalyzeExpr(symbols, value);
        return;
      default:
        return;
    }
  }

  Symbols Inner(Symbols& symbols, int function) const {
    Symbols inner;
    inner.parent = &symbols;
    inner.level = symbols.level + 1;
    inner.function = function;
    return inner;
  }

  // --- slots: what Jinja's code generator does

  void ResolveExpr(const ExprPtr& expr, Symbols& symbols, bool soft) {
    if (expr == nullptr) return;
    if (expr->kind == ExprKind::kName) {
      Read(symbols, expr->name);  // known already but for the filters of a set block
      expr->slot = SlotOf(FindRef(&symbols, expr->name), symbols.function);
    }
    if ((expr->kind == ExprKind::kFilter || expr->kind == ExprKind::kTest) &&
        expr->function == nullptr && !soft) {
      throw Failure{StatusCode::kInvalidArgument,
                    fmt::format("there is no {} named '{}'",
                                expr->kind == ExprKind::kFilter ? "filter" : "test", expr->name),
                    false, expr->line, expr->column};
    }
    soft = soft || expr->kind == ExprKind::kConditional;
    for (const ExprPtr& item : expr->items) ResolveExpr(item, symbols, soft);
    if (expr->args == nullptr) return;
    for (const ExprPtr& arg : expr->args->positional) ResolveExpr(arg, symbols, soft);
    for (const auto& [name, arg] : expr->args->named) ResolveExpr(arg, symbols, soft);
    ResolveExpr(expr->args->star, symbols, soft);
    ResolveExpr(expr->args->double_star, symbols, soft);
  }

  void Resolve(const Block& block, Symbols& symbols, bool soft) {
    for (const auto& statement : block) Resolve(*statement, symbols, soft);
  }

  void Resolve(Stmt& s, Symbols& symbols, bool soft) {
    switch (s.kind) {
      case StmtKind::kPrint:
        return ResolveExpr(s.expr, symbols, soft);
      case StmtKind::kFor:
        return ResolveFor(s, symbols, soft);
      case StmtKind::kIf:
        for (const Branch& branch : s.branches) {
          ResolveExpr(branch.test, symbols, /*soft=*/true);
          Resolve(branch.body, symbols, /*soft=*/true);
        }
        return;
      case StmtKind::kSet:
        ResolveExpr(s.target, symbols, soft);
        return ResolveExpr(s.expr, symbols, soft);
      case StmtKind::kSetBlock: {
        ResolveExpr(s.target, symbols, soft);
        Symbols inner = Inner(symbols, symbols.function);
        Analyze(inner, s.body);
        AnalyzeExpr(inner, s.expr);
        s.scope = Plan(inner);
        Resolve(s.body, inner, false);
        return ResolveExpr(s.expr, inner, false);
      }
      case StmtKind::kMacro:
        ResolveMacro(*s.macro, s, symbols);
        return ResolveExpr(s.target, symbols, soft);
      case StmtKind::kCallBlock:
        ResolveMacro(*s.macro, s, symbols);
        return ResolveExpr(s.expr, symbols, soft);
      case StmtKind::kFilterBlock: {
        Symbols inner = Inner(symbols, symbols.function);
        Analyze(inner, s.body);
        AnalyzeExpr(inner, s.expr);
        s.scope = Plan(inner);
        Resolve(s.body, inner, false);
        return ResolveExpr(s.expr, inner, false);
      }
      case StmtKind::kWith: {
        Symbols inner = Inner(symbols, symbols.function);
        for (const auto& [target, value] : s.assignments) AnalyzeTarget(inner, target, true);
        Analyze(inner, s.body);
        s.scope = Plan(inner);
        for (const auto& [target, value] : s.assignments) {
          ResolveExpr(target, inner, false);
          ResolveExpr(value, symbols, soft);
        }
        return Resolve(s.body, inner, false);
      }
      default:
        return;
    }
  }

  void ResolveFor(Stmt& s, Symbols& symbols, bool soft) {
    const int function =
        s.recursive ? AddFunction(symbols.function, &s.function) : symbols.function;
    Symbols body = Inner(symbols, function);
    const bool uses_loop = s.recursive || UndeclaredFinder({"loop"}).Find(s.body).count("loop") > 0;
    if (uses_loop) s.loop = SlotOf(Declare(body, "loop"), function);
    AnalyzeTarget(body, s.target, /*as_parameter=*/true);
    Analyze(body, s.body);
    Symbols otherwise = Inner(symbols, function);
    Analyze(otherwise, s.otherwise);
    if (s.test != nullptr) {
      Symbols test = Inner(symbols, AddTestFunction(symbols.function));
      AnalyzeTarget(test, s.test_target, /*as_parameter=*/true);
      AnalyzeExpr(test, s.test);
      s.test_scope = Plan(test);
      ResolveExpr(s.test_target, test, false);
      ResolveExpr(s.test, test, false);
    }
    if (const Expr* store = FindStore(s, "loop")) {
      throw Failure{StatusCode::kInvalidArgument, "'loop' cannot be assigned to inside a loop",
                    false, store->line, store->column};
    }
    s.scope = Plan(body);
    s.else_scope = Plan(otherwise);
    ResolveExpr(s.expr, symbols, soft);
    ResolveExpr(s.target, body, false);
    Resolve(s.body, body, false);
    Resolve(s.otherwise, otherwise, false);
  }

  void ResolveMacro(Macro& macro, const Stmt& at, Symbols& symbols) {
    const int function = AddFunction(symbols.function, &macro.function);
    Symbols inner = Inner(symbols, function);
    for (const auto& parameter : macro.parameters) Declare(inner, parameter.name);
    for (const auto& parameter : macro.parameters) AnalyzeExpr(inner, parameter.fallback);
    Analyze(inner, macro.body);
    Names undeclared = UndeclaredFinder({"caller", "kwargs", "varargs"}).Find(macro.body);
    for (auto& parameter : macro.parameters) {
      parameter.slot = SlotOf(inner.refs[parameter.name], function);
      if (parameter.name == "caller" && undeclared.count("caller") > 0) {
        if (parameter.fallback == nullptr) {
          throw Failure{StatusCode::kInvalidArgument,
                        "the special argument 'caller' must be left out or have a default", false,
                        at.line, at.column};
        }
        macro.caller = parameter.slot;
      }
      undeclared.erase(parameter.name);
    }
    const auto special = [&](const char* name, SlotRef* slot) {
      if (undeclared.count(name) > 0) *slot = SlotOf(Declare(inner, name), function);
    };
    special("caller", &macro.caller);
    special("kwargs", &macro.kwargs);
    special("varargs", &macro.varargs);
    macro.scope = Plan(inner);
    for (const auto& parameter : macro.parameters) ResolveExpr(parameter.fallback, inner, false);
    Resolve(macro.body, inner, false);
  }

  Template* tree_;
  std::vector<FunctionSlots> functions_;
  std::vector<Variable> variables_;
  std::map<std::string, int> context_;
  int64_t work_ = 0;
};

}  // namespace

void ResolveScopes(Template* tree) { Resolver(tree).Run(); }

}  // namespace frugal::jinja
