// Translates the regular expressions that tokenizers publish into PCRE2's dialect.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace frugal {

// Whose dialect a pattern is written in.
enum class RegexDialect {
  kOniguruma,  // Ruby syntax: tokenizer.json ("Split", "Replace")
  kFancy,      // Rust's fancy-regex, which tiktoken uses
};

// The same pattern for PCRE2 with UTF and UCP. Rewritten: class intersection and nesting
// ([a&&[^b]]), \s \w \h \b (PCRE2's classes differ in some characters), Unicode property names,
// \uXXXX, {,n}, Ruby's (?m) and its non-possessive {n,m}+. Not brought over: case folding of one
// letter to two (Ruby's (?i)ss matches ß), which no published pattern needs. kCorrupt when the
// pattern ends inside a class, escape or property name, or nests classes too deep.
Result<std::string> RewriteRegex(std::string_view pattern, RegexDialect dialect);

}  // namespace frugal
