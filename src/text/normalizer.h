// Text normalisation before tokens are looked for: the "normalizer" of a tokenizer.json, and
// SentencePiece's own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/byte_trie.h"
#include "text/charsmap.h"
#include "text/regex.h"
#include "text/unicode_normalize.h"

namespace frugal {

// Where a stretch of text stands in what is being encoded. Prefixes ("▁", " ") go before the
// text, and before every stretch that follows a control token; but not where the text was only
// cut because some bytes of it are not UTF-8.
enum class TextPosition { kStart, kAfterToken, kMiddle };

struct LowercaseStep {};
struct StripAccentsStep {};  // removes every mark (M*)
struct NmtStep {};           // SentencePiece's clean-up of control characters and spaces
struct ByteLevelStep {};     // bytes to their printable form
struct StripStep {
  bool left = true;
  bool right = true;
};
struct ReplaceStep {
  std::string text;  // what to replace (not empty), where there is no pattern
  std::shared_ptr<const Regex> pattern;
  std::string content;
};
struct PrependStep {
  std::string text;  // put before a text that is not empty
};
struct BertStep {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;
  bool lowercase = true;
};
struct PrecompiledStep {
  std::shared_ptr<const Charsmap> map;
};
// sentencepiece's Normalizer::Normalize().
struct SentencePieceStep {
  std::shared_ptr<const Charsmap> map;           // null: characters stay as they are
  std::shared_ptr<const ByteTrie> user_defined;  // symbols that are never rewritten; may be null
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;  // spaces become ▁
  bool whitespace_is_suffix = false;
};

using NormalizerStep =
    std::variant<UnicodeForm, LowercaseStep, StripAccentsStep, NmtStep, ByteLevelStep, StripStep,
                 ReplaceStep, PrependStep, BertStep, PrecompiledStep, SentencePieceStep>;

struct Normalizer {
  std::vector<NormalizerStep> steps;

  bool empty() const { return steps.empty(); }
  // `text` must be well-formed UTF-8; so is the result.
  std::string Apply(std::string_view text, TextPosition position, RegexScratch* scratch) const;
  // How many times longer than the text the result can be at most (apart from a constant), so
  // that a file cannot ask for unbounded memory.
  double MaxGrowth() const;
};

}  // namespace frugal
