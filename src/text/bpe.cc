#include "text/bpe.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/check.h"
#include "text/unicode.h"

namespace frugal {
namespace {

constexpr size_t kMaxDerivedTokenBytes = 4096;
constexpr size_t kMaxWordBytes = size_t{1} << 30;
constexpr size_t kShortWord = 48;              // symbols; below that a scan beats the heap
constexpr uint32_t kUnknown = UINT32_MAX - 1;  // a character that can be part of nothing

uint64_t PairKey(uint32_t left, uint32_t right) {
  return static_cast<uint64_t>(left) << 32 | right;
}

}  // namespace

void BpeModel::InsertMerge(uint32_t left, uint32_t right, uint32_t rank, int32_t id,
                           std::string_view left_text, std::string_view right_text) {
  merges_.Set(PairKey(left, right), rank, static_cast<uint32_t>(id));
  if (right_text.starts_with(kMetaSpace) && !left_text.ends_with(kMetaSpace)) {
    crosses_metaspace_ = true;
  }
}

bool BpeModel::AddMerge(std::string_view left, std::string_view right, uint32_t rank) {
  const int32_t left_id = tokens.Find(left);
  const int32_t right_id = tokens.Find(right);
  if (left_id < 0 || right_id < 0 || right.size() < continuing_prefix.size()) return false;
  std::string joined(left);
  joined += right.substr(continuing_prefix.size());
  const int32_t id = tokens.Find(joined);
  if (id < 0) return false;
  InsertMerge(static_cast<uint32_t>(left_id), static_cast<uint32_t>(right_id), rank, id, left,
              right);
  return true;
}

Status BpeModel::AddAllMerges(std::string_view token, uint32_t rank) {
  if (token.size() > kMaxDerivedTokenBytes) {
    return Error(StatusCode::kUnsupported, "a token of {} bytes; at most {} are supported",
                 token.size(), kMaxDerivedTokenBytes);
  }
  const int32_t id = tokens.Find(token);
  CHECK(id >= 0);
  auto symbol = [this](std::string_view text) -> int64_t {
    if (const int32_t found = tokens.Find(text); found >= 0) return found;
    const bool one_character =
        alphabet == Alphabet::kPieces &&
        text.size() == static_cast<size_t>(Utf8Length(static_cast<unsigned char>(text[0])));
    if (!one_character) return -1;
    hidden_.Insert(text, vocab_size + static_cast<int32_t>(hidden_.size()));
    return hidden_.Find(text);
  };
  for (size_t cut = 1; cut < token.size(); ++cut) {
    const bool boundary =
        alphabet == Alphabet::kBytes || (static_cast<unsigned char>(token[cut]) & 0xC0) != 0x80;
    if (!boundary) continue;
    const int64_t left = symbol(token.substr(0, cut));
    if (left < 0) continue;
    const int64_t right = symbol(token.substr(cut));
    if (right < 0) continue;
    InsertMerge(static_cast<uint32_t>(left), static_cast<uint32_t>(right), rank, id,
                token.substr(0, cut), token.substr(cut));
  }
  if (alphabet == Alphabet::kPieces) {
    if (piece_bytes_.empty()) piece_bytes_.resize(static_cast<size_t>(vocab_size), 0);
    piece_bytes_[static_cast<size_t>(id)] = static_cast<uint32_t>(token.size());
  }
  return OkStatus();
}

void BpeModel::SetUnused(int32_t id) {
  CHECK(id >= 0 && id < vocab_size);
  if (unused_.empty()) unused_.resize(static_cast<size_t>(vocab_size), false);
  unused_[static_cast<size_t>(id)] = true;
}

void BpeModel::Finish() {
  // Words joined by ▁ can be encoded one by one, and remembered, when nothing crosses the joint:
  // no merge, no run of unknowns, no rule that looks at the whole word.
  split_at_metaspace_ = alphabet != Alphabet::kBytes && !crosses_metaspace_ && !ignore_merges &&
                        continuing_prefix.empty() && end_of_word_suffix.empty() &&
                        tokens.Find(kMetaSpace) >= 0;
}

std::vector<BpeRule> BpeModel::AllRules() const {
  std::vector<BpeRule> all;
  merges_.ForEach([&](const FlatMap64::Entry& entry) {
    all.push_back({static_cast<int32_t>(entry.key >> 32), static_cast<int32_t>(entry.key),
                   static_cast<int32_t>(entry.second), entry.first});
  });
  std::ranges::sort(
      all, {}, [](const BpeRule& rule) { return std::tuple(rule.rank, rule.token, rule.left); });
  return all;
}

std::vector<BpeRule> BpeModel::Rules(const std::vector<std::string>& bytes) const {
  const std::vector<BpeRule> all = AllRules();
  std::vector<BpeRule> rules;
  std::vector<int32_t> symbols;
  for (size_t begin = 0, end; begin < all.size(); begin = end) {
    const BpeRule& rule = all[begin];
    end = begin + 1;
    while (end < all.size() && all[end].rank == rule.rank && all[end].token == rule.token) ++end;
    if (end == begin + 1) {
      rules.push_back(rule);
      continue;
    }
    symbols.clear();
    for (const char c : bytes[static_cast<size_t>(rule.token)]) {
      symbols.push_back(byte_ids[static_cast<unsigned char>(c)]);
    }
    while (symbols.size() > 2) {
      size_t best = symbols.size();
      uint32_t lowest = rule.rank;
      uint32_t joined = 0;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto* merge = merges_.Find(
            PairKey(static_cast<uint32_t>(symbols[i]), static_cast<uint32_t>(symbols[i + 1])));
        if (merge == nullptr || merge->first >= lowest) continue;
        best = i;
        lowest = merge->first;
        joined = merge->second;
      }
      if (best == symbols.size()) break;
      symbols[best] = static_cast<int32_t>(joined);
      symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(best) + 1);
    }
    if (symbols.size() == 2) rules.push_back({symbols[0], symbols[1], rule.token, rule.rank});
  }
  return rules;
}

