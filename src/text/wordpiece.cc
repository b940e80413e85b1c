#include "text/wordpiece.h"

#include <algorithm>

namespace frugal {

void WordPieceModel::EncodeWord(std::string_view word, std::vector<int32_t>* out) const {
  const auto characters = std::count_if(word.begin(), word.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  const size_t before = out->size();
  if (characters <= max_characters) {
    size_t at = 0;
    while (at < word.size()) {
      const auto match = (at == 0 ? starts : continuations).Longest(word, at);
      if (match.value < 0) break;
      out->push_back(match.value);
      at += match.bytes;
    }
    if (at == word.size()) return;
  }
  out->resize(before);
  out->push_back(unk_id);
}

void WordPieceModel::Encode(std::string_view word, WordPieceScratch* scratch,
                            std::vector<int32_t>* out) const {
  auto encode = [this](std::string_view text, std::vector<int32_t>* ids) { EncodeWord(text, ids); };
  EncodeThroughCache(word, &scratch->cache, &scratch->ids, encode, out);
}

}  // namespace frugal
