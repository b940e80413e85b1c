#include "text/word_counts.h"

#include <map>
#include <random>

#include "text/hf_tokenizer_writer.h"
#include "text/split_patterns.h"

namespace frugal {
namespace {

std::map<std::string, int64_t> ToMap(const WordCounts& counts) {
  std::map<std::string, int64_t> map;
  std::string previous;
  for (const WordCounts::Word& word : counts.Sorted()) {
    const std::string text(counts.Text(word));
    EXPECT_TRUE(map.empty() || previous < text);
    previous = text;
    map[text] = word.count;
  }
  return map;
}

TEST(WordCounts, CountsLikeAMap) {
  std::mt19937 random(1);
  WordCounts all, halves[2];
  std::map<std::string, int64_t> want;
  int64_t total = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string word(1 + random() % 12, static_cast<char>('a' + random() % 200));
    const int64_t count = 1 + random() % 3;
    all.Add(word, count);
    halves[i % 2].Add(word, count);
    want[word] += count;
    total += count;
  }
  EXPECT_EQ(ToMap(all), want);
  EXPECT_EQ(all.size(), want.size());
  EXPECT_EQ(all.total(), total);
  halves[0].MergeFrom(halves[1]);
  EXPECT_EQ(ToMap(halves[0]), want);
}

TEST(WordCounts, OfACorpus) {
  std::vector<CorpusFile> files;
  files.push_back(CorpusFromText("a bc 12\nbc\n", "t", {}));
  const auto pre_tokenizer = MakePreTokenizer({R"(\p{N})", std::string(kGpt2Pattern)});
  ASSERT_TRUE(pre_tokenizer.ok());
  for (int threads : {1, 3}) {
    ThreadTeam team(threads);
    const auto corpus = CountWords(files, {}, *pre_tokenizer, team);
    ASSERT_TRUE(corpus.ok());
    EXPECT_EQ(ToMap(corpus->words),
              (std::map<std::string, int64_t>{
                  {"a", 1}, {" bc", 1}, {" ", 1}, {"1", 1}, {"2", 1}, {"\n", 2}, {"bc", 1}}));
    EXPECT_EQ(corpus->documents, 2);
    EXPECT_EQ(corpus->bytes, 11);
  }
  ThreadTeam team(1);
  files.push_back(CorpusFromText("\xFF", "bad", {}));
  EXPECT_EQ(CountWords(files, {}, *pre_tokenizer, team).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace frugal