const FlatMap64::Entry* BpeModel::FindMerge(uint32_t left, uint32_t right,
                                            BpeScratch* scratch) const {
  const FlatMap64::Entry* merge = merges_.Find(PairKey(left, right));
  if (merge != nullptr && !unused_.empty() && unused_[merge->second]) {
    scratch->unused_from[merge->second] = {left, right};
  }
  return merge;
}

uint32_t BpeModel::CharacterSymbol(std::string_view character) const {
  if (const int32_t id = tokens.Find(character); id >= 0) return static_cast<uint32_t>(id);
  if (const int32_t id = hidden_.Find(character); id >= 0) return static_cast<uint32_t>(id);
  return kUnknown;
}

// As the reference does: unknown characters become their bytes where all of these are tokens,
// else the unknown token, and these take part in the merging.
void BpeModel::Characters(std::string_view word, std::vector<uint32_t>* symbols) const {
  bool unk_pending = false;
  std::string text;
  for (size_t at = 0; at < word.size();) {
    const size_t bytes = Utf8Length(static_cast<unsigned char>(word[at]));
    std::string_view character = word.substr(at, bytes);
    if (!continuing_prefix.empty() || !end_of_word_suffix.empty()) {
      text = at > 0 ? continuing_prefix : "";
      text += character;
      if (at + bytes >= word.size()) text += end_of_word_suffix;
      character = text;
    }
    at += bytes;
    if (const int32_t id = tokens.Find(character); id >= 0) {
      if (unk_pending) symbols->push_back(static_cast<uint32_t>(unk_id));
      unk_pending = false;
      symbols->push_back(static_cast<uint32_t>(id));
      continue;
    }
    if (byte_fallback && std::all_of(character.begin(), character.end(), [this](char c) {
          return byte_ids[static_cast<unsigned char>(c)] >= 0;
        })) {
      for (const char c : character) {
        symbols->push_back(static_cast<uint32_t>(byte_ids[static_cast<unsigned char>(c)]));
      }
      continue;
    }
    if (unk_id < 0) continue;
    if (unk_pending && !fuse_unk) symbols->push_back(static_cast<uint32_t>(unk_id));
    unk_pending = true;
  }
  if (unk_pending) symbols->push_back(static_cast<uint32_t>(unk_id));
}

