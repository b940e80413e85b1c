#include "text/added_tokens.h"

#include <utf8proc.h>

#include <algorithm>

#include "text/unicode.h"

namespace frugal {
namespace {

constexpr size_t kMaxTokenBytes = 4096;

// A word character in the sense of UTS #18 (what Rust's \w means). utf8proc has no "Alphabetic";
// the letters among the symbols (circled letters) are the only ones its categories miss.
bool IsWordChar(uint32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) ||
         category == UTF8PROC_CATEGORY_PC || c == 0x200C || c == 0x200D ||
         (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
         (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

size_t PreviousChar(std::string_view text, size_t at) {
  --at;
  while ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

Status AddedTokenMatcher::Add(const AddedToken& token, std::string_view text) {
  if (text.size() > kMaxTokenBytes) {
    return Error(StatusCode::kUnsupported, "an added token of {} bytes; at most {} are supported",
                 text.size(), kMaxTokenBytes);
  }
  if (text.empty() || ValidUtf8Prefix(text) != text.size()) return OkStatus();
  trie_.Insert(text, static_cast<int32_t>(tokens_.size()));
  tokens_.push_back(token);
  return OkStatus();
}

void AddedTokenMatcher::Split(std::string_view text, bool parse_special,
                              std::vector<AddedTokenSpan>* spans) const {
  spans->clear();
  size_t done = 0;  // text before it is in spans
  for (size_t at = 0; at < text.size();) {
    if (!trie_.CanStartWith(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const ByteTrie::Match match = trie_.Longest(text, at);
    if (match.value < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.value)];
    size_t begin = at;
    size_t end = at + match.bytes;
    at = end;
    if (token.special && !parse_special) continue;
    if (token.single_word) {
      const bool word_before =
          begin > 0 && IsWordChar(DecodeUtf8(text, PreviousChar(text, begin)).value);
      const bool word_after = end < text.size() && IsWordChar(DecodeUtf8(text, end).value);
      if (word_before || word_after) continue;
    }
    begin = std::max(begin, done);
    if (token.lstrip) {
      while (begin > done) {
        const size_t previous = PreviousChar(text, begin);
        if (!IsWhitespace(DecodeUtf8(text, previous).value)) break;
        begin = previous;
      }
    }
    if (token.rstrip) {
      while (end < text.size()) {
        const CodePoint c = DecodeUtf8(text, end);
        if (!IsWhitespace(c.value)) break;
        end += c.bytes;
      }
    }
    if (done < begin) spans->push_back({-1, done, begin});
    if (begin < end) spans->push_back({token.id, begin, end});
    done = std::max(done, end);
    at = std::max(at, done);
  }
  if (done < text.size()) spans->push_back({-1, done, text.size()});
}

}  // namespace frugal
