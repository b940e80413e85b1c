// From tokens back to text: the "decoder" of a tokenizer.json, as a machine that takes one token
// at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace frugal {

struct ByteLevelDecode {};     // printable form to bytes
struct ByteFallbackDecode {};  // "<0xXX>" to that byte
struct ReplaceDecode {
  std::string text;  // what to replace, where there is no pattern
  std::shared_ptr<const Regex> pattern;
  std::string content;
};
struct MetaspaceDecode {
  std::string replacement;    // becomes a space
  bool drop_in_first = true;  // but nothing in the first token
};
struct WordPieceDecode {
  std::string prefix = "##";  // of tokens that go on with a word; others get a space before them
  bool cleanup = true;        // " ." to "." and the like
};
struct JoinWithSpaces {};  // what no decoder at all means
struct StripDecode {       // of every token
  std::string content;     // one character
  int64_t start = 0;       // at most so many of them at the start
};

using DecodeStep = std::variant<ByteLevelDecode, ByteFallbackDecode, ReplaceDecode, MetaspaceDecode,
                                WordPieceDecode, JoinWithSpaces, StripDecode>;

// Immutable once built; safe to share.
struct TokenDecoder {
  std::vector<DecodeStep> steps;   // from a token's stored text to its bytes
  std::string strip;               // taken from the start of the whole text,
  int64_t strip_start = 0;         // at most so many times
  bool replace_each_byte = false;  // a broken character becomes one U+FFFD per byte, not one

  // The bytes of a token that is the first of a text, or not; `added`: it is an added token, whose
  // text is not in byte-level form.
  std::string Bytes(std::string_view token, bool first, bool added) const;
};

// The state between tokens.
struct DecodeState {
  bool first = true;     // no token yet
  int64_t stripped = 0;  // of TokenDecoder::strip_start; −1 once other text has come
  std::string pending;   // bytes that are not a whole character yet
};

// Takes what is complete from state->pending, or everything at the end of a text (`final`), with
// U+FFFD for what is no UTF-8.
std::string TakeText(const TokenDecoder& decoder, bool final, DecodeState* state);

// The same without looking at characters: the bytes as they are.
std::string TakeBytes(const TokenDecoder& decoder, DecodeState* state);

}  // namespace frugal
