// Tokens to a tree, by Jinja 3.1's grammar with the tags of loopcontrols and {% generation %}.
#pragma once

#include <string_view>

#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace frugal::jinja {

// Expressions may be this high and blocks this deep, about what CPython itself takes of the code
// that Jinja generates.
inline constexpr int kMaxExprHeight = 200;
inline constexpr int kMaxBlockDepth = 100;

// The tree of a template whose text is UTF-8; names have no slots yet. Throws Failure with its
// place.
Template Parse(std::string_view source);

// Shared by the parser's two halves (parser.cc: expressions, parser_statements.cc: tags).
class Parser {
 public:
  explicit Parser(std::vector<Lexeme> lexemes) : lexemes_(std::move(lexemes)) {}
  Block ParseTemplate();

 private:
  const Lexeme& Current() const { return lexemes_[pos_]; }
  const Lexeme& Ahead() const { return lexemes_[std::min(pos_ + 1, lexemes_.size() - 1)]; }
  Lexeme Take() { return lexemes_[pos_ + 1 < lexemes_.size() ? pos_++ : pos_]; }
  bool At(Token token) const { return Current().token == token; }
  bool AtName(std::string_view name) const { return At(Token::kName) && Current().text == name; }
  bool Skip(Token token);
  bool SkipName(std::string_view name);
  Lexeme Expect(Token token);
  void ExpectName(std::string_view name);
  template <typename... Args>
  [[noreturn]] void FailHere(fmt::format_string<Args...> format, Args&&... args) const {
    FailAt(Current(), format, std::forward<Args>(args)...);
  }
  template <typename Place, typename... Args>
  [[noreturn]] void FailAt(const Place& place, fmt::format_string<Args...> format,
                           Args&&... args) const {
    throw Failure{StatusCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...),
                  false, place.line, place.column};
  }

  // Expressions.
  ExprPtr Node(ExprKind kind, const Lexeme& at) const;
  void Add(Expr& parent, ExprPtr child) const;
  ExprPtr ParseExpression(bool with_conditional = true);
  ExprPtr ParseConditional();
  ExprPtr ParseOr();
  ExprPtr ParseAnd();
  ExprPtr ParseNot();
  ExprPtr ParseCompare();
  ExprPtr ParseSum();
  ExprPtr ParseConcat();
  ExprPtr ParseProduct();
  ExprPtr ParsePower();
  ExprPtr ParseUnary(bool with_filter);
  ExprPtr ParsePrimary();
  ExprPtr ParsePostfix(ExprPtr node);
  ExprPtr ParseFilterExpr(ExprPtr node);
  ExprPtr ParseSubscript(ExprPtr node);
  ExprPtr ParseSubscribed(const ExprPtr& object);
  ExprPtr ParseCall(ExprPtr callee);
  ExprPtr ParseFilter(ExprPtr operand);  // the name is next
  ExprPtr ParseTest(ExprPtr operand);
  ExprPtr ParseList();
  ExprPtr ParseDict();
  std::unique_ptr<CallArgs> ParseCallArgs(Expr& owner);
  std::string ParseDottedName();
  // A bare tuple may end in a comma before a tag's end or ')'.
  enum class TupleOf { kExpressions, kNoConditional, kPrimaries };
  ExprPtr ParseTuple(TupleOf what, bool parenthesized = false);

  // Statements.
  using Ends = std::initializer_list<std::string_view>;
  Block ParseBody(Ends ends);            // up to a tag of that name, which is current then
  Block ParseStatements(Ends ends);      // the end of a tag, then a body
  Block ParseStatementsAndEnd(std::string_view end);
  void ParseStatement(Block* out);
  std::unique_ptr<Stmt> Statement(StmtKind kind, const Lexeme& at) const;
  std::unique_ptr<Stmt> ParseFor();
  std::unique_ptr<Stmt> ParseIf();
  std::unique_ptr<Stmt> ParseSet();
  std::unique_ptr<Stmt> ParseMacro();
  std::unique_ptr<Stmt> ParseCallBlock();
  std::unique_ptr<Stmt> ParseGeneration();
  std::unique_ptr<Stmt> ParseFilterBlock();
  std::unique_ptr<Stmt> ParseWith();
  std::unique_ptr<Stmt> ParseLoopControl();
  std::unique_ptr<Stmt> ParseRefused();
  void ParsePrint(Block* out);
  void ParseSignature(Macro* macro);
  ExprPtr ParseFilterChain();
  ExprPtr ParseAssignTarget(bool with_namespace = false);
  ExprPtr ParseTargetName();
  void CheckTarget(const Expr& target) const;
  [[noreturn]] void FailUnknownTag(const Lexeme& tag) const;

  const std::vector<Lexeme> lexemes_;
  size_t pos_ = 0;
  int depth_ = 0;       // of expressions
  int blocks_ = 0;      // of open tags
  int loops_ = 0;       // open in this function: where break and continue may stand
  std::vector<std::vector<std::string>> ends_;  // what the open tags are waiting for
};

}  // namespace frugal::jinja
