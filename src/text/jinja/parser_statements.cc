#include <algorithm>

#include "base/check.h"
#include "text/jinja/filters.h"
#include "text/jinja/parser.h"

namespace frugal::jinja {
namespace {

// "endfor' or 'else"
std::string Alternatives(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += "' or '";
    out += name;
  }
  return out;
}

}  // namespace

std::unique_ptr<Stmt> Parser::Statement(StmtKind kind, const Lexeme& at) const {
  auto statement = std::make_unique<Stmt>();
  statement->kind = kind;
  statement->line = at.line;
  statement->column = at.column;
  return statement;
}

Block Parser::ParseTemplate() { return ParseBody({}); }

Block Parser::ParseBody(Ends ends) {
  if (++blocks_ > kMaxBlockDepth) FailHere("tags are nested more than {} deep", kMaxBlockDepth);
  ends_.emplace_back(ends.begin(), ends.end());
  Block body;
  while (!At(Token::kEnd)) {
    const Lexeme& at = Current();
    if (at.token == Token::kData) {
      auto text = Statement(StmtKind::kText, at);
      text->text = Take().text;
      body.push_back(std::move(text));
    } else if (at.token == Token::kVariableBegin) {
      auto print = Statement(StmtKind::kPrint, at);
      Take();
      print->expr = ParseTuple(TupleOf::kExpressions);
      Expect(Token::kVariableEnd);
      body.push_back(std::move(print));
    } else {
      Expect(Token::kBlockBegin);
      if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return AtName(end); })) {
        ends_.pop_back();
        --blocks_;
        return body;
      }
      ParseStatement(&body);
      Expect(Token::kBlockEnd);
    }
  }
  if (ends.size() > 0) {
    FailHere("the template ends inside a tag's body: expected '{}'", Alternatives(ends_.back()));
  }
  ends_.pop_back();
  --blocks_;
  return body;
}

Block Parser::ParseStatements(Ends ends) {
  Skip(Token::kColon);
  Expect(Token::kBlockEnd);
  return ParseBody(ends);
}

Block Parser::ParseStatementsAndEnd(std::string_view end) {
  Block body = ParseStatements({end});
  Take();
  return body;
}

void Parser::FailUnknownTag(const Lexeme& tag) const {
  const auto& waiting = ends_.back();
  if (waiting.empty()) FailAt(tag, "unknown tag '{}'", tag.text);
  FailAt(tag, "unknown or misplaced tag '{}': expected '{}'", tag.text, Alternatives(waiting));
}

void Parser::ParseStatement(Block* out) {
  if (!At(Token::kName)) FailHere("expected a tag's name, found {}", Describe(Current()));
  const Lexeme tag = Current();
  const std::string& name = tag.text;
  if (name == "print") return ParsePrint(out);
  if (name == "for") return out->push_back(ParseFor());
  if (name == "if") return out->push_back(ParseIf());
  if (name == "set") return out->push_back(ParseSet());
  if (name == "macro") return out->push_back(ParseMacro());
  if (name == "call") return out->push_back(ParseCallBlock());
  if (name == "generation") return out->push_back(ParseGeneration());
  if (name == "filter") return out->push_back(ParseFilterBlock());
  if (name == "with") return out->push_back(ParseWith());
  if (name == "break" || name == "continue") return out->push_back(ParseLoopControl());
  if (name == "include" || name == "import" || name == "from" || name == "extends") {
    return out->push_back(ParseRefused());
  }
  if (name == "block" || name == "autoescape") {
    FailAt(tag, "the tag '{}' is not supported in chat templates", name);
  }
  FailUnknownTag(tag);
}

void Parser::ParsePrint(Block* out) {
  Take();
  bool first = true;
  while (!At(Token::kBlockEnd)) {
    if (!first) Expect(Token::kComma);
    first = false;
    auto print = Statement(StmtKind::kPrint, Current());
    print->expr = ParseExpression();
    out->push_back(std::move(print));
  }
}

void Parser::CheckTarget(const Expr& target) const {
  if (target.kind == ExprKind::kTuple) {
    for (const ExprPtr& item : target.items) CheckTarget(*item);
  } else if (target.kind != ExprKind::kName) {
    FailAt(target, "only names can be assigned to");
  }
}

ExprPtr Parser::ParseTargetName() {
  ExprPtr target = Node(ExprKind::kName, Current());
  target->name = Expect(Token::kName).text;
  for (const char* reserved : {"true", "false", "none", "True", "False", "None"}) {
    if (target->name == reserved) FailAt(*target, "'{}' cannot be assigned to", target->name);
  }
  return target;
}

ExprPtr Parser::ParseAssignTarget(bool with_namespace) {
  if (with_namespace && Ahead().token == Token::kDot) {
    ExprPtr target = Node(ExprKind::kNamespace, Current());
    ExprPtr object = Node(ExprKind::kName, Current());
    object->name = Expect(Token::kName).text;
    Take();
    target->name = Expect(Token::kName).text;
    Add(*target, std::move(object));
    return target;
  }
  ExprPtr target = ParseTuple(TupleOf::kPrimaries);
  CheckTarget(*target);
  return target;
}

std::unique_ptr<Stmt> Parser::ParseFor() {
  auto loop = Statement(StmtKind::kFor, Take());
  const size_t target_at = pos_;
  loop->target = ParseAssignTarget();
  const size_t after_target = pos_;
  ExpectName("in");
  loop->expr = ParseTuple(TupleOf::kNoConditional);
  if (SkipName("if")) {
    loop->test = ParseExpression();
    const size_t resume = pos_;
    pos_ = target_at;
    loop->test_target = ParseAssignTarget();
    CHECK(pos_ == after_target);
    pos_ = resume;
  }
  loop->recursive = SkipName("recursive");
  const int outer_loops = loops_;
  loops_ = loop->recursive ? 1 : loops_ + 1;
  loop->body = ParseStatements({"endfor", "else"});
  loops_ = loop->recursive ? 0 : outer_loops;
  if (Take().text == "else") loop->otherwise = ParseStatementsAndEnd("endfor");
  loops_ = outer_loops;
  return loop;
}

