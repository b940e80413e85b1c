// What must hold for any tokenizer that a parser accepted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "text/tokenizer.h"

namespace frugal {

// Ids are inside the vocabulary, and decoding token by token gives what decoding at once gives.
inline void CheckTokenizer(const Tokenizer& tokenizer, std::string_view text) {
  for (const bool special : {false, true}) {
    const std::vector<int32_t> ids =
        tokenizer.Encode(text, {.add_special = special, .parse_special = special});
    for (const int32_t id : ids) CHECK(id >= 0 && id < tokenizer.vocab_size());
    for (const bool skip : {false, true}) {
      const Result<std::string> whole = tokenizer.Decode(ids, skip);
      CHECK(whole.ok());
      StreamDecoder stream(tokenizer, skip);
      std::string pieces;
      for (const int32_t id : ids) {
        const Result<std::string> piece = stream.Push(id);
        CHECK(piece.ok());
        pieces += *piece;
      }
      pieces += stream.Finish();
      CHECK(pieces == *whole);
    }
  }
}

constexpr std::string_view kFuzzText =
    "The cat's  hat\n\n 123 caf\u00e9 \u6771\u4eac <s>\t[CLS] \xff\xc3 \u0301x";

}  // namespace frugal
