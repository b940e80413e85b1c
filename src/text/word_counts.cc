#include "text/word_counts.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "text/flat_map.h"

namespace frugal {

void WordCounts::Add(std::string_view word, int64_t count) {
  AddHashed(word, HashBytes(word), count);
}

void WordCounts::AddHashed(std::string_view word, uint64_t hash, int64_t count) {
  if ((size_ + 1) * 2 > slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot].count != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].hash == hash && Text(slots_[slot]) == word) break;
  }
  Word& entry = slots_[slot];
  if (entry.count == 0) {
    entry = {.hash = hash, .offset = bytes_.size(), .length = static_cast<uint32_t>(word.size())};
    bytes_.append(word);
    ++size_;
  }
  entry.count += count;
  total_ += count;
}

void WordCounts::MergeFrom(const WordCounts& other) {
  for (const Word& word : other.slots_) {
    if (word.count != 0) AddHashed(other.Text(word), word.hash, word.count);
  }
}

void WordCounts::Grow() {
  std::vector<Word> old(slots_.empty() ? 1024 : slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Word& word : old) {
    if (word.count == 0) continue;
    size_t slot = word.hash & mask;
    while (slots_[slot].count != 0) slot = (slot + 1) & mask;
    slots_[slot] = word;
  }
}

std::vector<WordCounts::Word> WordCounts::Sorted() const {
  std::vector<Word> words;
  words.reserve(size_);
  for (const Word& word : slots_) {
    if (word.count != 0) words.push_back(word);
  }
  std::sort(words.begin(), words.end(),
            [this](const Word& a, const Word& b) { return Text(a) < Text(b); });
  return words;
}

Result<CorpusWords> CountWords(const std::vector<CorpusFile>& files, const CorpusOptions& options,
                               const PreTokenizer& pre_tokenizer, ThreadTeam& team) {
  struct Worker {
    CorpusWords result;
    RegexScratch scratch;
    Pieces pieces;
  };
  std::vector<Worker> workers(team.size());
  std::atomic<bool> too_long{false};
  RETURN_IF_ERROR(ReadCorpus(files, options, team, [&](int thread, std::string_view document) {
    Worker& worker = workers[thread];
    ++worker.result.documents;
    worker.result.bytes += static_cast<int64_t>(document.size());
    if (document.empty()) return;
    pre_tokenizer.Run(document, TextPosition::kStart, &worker.scratch, &worker.pieces);
    for (size_t i = 0; i < worker.pieces.size(); ++i) {
      const std::string_view word = worker.pieces[i];
      if (word.size() > std::numeric_limits<uint32_t>::max()) {
        too_long = true;
        return;
      }
      worker.result.words.Add(word);
    }
  }));
  if (too_long) {
    return Error(StatusCode::kResourceExhausted,
                 "the pattern leaves a word of 4 GiB or more; does it match this text at all?");
  }
  for (size_t t = 1; t < workers.size(); ++t) {
    workers[0].result.words.MergeFrom(workers[t].result.words);
    workers[0].result.documents += workers[t].result.documents;
    workers[0].result.bytes += workers[t].result.bytes;
  }
  return std::move(workers[0].result);
}

}  // namespace frugal
