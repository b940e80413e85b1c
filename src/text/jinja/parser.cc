#include "text/jinja/parser.h"

#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/predicates.h"
#include "text/jinja/scope.h"

namespace frugal::jinja {
namespace {

bool IsReserved(std::string_view name) {
  return name == "true" || name == "false" || name == "True" || name == "False" ||
         name == "none" || name == "None";
}

}  // namespace

Template Parse(std::string_view source) {
  Template result;
  result.body = Parser(Tokenize(source)).ParseTemplate();
  ResolveScopes(&result);
  return result;
}

bool Parser::Skip(Token token) {
  if (!At(token)) return false;
  Take();
  return true;
}

bool Parser::SkipName(std::string_view name) {
  if (!AtName(name)) return false;
  Take();
  return true;
}

Lexeme Parser::Expect(Token token) {
  if (!At(token)) FailHere("expected '{}', found {}", TokenText(token), Describe(Current()));
  return Take();
}

void Parser::ExpectName(std::string_view name) {
  if (!SkipName(name)) FailHere("expected '{}', found {}", name, Describe(Current()));
}

ExprPtr Parser::Node(ExprKind kind, const Lexeme& at) const {
  auto node = std::make_unique<Expr>();
  node->kind = kind;
  node->line = at.line;
  node->column = at.column;
  return node;
}

void Parser::Add(Expr& parent, ExprPtr child) const {
  if (child != nullptr) {
    parent.height = std::max(parent.height, child->height + 1);
    if (parent.height > kMaxExprHeight) {
      FailAt(parent, "this expression is nested more than {} levels deep", kMaxExprHeight);
    }
  }
  parent.items.push_back(std::move(child));
}

ExprPtr Parser::ParseExpression(bool with_conditional) {
  return with_conditional ? ParseConditional() : ParseOr();
}

ExprPtr Parser::ParseConditional() {
  Lexeme at = Current();
  ExprPtr then = ParseOr();
  while (SkipName("if")) {
    ExprPtr node = Node(ExprKind::kConditional, at);
    Add(*node, ParseOr());
    Add(*node, std::move(then));
    ExprPtr otherwise;
    if (SkipName("else")) {
      if (++depth_ > kMaxExprHeight) FailHere("this expression is nested too deep");
      otherwise = ParseConditional();
      --depth_;
    }
    Add(*node, std::move(otherwise));
    then = std::move(node);
    at = Current();
  }
  return then;
}

ExprPtr Parser::ParseOr() {
  ExprPtr left = ParseAnd();
  while (AtName("or")) {
    ExprPtr node = Node(ExprKind::kOr, Take());
    Add(*node, std::move(left));
    Add(*node, ParseAnd());
    left = std::move(node);
  }
  return left;
}

ExprPtr Parser::ParseAnd() {
  ExprPtr left = ParseNot();
  while (AtName("and")) {
    ExprPtr node = Node(ExprKind::kAnd, Take());
    Add(*node, std::move(left));
    Add(*node, ParseNot());
    left = std::move(node);
  }
  return left;
}

ExprPtr Parser::ParseNot() {
  if (!AtName("not")) return ParseCompare();
  if (++depth_ > kMaxExprHeight) FailHere("this expression is nested too deep");
  ExprPtr node = Node(ExprKind::kNot, Take());
  Add(*node, ParseNot());
  --depth_;
  return node;
}

ExprPtr Parser::ParseCompare() {
  ExprPtr first = ParseSum();
  ExprPtr node;
  while (true) {
    CompareOp op = CompareOp::kEq;
    const Lexeme at = Current();
    switch (at.token) {
      case Token::kEq: op = CompareOp::kEq; break;
      case Token::kNe: op = CompareOp::kNe; break;
      case Token::kLt: op = CompareOp::kLt; break;
      case Token::kLe: op = CompareOp::kLe; break;
      case Token::kGt: op = CompareOp::kGt; break;
      case Token::kGe: op = CompareOp::kGe; break;
      case Token::kName:
        if (at.text == "in") {
          op = CompareOp::kIn;
          break;
        }
        if (at.text == "not" && Ahead().token == Token::kName && Ahead().text == "in") {
          Take();
          op = CompareOp::kNotIn;
          break;
        }
        [[fallthrough]];
      default: return node != nullptr ? std::move(node) : std::move(first);
    }
    Take();
    if (node == nullptr) {
      node = Node(ExprKind::kCompare, at);
      Add(*node, std::move(first));
    }
    node->compares.push_back(op);
    Add(*node, ParseSum());
  }
}

ExprPtr Parser::ParseSum() {
  ExprPtr left = ParseConcat();
  while (At(Token::kAdd) || At(Token::kSub)) {
    const Lexeme at = Take();
    ExprPtr node = Node(ExprKind::kBinary, at);
    node->binary = at.token == Token::kAdd ? BinaryOp::kAdd : BinaryOp::kSub;
    Add(*node, std::move(left));
    Add(*node, ParseConcat());
    left = std::move(node);
  }
  return left;
}

ExprPtr Parser::ParseConcat() {
  ExprPtr first = ParseProduct();
  if (!At(Token::kTilde)) return first;
  ExprPtr node = Node(ExprKind::kConcat, Current());
  Add(*node, std::move(first));
  while (Skip(Token::kTilde)) Add(*node, ParseProduct());
  return node;
}

ExprPtr Parser::ParseProduct() {
  ExprPtr left = ParsePower();
  while (true) {
    BinaryOp op = BinaryOp::kMul;
    switch (Current().token) {
      case Token::kMul: op = BinaryOp::kMul; break;
      case Token::kDiv: op = BinaryOp::kDiv; break;
      case Token::kFloorDiv: op = BinaryOp::kFloorDiv; break;
      case Token::kMod: op = BinaryOp::kMod; break;
      default: return left;
    }
    ExprPtr node = Node(ExprKind::kBinary, Take());
    node->binary = op;
    Add(*node, std::move(left));
    Add(*node, ParsePower());
    left = std::move(node);
  }
}

ExprPtr Parser::ParsePower() {
  ExprPtr left = ParseUnary(/*with_filter=*/true);
  while (At(Token::kPow)) {
    ExprPtr node = Node(ExprKind::kBinary, Take());
    node->binary = BinaryOp::kPow;
    Add(*node, std::move(left));
    Add(*node, ParseUnary(/*with_filter=*/true));
    left = std::move(node);
  }
  return left;
}

ExprPtr Parser::ParseUnary(bool with_filter) {
  if (++depth_ > kMaxExprHeight) FailHere("this expression is nested too deep");
  ExprPtr node;
  if (At(Token::kSub) || At(Token::kAdd)) {
    const Lexeme at = Take();
    node = Node(at.token == Token::kSub ? ExprKind::kNegate : ExprKind::kPlus, at);
    Add(*node, ParseUnary(/*with_filter=*/false));
  } else {
    node = ParsePrimary();
  }
  node = ParsePostfix(std::move(node));
  if (with_filter) node = ParseFilterExpr(std::move(node));
  --depth_;
  return node;
}

ExprPtr Parser::ParsePrimary() {
  const Lexeme at = Current();
  switch (at.token) {
    case Token::kName: {
      Take();
      ExprPtr node = Node(IsReserved(at.text) ? ExprKind::kConst : ExprKind::kName, at);
      node->name = at.text;
      if (node->kind == ExprKind::kConst && (at.text[0] | 32) != 'n') {
        node->value = Value::Bool((at.text[0] | 32) == 't');
      }
      return node;
    }
    case Token::kString: {
      std::string text;
      while (At(Token::kString)) text += Take().text;
      ExprPtr node = Node(ExprKind::kConst, at);
      node->value = Value::Text(std::move(text));
      return node;
    }
    case Token::kInteger:
    case Token::kFloat: {
      Take();
      ExprPtr node = Node(ExprKind::kConst, at);
      node->value =
          at.token == Token::kInteger ? Value::Integer(at.integer) : Value::Float(at.real);
      return node;
    }
    case Token::kLParen: {
      Take();
      ExprPtr node = ParseTuple(TupleOf::kExpressions, /*parenthesized=*/true);
      Expect(Token::kRParen);
      return node;
    }
    case Token::kLBracket: return ParseList();
    case Token::kLBrace: return ParseDict();
    default: FailHere("expected an expression, found {}", Describe(at));
  }
}

ExprPtr Parser::ParseTuple(TupleOf what, bool parenthesized) {
  const Lexeme at = Current();
  std::vector<ExprPtr> items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) Expect(Token::kComma);
    if (At(Token::kVariableEnd) || At(Token::kBlockEnd) || At(Token::kRParen)) break;
    items.push_back(what == TupleOf::kPrimaries
                        ? ParsePrimary()
                        : ParseExpression(what == TupleOf::kExpressions));
    if (!At(Token::kComma)) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (!items.empty()) return std::move(items[0]);
    if (!parenthesized) FailHere("expected an expression, found {}", Describe(Current()));
  }
  ExprPtr node = Node(ExprKind::kTuple, at);
  for (ExprPtr& item : items) Add(*node, std::move(item));
  return node;
}

