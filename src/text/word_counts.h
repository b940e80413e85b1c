// How often each word occurs in a corpus: all that training a BPE vocabulary needs to know of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_team.h"
#include "text/corpus.h"
#include "text/pretokenizer.h"

namespace frugal {

// Not thread-safe: each thread counts in one of its own, and MergeFrom() adds them up.
class WordCounts {
 public:
  struct Word {
    uint64_t hash = 0;
    uint64_t offset = 0;  // of its bytes
    uint32_t length = 0;
    int64_t count = 0;  // 0: a free slot
  };

  // `word` is not empty; below 4 GiB.
  void Add(std::string_view word, int64_t count = 1);
  void MergeFrom(const WordCounts& other);

  size_t size() const { return size_; }
  int64_t total() const { return total_; }

  // In byte order, so that nothing depends on how work was split.
  std::vector<Word> Sorted() const;
  std::string_view Text(const Word& word) const {
    return std::string_view(bytes_).substr(word.offset, word.length);
  }

 private:
  void AddHashed(std::string_view word, uint64_t hash, int64_t count);
  void Grow();

  std::vector<Word> slots_;
  std::string bytes_;
  size_t size_ = 0;
  int64_t total_ = 0;
};

struct CorpusWords {
  WordCounts words;
  int64_t documents = 0;
  int64_t bytes = 0;  // of the documents
};

// Cuts every document into words and counts them, on all threads. Errors: those of ReadCorpus;
// kResourceExhausted for a word of 4 GiB or more.
Result<CorpusWords> CountWords(const std::vector<CorpusFile>& files, const CorpusOptions& options,
                               const PreTokenizer& pre_tokenizer, ThreadTeam& team);

}  // namespace frugal
