#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "formats/utf8.h"
#include "text/byte_level.h"
#include "text/flat_map.h"
#include "text/unicode.h"

namespace frugal {
namespace {

constexpr int32_t kBytes = 256;
constexpr int64_t kMaxVocab = int64_t{1} << 30;

uint64_t PairKey(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

// A pair that may be merged next. Its count may have fallen since: that is found out when it comes
// to the front. `words` are those in which the pair came about; a pair can wait more than once,
// with different words.
struct Candidate {
  int64_t count;
  uint64_t pair;
  uint32_t words;  // index into word_lists_
};
struct Later {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return a.count != b.count ? a.count < b.count : a.pair > b.pair;
  }
};

class Trainer {
 public:
  Trainer(const WordCounts& words, const BpeTrainerOptions& options)
      : words_(words), options_(options) {}

  Status AddFirstTokens() {
    for (const std::string& token : options_.special_tokens) {
      if (token.empty() || !IsValidUtf8(token)) {
        return Error(StatusCode::kInvalidArgument,
                     "special token '{}': expected UTF-8 text that is not empty", Printable(token));
      }
      if (!AddToken(token)) {
        return Error(StatusCode::kInvalidArgument, "special token '{}' is given twice",
                     Printable(token));
      }
    }
    std::vector<std::pair<uint32_t, int>> alphabet;  // in the order of the characters
    for (int b = 0; b < kBytes; ++b) alphabet.emplace_back(ByteLevelChar(b), b);
    std::sort(alphabet.begin(), alphabet.end());
    for (const auto& [character, byte] : alphabet) {
      std::string text;
      AppendUtf8(character, &text);
      byte_ids_[byte] = static_cast<uint32_t>(result_.tokens.size());
      if (!AddToken(text)) {
        return Error(StatusCode::kInvalidArgument,
                     "special token '{}' spells a byte of the vocabulary; take a longer one",
                     Printable(text));
      }
    }
    const auto least = static_cast<int64_t>(result_.tokens.size());
    if (options_.vocab_size < least || options_.vocab_size > kMaxVocab) {
      return Error(StatusCode::kInvalidArgument,
                   "vocabulary size {}: expected {} ({} special tokens and {} bytes) to {}",
                   options_.vocab_size, least, options_.special_tokens.size(), kBytes, kMaxVocab);
    }
    return OkStatus();
  }

  Status Train() {
    LoadWords();
    CountPairs();
    while (static_cast<int64_t>(result_.tokens.size()) < options_.vocab_size && !queue_.empty()) {
      Candidate top = queue_.top();
      queue_.pop();
      const int64_t count = pairs_[FindPair(top.pair)].count;
      if (top.count != count) {
        top.count = count;
        queue_.push(top);
        continue;
      }
      if (count < std::max<int64_t>(1, options_.min_frequency)) break;
      Merge(top);
      if (options_.progress && merges_.size() % 1024 == 0) {
        options_.progress(static_cast<int64_t>(result_.tokens.size()));
      }
    }
    if (static_cast<int64_t>(result_.tokens.size()) < options_.vocab_size) {
      return Error(StatusCode::kInvalidArgument,
                   "vocabulary size {}: this text gives only {} tokens; ask for at most that many, "
                   "or give more text",
                   options_.vocab_size, result_.tokens.size());
    }
    return OkStatus();
  }

  TrainedBpe Take() {
    // A pair can be merged twice, when a token that is there already comes about in another way;
    // the last rank counts.
    std::vector<bool> last(merges_.size());
    FlatMap64 seen;
    for (size_t i = merges_.size(); i-- > 0;) {
      if (seen.Find(merges_[i]) != nullptr) continue;
      seen.Set(merges_[i], 0, 0);
      last[i] = true;
    }
    for (size_t i = 0; i < merges_.size(); ++i) {
      if (last[i]) {
        result_.merges.emplace_back(static_cast<int32_t>(merges_[i] >> 32),
                                    static_cast<int32_t>(merges_[i]));
      }
    }
    return std::move(result_);
  }

 private:
  struct PairInfo {
    int64_t count = 0;
    uint32_t pending = kNone;  // word list that is being gathered for it
  };
  static constexpr uint32_t kNone = ~uint32_t{0};

  bool AddToken(const std::string& text) {
    if (!ids_.emplace(text, static_cast<uint32_t>(result_.tokens.size())).second) return false;
    result_.tokens.push_back(text);
    return true;
  }

  void LoadWords() {
    for (const WordCounts::Word& word : words_.Sorted()) {
      if (word.length < 2) continue;  // nothing to merge
      begins_.push_back(symbols_.size());
      lengths_.push_back(word.length);
      counts_.push_back(word.count);
      for (const char c : words_.Text(word)) symbols_.push_back(byte_ids_[static_cast<uint8_t>(c)]);
    }
  }

