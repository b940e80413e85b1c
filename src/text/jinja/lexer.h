// A template's text as tokens, by the rules of Jinja 3.1 with trim_blocks and lstrip_blocks on and
// keep_trailing_newline off: white-space control is settled here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/value.h"

namespace frugal::jinja {

enum class Token : uint8_t {
  kData,           // text between tags
  kVariableBegin,  // {{
  kVariableEnd,
  kBlockBegin,  // {%
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kFloorDiv,
  kMod,
  kPow,
  kTilde,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAssign,
  kDot,
  kColon,
  kComma,
  kSemicolon,
  kPipe,
  kLParen,
  kRParen,
  kLBracket,
  kRBracket,
  kLBrace,
  kRBrace,
  kEnd,  // of the template
};

struct Lexeme {
  Token token;
  int line;          // 1-based
  int column;        // 1-based, in characters
  std::string text;  // data, name, string (unescaped), number as written
  Int integer = 0;
  double real = 0;
};

// The tokens of `source`, which is UTF-8, with kEnd last. Throws Failure with its place.
std::vector<Lexeme> Tokenize(std::string_view source);

// For messages: "name 'foo'", "'%}'", "end of template".
std::string Describe(const Lexeme& lexeme);
const char* TokenText(Token token);

}  // namespace frugal::jinja
