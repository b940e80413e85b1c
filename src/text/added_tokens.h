// Tokens that are looked for in the text itself, before the model sees it: control tokens
// ("<|im_start|>") and words added to a vocabulary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/byte_trie.h"

namespace frugal {

// As in tokenizer.json's "added_tokens".
struct AddedToken {
  int32_t id = -1;
  std::string content;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // and after it
  bool normalized = false;   // looked for in the normalised text, in its normalised form
  bool special = false;      // a control token: hidden when decoding, literal text on demand
};

// A stretch of text: one token, or text in between (id −1).
struct AddedTokenSpan {
  int32_t id = -1;
  size_t begin = 0;
  size_t end = 0;
};

// Immutable once built; safe to share. Two of these make a tokenizer's set: one for the raw
// text, one for the normalised.
class AddedTokenMatcher {
 public:
  // `text` is what to look for (content, or its normalised form). One that is empty or not UTF-8
  // can never be found and is left out. kUnsupported past 4 KiB.
  Status Add(const AddedToken& token, std::string_view text);

  bool empty() const { return trie_.empty(); }

  // Cuts `text` (well-formed UTF-8) at the tokens in it: at every place the longest, from left
  // to right. With parse_special off, special tokens are text (but still hide tokens inside
  // them). Spans are never empty, and cover the text.
  void Split(std::string_view text, bool parse_special, std::vector<AddedTokenSpan>* spans) const;

 private:
  std::vector<AddedToken> tokens_;
  ByteTrie trie_;  // values index tokens_
};

}  // namespace frugal