  size_t FindPair(uint64_t key) {
    if (const FlatMap64::Entry* entry = pair_index_.Find(key)) return entry->first;
    pair_index_.Set(key, static_cast<uint32_t>(pairs_.size()), 0);
    pairs_.emplace_back();
    return pairs_.size() - 1;
  }

  // `change` more of the pair in `word`.
  void Count(uint64_t key, uint32_t word, int64_t change) {
    PairInfo& pair = pairs_[FindPair(key)];
    pair.count += change * counts_[word];
    if (change < 0) return;
    if (pair.pending == kNone) {
      if (free_lists_.empty()) {
        free_lists_.push_back(static_cast<uint32_t>(word_lists_.size()));
        word_lists_.emplace_back();
      }
      pair.pending = free_lists_.back();
      free_lists_.pop_back();
      pending_.push_back(key);
    }
    std::vector<uint32_t>& list = word_lists_[pair.pending];
    if (list.empty() || list.back() != word) list.push_back(word);
  }

  // Pairs that came about since the last time wait in the queue from now on.
  void Enqueue() {
    for (const uint64_t key : pending_) {
      PairInfo& pair = pairs_[FindPair(key)];
      if (pair.count > 0) {
        queue_.push({pair.count, key, pair.pending});
      } else {
        Release(pair.pending);
      }
      pair.pending = kNone;
    }
    pending_.clear();
  }

  void Release(uint32_t list) {
    std::vector<uint32_t>().swap(word_lists_[list]);
    free_lists_.push_back(list);
  }

  void CountPairs() {
    for (uint32_t word = 0; word < counts_.size(); ++word) {
      const uint32_t* symbols = symbols_.data() + begins_[word];
      for (uint32_t i = 0; i + 1 < lengths_[word]; ++i) {
        Count(PairKey(symbols[i], symbols[i + 1]), word, 1);
      }
    }
    Enqueue();
  }

  void Merge(const Candidate& top) {
    const auto left = static_cast<uint32_t>(top.pair >> 32);
    const auto right = static_cast<uint32_t>(top.pair);
    const std::string text = result_.tokens[left] + result_.tokens[right];
    AddToken(text);  // unless another merge, or a special token, made it before
    const uint32_t token = ids_.at(text);
    merges_.push_back(top.pair);
    const std::vector<uint32_t> list = std::move(word_lists_[top.words]);
    Release(top.words);
    for (const uint32_t word : list) MergeInWord(word, left, right, token);
    Enqueue();
  }

  void MergeInWord(uint32_t word, uint32_t left, uint32_t right, uint32_t token) {
    uint32_t* symbols = symbols_.data() + begins_[word];
    const uint32_t length = lengths_[word];
    uint32_t to = 0;
    for (uint32_t from = 0; from < length; ++from) {
      if (symbols[from] != left || from + 1 == length || symbols[from + 1] != right) {
        symbols[to++] = symbols[from];
        continue;
      }
      // What is before has been merged already; what follows has not.
      if (to > 0) {
        Count(PairKey(symbols[to - 1], left), word, -1);
        Count(PairKey(symbols[to - 1], token), word, 1);
      }
      if (from + 2 < length) {
        Count(PairKey(right, symbols[from + 2]), word, -1);
        Count(PairKey(token, symbols[from + 2]), word, 1);
      }
      symbols[to++] = token;
      ++from;
    }
    lengths_[word] = to;
  }

  const WordCounts& words_;
  const BpeTrainerOptions& options_;
  TrainedBpe result_;
  std::unordered_map<std::string, uint32_t> ids_;
  uint32_t byte_ids_[kBytes] = {};

  // Words as symbols: word w is symbols_[begins_[w]] and on.
  std::vector<uint32_t> symbols_;
  std::vector<uint64_t> begins_;
  std::vector<uint32_t> lengths_;
  std::vector<int64_t> counts_;

  FlatMap64 pair_index_;  // pair → index into pairs_
  std::vector<PairInfo> pairs_;
  std::vector<std::vector<uint32_t>> word_lists_;
  std::vector<uint32_t> free_lists_;
  std::vector<uint64_t> pending_;
  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue_;
  std::vector<uint64_t> merges_;
};

}  // namespace

Result<TrainedBpe> TrainBpe(const WordCounts& words, const BpeTrainerOptions& options) {
  Trainer trainer(words, options);
  RETURN_IF_ERROR(trainer.AddFirstTokens());
  RETURN_IF_ERROR(trainer.Train());
  return trainer.Take();
}

}  // namespace frugal
