// Regular expressions over UTF-8, by PCRE2 (UTF, UCP, JIT).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "text/regex_rewrite.h"

namespace frugal {

// What one thread needs while it matches; any number of Regex may share it in turn.
class RegexScratch {
 public:
  RegexScratch();
  ~RegexScratch();
  RegexScratch(RegexScratch&&) noexcept;
  RegexScratch& operator=(RegexScratch&&) noexcept;

 private:
  friend class Regex;
  struct State;
  std::unique_ptr<State> state_;
};

// Immutable; safe to use from any number of threads, each with its own scratch.
class Regex {
 public:
  enum class Outcome {
    kMatch,
    kNoMatch,
    kGaveUp,  // the pattern backtracks beyond the limits (matching steps or memory)
  };

  // kCorrupt when the pattern is no valid expression, kUnsupported past 16 KiB; messages quote
  // the place.
  static Result<Regex> Compile(std::string_view pattern, RegexDialect dialect);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // The leftmost match that starts at or after `from`. `text` must be well-formed UTF-8 and
  // `from` the start of a character; lookbehind sees what is before it.
  Outcome Find(std::string_view text, size_t from, RegexScratch* scratch, size_t* begin,
               size_t* end) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

// Successive matches in a text, left to right, without overlap. After an empty match the search
// goes on one character later; an empty match at the end of the last one is passed over.
class RegexMatches {
 public:
  RegexMatches(const Regex& regex, std::string_view text, RegexScratch* scratch)
      : regex_(regex), text_(text), scratch_(scratch) {}

  bool Next(size_t* begin, size_t* end);
  bool gave_up() const { return gave_up_; }

 private:
  const Regex& regex_;
  std::string_view text_;
  RegexScratch* scratch_;
  size_t from_ = 0;
  size_t last_end_ = SIZE_MAX;
  bool gave_up_ = false;
};

}  // namespace frugal