void BpeModel::MergeShort(BpeScratch* scratch) const {
  struct Rule {
    uint32_t rank;
    uint32_t id;
  };
  constexpr Rule kNone = {UINT32_MAX, 0};
  std::array<Rule, kShortWord> rules;
  uint32_t* symbols = scratch->symbols.data();
  size_t n = scratch->symbols.size();
  auto rule = [&](size_t i) {
    const FlatMap64::Entry* merge = FindMerge(symbols[i], symbols[i + 1], scratch);
    return merge == nullptr ? kNone : Rule{merge->first, merge->second};
  };
  for (size_t i = 0; i + 1 < n; ++i) rules[i] = rule(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i) {
      if (rules[i].rank < rules[best].rank) best = i;
    }
    if (rules[best].rank == UINT32_MAX) break;
    symbols[best] = rules[best].id;
    std::copy(symbols + best + 2, symbols + n, symbols + best + 1);
    std::copy(rules.begin() + static_cast<ptrdiff_t>(best) + 1,
              rules.begin() + static_cast<ptrdiff_t>(n) - 1,
              rules.begin() + static_cast<ptrdiff_t>(best));
    --n;
    if (best > 0) rules[best - 1] = rule(best - 1);
    if (best + 1 < n) rules[best] = rule(best);
  }
  scratch->symbols.resize(n);
}

