// Cutting a normalised text into the pieces that a model encodes one by one: the "pre_tokenizer"
// of a tokenizer.json.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/normalizer.h"
#include "text/regex.h"

namespace frugal {

// What becomes of the delimiters a splitter finds.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

struct SplitStep {
  std::shared_ptr<const Regex> pattern;
  std::string text;  // the delimiter itself, where there is no pattern
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // the pattern matches what is not delimiter
};
// Every match is a piece of its own.
Result<SplitStep> SplitAtMatches(std::string_view pattern, RegexDialect dialect);

enum class CharClass { kDigit, kPunctuation, kWhitespace };
struct CharClassStep {
  CharClass char_class = CharClass::kDigit;
  SplitBehavior behavior = SplitBehavior::kIsolated;
};
struct MetaspaceStep {
  enum class Prepend { kFirst, kNever, kAlways };
  std::string replacement;  // one character
  Prepend prepend = Prepend::kAlways;
  bool split = true;
};
struct PrefixSpaceStep {};    // " " before every piece that does not start with one
struct ToByteLevelStep {};    // bytes to their printable form, for steps that follow
struct FromByteLevelStep {};  // and back

using PreTokenizerStep = std::variant<SplitStep, CharClassStep, MetaspaceStep, PrefixSpaceStep,
                                      ToByteLevelStep, FromByteLevelStep>;

// Pieces of a text: `text` is the caller's or lies in one of the buffers.
struct Pieces {
  struct Span {
    size_t begin = 0;
    size_t end = 0;
  };
  std::string_view text;
  std::vector<Span> spans;  // none is empty

  std::string_view operator[](size_t i) const {
    return text.substr(spans[i].begin, spans[i].end - spans[i].begin);
  }
  size_t size() const { return spans.size(); }

  // Working space, kept between texts.
  std::vector<Span> previous_spans;
  std::string buffers[2];
};

struct PreTokenizer {
  std::vector<PreTokenizerStep> steps;

  // `text` must be well-formed UTF-8 and outlive *pieces' use. Where a pattern backtracks beyond
  // its limits, the rest of that piece stays one piece.
  void Run(std::string_view text, TextPosition position, RegexScratch* scratch,
           Pieces* pieces) const;
};

}  // namespace frugal