ExprPtr Parser::ParseList() {
  ExprPtr node = Node(ExprKind::kList, Expect(Token::kLBracket));
  while (!At(Token::kRBracket)) {
    if (!node->items.empty()) Expect(Token::kComma);
    if (At(Token::kRBracket)) break;
    Add(*node, ParseExpression());
  }
  Expect(Token::kRBracket);
  return node;
}

ExprPtr Parser::ParseDict() {
  ExprPtr node = Node(ExprKind::kDict, Expect(Token::kLBrace));
  while (!At(Token::kRBrace)) {
    if (!node->items.empty()) Expect(Token::kComma);
    if (At(Token::kRBrace)) break;
    Add(*node, ParseExpression());
    Expect(Token::kColon);
    Add(*node, ParseExpression());
  }
  Expect(Token::kRBrace);
  return node;
}

ExprPtr Parser::ParsePostfix(ExprPtr node) {
  while (true) {
    if (At(Token::kDot) || At(Token::kLBracket)) {
      node = ParseSubscript(std::move(node));
    } else if (At(Token::kLParen)) {
      node = ParseCall(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr Parser::ParseFilterExpr(ExprPtr node) {
  while (true) {
    if (Skip(Token::kPipe)) {
      node = ParseFilter(std::move(node));
    } else if (AtName("is")) {
      node = ParseTest(std::move(node));
    } else if (At(Token::kLParen)) {
      node = ParseCall(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr Parser::ParseSubscript(ExprPtr object) {
  const Lexeme at = Take();
  if (at.token == Token::kDot) {
    const Lexeme attribute = Take();
    if (attribute.token == Token::kName) {
      ExprPtr node = Node(ExprKind::kAttribute, at);
      node->name = attribute.text;
      Add(*node, std::move(object));
      return node;
    }
    if (attribute.token != Token::kInteger) {
      FailAt(attribute, "expected a name or a number after '.', found {}", Describe(attribute));
    }
    ExprPtr node = Node(ExprKind::kItem, at);
    ExprPtr key = Node(ExprKind::kConst, attribute);
    key->value = Value::Integer(attribute.integer);
    Add(*node, std::move(object));
    Add(*node, std::move(key));
    return node;
  }
  std::vector<ExprPtr> keys;
  while (!At(Token::kRBracket)) {
    if (!keys.empty()) Expect(Token::kComma);
    keys.push_back(ParseSubscribed(object));
  }
  Expect(Token::kRBracket);
  const auto is_bare_slice = [](const Expr& key) {
    return key.kind == ExprKind::kSlice && key.items[0] == nullptr;
  };
  if (keys.size() == 1 && is_bare_slice(*keys[0])) {
    ExprPtr node = std::move(keys[0]);
    node->items[0] = std::move(object);
    node->height = std::max(node->height, node->items[0]->height + 1);
    if (node->height > kMaxExprHeight) FailAt(at, "this expression is nested too deep");
    return node;
  }
  ExprPtr node = Node(ExprKind::kItem, at);
  Add(*node, std::move(object));
  if (keys.size() == 1) {
    Add(*node, std::move(keys[0]));
    return node;
  }
  ExprPtr tuple = Node(ExprKind::kTuple, at);
  for (ExprPtr& key : keys) {
    if (is_bare_slice(*key)) FailAt(*key, "a slice must stand alone in its brackets");
    Add(*tuple, std::move(key));
  }
  Add(*node, std::move(tuple));
  return node;
}

ExprPtr Parser::ParseSubscribed(const ExprPtr& object) {
  const Lexeme at = Current();
  ExprPtr start;
  if (!At(Token::kColon)) {
    start = ParseExpression();
    if (!At(Token::kColon)) return start;
  }
  Take();
  const auto at_bound = [&] { return !At(Token::kColon) && !At(Token::kRBracket) && !At(Token::kComma); };
  ExprPtr node = Node(ExprKind::kSlice, at);
  node->height = object->height + 1;
  node->items.push_back(nullptr);  // the object, put in by the caller
  Add(*node, std::move(start));
  Add(*node, at_bound() ? ParseExpression() : nullptr);
  ExprPtr step;
  if (Skip(Token::kColon) && at_bound()) step = ParseExpression();
  Add(*node, std::move(step));
  return node;
}

std::unique_ptr<CallArgs> Parser::ParseCallArgs(Expr& owner) {
  const Lexeme at = Expect(Token::kLParen);
  auto args = std::make_unique<CallArgs>();
  const auto need = [&](bool ok) {
    if (!ok) FailAt(at, "invalid syntax for function call expression");
  };
  const auto grown = [&](ExprPtr arg) {
    owner.height = std::max(owner.height, arg->height + 1);
    if (owner.height > kMaxExprHeight) FailAt(at, "this expression is nested too deep");
    return arg;
  };
  bool need_comma = false;
  while (!At(Token::kRParen)) {
    if (need_comma) {
      Expect(Token::kComma);
      if (At(Token::kRParen)) break;
    }
    if (Skip(Token::kMul)) {
      need(args->star == nullptr && args->double_star == nullptr);
      args->star = grown(ParseExpression());
    } else if (Skip(Token::kPow)) {
      need(args->double_star == nullptr);
      args->double_star = grown(ParseExpression());
    } else if (At(Token::kName) && Ahead().token == Token::kAssign) {
      need(args->double_star == nullptr);
      const Lexeme name = Take();
      Take();
      for (const auto& [other, value] : args->named) {
        if (other == name.text) FailAt(name, "keyword argument repeated: {}", name.text);
      }
      args->named.emplace_back(name.text, grown(ParseExpression()));
    } else {
      need(args->star == nullptr && args->double_star == nullptr && args->named.empty());
      args->positional.push_back(grown(ParseExpression()));
    }
    need_comma = true;
  }
  Expect(Token::kRParen);
  return args;
}

ExprPtr Parser::ParseCall(ExprPtr callee) {
  ExprPtr node = Node(ExprKind::kCall, Current());
  Add(*node, std::move(callee));
  node->args = ParseCallArgs(*node);
  return node;
}

std::string Parser::ParseDottedName() {
  std::string name = Expect(Token::kName).text;
  while (Skip(Token::kDot)) {
    name += '.';
    name += Expect(Token::kName).text;
  }
  return name;
}

ExprPtr Parser::ParseFilter(ExprPtr operand) {
  const Lexeme at = Current();
  ExprPtr node = Node(ExprKind::kFilter, at);
  node->name = ParseDottedName();
  Add(*node, std::move(operand));
  if (At(Token::kLParen)) {
    node->args = ParseCallArgs(*node);
  } else {
    node->args = std::make_unique<CallArgs>();
  }
  node->function = FindFilter(node->name);
  return node;
}

ExprPtr Parser::ParseTest(ExprPtr operand) {
  const Lexeme at = Take();
  const bool negated = SkipName("not");
  ExprPtr node = Node(ExprKind::kTest, Current());
  node->name = ParseDottedName();
  Add(*node, std::move(operand));
  node->args = std::make_unique<CallArgs>();
  if (At(Token::kLParen)) {
    node->args = ParseCallArgs(*node);
  } else if (At(Token::kString) || At(Token::kInteger) || At(Token::kFloat) ||
             At(Token::kLBracket) || At(Token::kLBrace) ||
             (At(Token::kName) && !AtName("else") && !AtName("or") && !AtName("and"))) {
    if (AtName("is")) FailHere("tests cannot be chained with 'is'");
    ExprPtr arg = ParsePostfix(ParsePrimary());
    node->height = std::max(node->height, arg->height + 1);
    if (node->height > kMaxExprHeight) FailAt(at, "this expression is nested too deep");
    node->args->positional.push_back(std::move(arg));
  }
  node->function = FindTest(node->name);
  if (!negated) return node;
  ExprPtr negation = Node(ExprKind::kNot, at);
  Add(*negation, std::move(node));
  return negation;
}

}  // namespace frugal::jinja