void BpeModel::MergeLong(BpeScratch* scratch) const {
  std::vector<uint32_t>& symbols = scratch->symbols;
  std::vector<uint64_t>& heap = scratch->heap;
  const size_t n = symbols.size();
  CHECK(n < UINT32_MAX);
  constexpr uint32_t kEnd = UINT32_MAX;
  scratch->previous.resize(n);
  scratch->next.resize(n);
  heap.clear();
  for (size_t i = 0; i < n; ++i) {
    scratch->previous[i] = i == 0 ? kEnd : static_cast<uint32_t>(i - 1);
    scratch->next[i] = i + 1 == n ? kEnd : static_cast<uint32_t>(i + 1);
  }
  for (size_t i = 0; i + 1 < n; ++i) {
    if (const auto* merge = FindMerge(symbols[i], symbols[i + 1], scratch)) {
      heap.push_back(static_cast<uint64_t>(merge->first) << 32 | i);
    }
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  auto push = [&](uint32_t at) {
    if (const auto* merge = FindMerge(symbols[at], symbols[scratch->next[at]], scratch)) {
      heap.push_back(static_cast<uint64_t>(merge->first) << 32 | at);
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
  };
  while (!heap.empty()) {
    const uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.pop_back();
    const auto at = static_cast<uint32_t>(top);
    const uint32_t right = scratch->next[at];
    // An entry is stale when its symbols have changed: one was merged away (its `next` points to
    // itself), or they now have another rule or none.
    if (right == at || right == kEnd) continue;
    const FlatMap64::Entry* merge = merges_.Find(PairKey(symbols[at], symbols[right]));
    if (merge == nullptr || merge->first != top >> 32) continue;
    symbols[at] = merge->second;
    scratch->next[at] = scratch->next[right];
    scratch->next[right] = right;
    if (scratch->next[at] != kEnd) scratch->previous[scratch->next[at]] = at;
    if (scratch->previous[at] != kEnd) push(scratch->previous[at]);
    if (scratch->next[at] != kEnd) push(at);
  }
  size_t kept = 0;
  for (uint32_t at = 0; at != kEnd; at = scratch->next[at]) symbols[kept++] = symbols[at];
  symbols.resize(kept);
}

// kPieces: symbols to ids; what is no token becomes its bytes, or one unknown per run.
void BpeModel::OutputPieces(std::string_view word, BpeScratch* scratch,
                            std::vector<int32_t>* out) const {
  size_t at = 0;
  bool after_unknown = false;
  std::vector<uint32_t> stack;
  for (const uint32_t top : scratch->symbols) {
    stack.push_back(top);
    while (!stack.empty()) {
      const uint32_t symbol = stack.back();
      stack.pop_back();
      if (symbol < static_cast<uint32_t>(vocab_size)) {
        if (!unused_.empty() && unused_[symbol]) {
          const auto from = scratch->unused_from.find(symbol);
          if (from != scratch->unused_from.end()) {  // a single character was never merged
            stack.push_back(from->second.second);
            stack.push_back(from->second.first);
            continue;
          }
        }
        out->push_back(static_cast<int32_t>(symbol));
        at += piece_bytes_[symbol];
        after_unknown = false;
        continue;
      }
      const size_t bytes = Utf8Length(static_cast<unsigned char>(word[at]));
      if (byte_fallback) {
        for (const char c : word.substr(at, bytes)) {
          out->push_back(byte_ids[static_cast<unsigned char>(c)]);
        }
      } else if (!after_unknown) {
        out->push_back(unk_id);
      }
      after_unknown = true;
      at += bytes;
    }
  }
}

void BpeModel::EncodeWord(std::string_view word, BpeScratch* scratch,
                          std::vector<int32_t>* out) const {
  if (const int32_t id = ignore_merges ? tokens.Find(word) : -1; id >= 0) {
    out->push_back(id);
    return;
  }
  std::vector<uint32_t>& symbols = scratch->symbols;
  symbols.clear();
  scratch->unused_from.clear();
  switch (alphabet) {
    case Alphabet::kBytes:
      for (const char c : word) {
        const int32_t id = byte_ids[static_cast<unsigned char>(c)];
        if (id >= 0 || unk_id >= 0) symbols.push_back(static_cast<uint32_t>(id >= 0 ? id : unk_id));
      }
      break;
    case Alphabet::kCharacters:
      Characters(word, &symbols);
      break;
    case Alphabet::kPieces:
      for (size_t at = 0; at < word.size();) {
        const size_t bytes = Utf8Length(static_cast<unsigned char>(word[at]));
        symbols.push_back(CharacterSymbol(word.substr(at, bytes)));
        at += bytes;
      }
      break;
  }
  if (symbols.size() <= kShortWord) {
    MergeShort(scratch);
  } else {
    MergeLong(scratch);
  }
  if (alphabet == Alphabet::kPieces) return OutputPieces(word, scratch, out);
  for (const uint32_t symbol : symbols) out->push_back(static_cast<int32_t>(symbol));
}

void BpeModel::Encode(std::string_view word, BpeScratch* scratch, std::vector<int32_t>* out) const {
  auto encode = [&](std::string_view text, std::vector<int32_t>* ids) {
    EncodeWord(text, scratch, ids);
  };
  for (size_t begin = 0; begin < word.size();) {
    size_t end = split_at_metaspace_ ? MetaspaceWordEnd(word, begin) : word.size();
    if (end - begin > kMaxWordBytes) {  // positions are 32-bit numbers
      end = begin + kMaxWordBytes;
      while ((static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
    }
    EncodeThroughCache(word.substr(begin, end - begin), &scratch->cache, &scratch->ids, encode,
                       out);
    begin = end;
  }
}

size_t MetaspaceWordEnd(std::string_view text, size_t begin) {
  size_t at = begin;
  while (text.substr(at).starts_with(kMetaSpace)) at += kMetaSpace.size();
  const size_t found = text.find(kMetaSpace, at);
  return found == std::string_view::npos ? text.size() : found;
}

}  // namespace frugal