std::unique_ptr<Stmt> Parser::ParseIf() {
  auto branch = Statement(StmtKind::kIf, Take());
  while (true) {
    ExprPtr test = ParseTuple(TupleOf::kNoConditional);
    Block body = ParseStatements({"elif", "else", "endif"});
    branch->branches.push_back({std::move(test), std::move(body)});
    const Lexeme end = Take();
    if (end.text == "elif") continue;
    if (end.text == "else") branch->branches.push_back({nullptr, ParseStatementsAndEnd("endif")});
    return branch;
  }
}

std::unique_ptr<Stmt> Parser::ParseSet() {
  auto set = Statement(StmtKind::kSet, Take());
  set->target = ParseAssignTarget(/*with_namespace=*/true);
  if (Skip(Token::kAssign)) {
    set->expr = ParseTuple(TupleOf::kExpressions);
    return set;
  }
  set->kind = StmtKind::kSetBlock;
  if (Skip(Token::kPipe)) set->expr = ParseFilterChain();
  set->body = ParseStatementsAndEnd("endset");
  return set;
}

ExprPtr Parser::ParseFilterChain() {
  ExprPtr filter = ParseFilter(nullptr);
  while (Skip(Token::kPipe)) filter = ParseFilter(std::move(filter));
  return filter;
}

void Parser::ParseSignature(Macro* macro) {
  Expect(Token::kLParen);
  while (!At(Token::kRParen)) {
    if (!macro->parameters.empty()) Expect(Token::kComma);
    Macro::Parameter parameter;
    parameter.name = ParseTargetName()->name;
    for (const Macro::Parameter& other : macro->parameters) {
      if (other.name == parameter.name) FailHere("duplicate argument '{}'", parameter.name);
    }
    if (Skip(Token::kAssign)) {
      parameter.fallback = ParseExpression();
    } else if (!macro->parameters.empty() && macro->parameters.back().fallback != nullptr) {
      FailHere("non-default argument follows default argument");
    }
    macro->explicit_caller = macro->explicit_caller || parameter.name == "caller";
    macro->parameters.push_back(std::move(parameter));
  }
  Expect(Token::kRParen);
}

std::unique_ptr<Stmt> Parser::ParseMacro() {
  auto statement = Statement(StmtKind::kMacro, Take());
  statement->target = ParseTargetName();
  statement->macro = std::make_unique<Macro>();
  statement->macro->name = statement->target->name;
  ParseSignature(statement->macro.get());
  const int outer_loops = std::exchange(loops_, 0);
  statement->macro->body = ParseStatementsAndEnd("endmacro");
  loops_ = outer_loops;
  return statement;
}

std::unique_ptr<Stmt> Parser::ParseCallBlock() {
  const Lexeme at = Take();
  auto statement = Statement(StmtKind::kCallBlock, at);
  statement->macro = std::make_unique<Macro>();
  if (At(Token::kLParen)) ParseSignature(statement->macro.get());
  statement->expr = ParseExpression();
  if (statement->expr->kind != ExprKind::kCall) FailAt(at, "expected a call after 'call'");
  const int outer_loops = std::exchange(loops_, 0);
  statement->macro->body = ParseStatementsAndEnd("endcall");
  loops_ = outer_loops;
  return statement;
}

// {% generation %} marks the assistant's text for training; it renders its body as a call block
// does, with a scope of its own.
std::unique_ptr<Stmt> Parser::ParseGeneration() {
  auto statement = Statement(StmtKind::kCallBlock, Take());
  statement->macro = std::make_unique<Macro>();
  const int outer_loops = std::exchange(loops_, 0);
  statement->macro->body = ParseStatementsAndEnd("endgeneration");
  loops_ = outer_loops;
  return statement;
}

std::unique_ptr<Stmt> Parser::ParseFilterBlock() {
  auto statement = Statement(StmtKind::kFilterBlock, Take());
  statement->expr = ParseFilterChain();
  statement->body = ParseStatementsAndEnd("endfilter");
  return statement;
}

std::unique_ptr<Stmt> Parser::ParseWith() {
  auto statement = Statement(StmtKind::kWith, Take());
  while (!At(Token::kBlockEnd)) {
    if (!statement->assignments.empty()) Expect(Token::kComma);
    ExprPtr target = ParseAssignTarget();
    Expect(Token::kAssign);
    ExprPtr value = ParseExpression();
    statement->assignments.emplace_back(std::move(target), std::move(value));
  }
  statement->body = ParseStatementsAndEnd("endwith");
  return statement;
}

std::unique_ptr<Stmt> Parser::ParseLoopControl() {
  const Lexeme at = Take();
  if (loops_ == 0) FailAt(at, "'{}' stands outside of a loop", at.text);
  return Statement(at.text == "break" ? StmtKind::kBreak : StmtKind::kContinue, at);
}

// Tags that need other templates. Jinja fails when it reaches them, not before.
std::unique_ptr<Stmt> Parser::ParseRefused() {
  const Lexeme at = Take();
  auto statement = Statement(StmtKind::kRefused, at);
  statement->text =
      fmt::format("'{}' needs another template; a chat template stands alone", at.text);
  while (!At(Token::kBlockEnd) && !At(Token::kEnd)) Take();
  return statement;
}

}  // namespace frugal::jinja
