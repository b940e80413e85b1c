#include "text/corpus.h"

#include <mutex>

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

struct Read {
  Status status;
  std::vector<std::string> documents;  // sorted
};

Read ReadAll(const std::vector<CorpusFile>& files, const CorpusOptions& options, int threads = 3) {
  ThreadTeam team(threads);
  Read read;
  std::mutex mutex;
  read.status = ReadCorpus(files, options, team, [&](int thread, std::string_view document) {
    EXPECT_LT(thread, threads);
    const std::lock_guard lock(mutex);
    read.documents.emplace_back(document);
  });
  std::sort(read.documents.begin(), read.documents.end());
  return read;
}

Read ReadText(const std::string& text, const CorpusOptions& options = {}) {
  std::vector<CorpusFile> files;
  files.push_back(CorpusFromText(text, "t", options));
  return ReadAll(files, options);
}

using Texts = std::vector<std::string>;

TEST(Corpus, EveryDocumentOnceWhateverTheChunks) {
  std::string lines, jsonl;
  Texts want_lines, want_json;
  for (int i = 0; i < 3000; ++i) {  // well over a chunk
    std::string text = std::to_string(i);
    text.append(i % 400, static_cast<char>('a' + i % 26));
    const std::string line = text + "\n";
    lines += line;
    want_lines.push_back(line);
    jsonl += R"({"source": 1, "text": ")" + text + "\\n\"}\n";
    if (i % 7 == 0) jsonl += " \r\n";
    want_json.push_back(line);
  }
  std::sort(want_lines.begin(), want_lines.end());
  std::sort(want_json.begin(), want_json.end());
  ASSERT_GT(lines.size(), size_t{1} << 19);
  EXPECT_EQ(ReadText(lines).documents, want_lines);
  const Read json = ReadText(jsonl);
  EXPECT_TRUE(json.status.ok()) << json.status.message();
  EXPECT_EQ(json.documents, want_json);
  EXPECT_EQ(ReadText(lines, {.format = CorpusFormat::kWhole}).documents, Texts{lines});
}

TEST(Corpus, MembersThatHoldText) {
  const std::string talk = R"({"messages": [{"role": "user", "content": "a"}, {"content": "b"}]})";
  EXPECT_EQ(ReadText(talk).documents, (Texts{"a", "b"}));
  EXPECT_EQ(ReadText(R"({"text": "x", "messages": 3})").documents, Texts{"x"});
  const CorpusOptions options{.format = CorpusFormat::kJsonl, .fields = {"question", "answer"}};
  EXPECT_EQ(ReadText(R"({"question": "q", "answer": "r"})", options).documents, (Texts{"q", "r"}));
  EXPECT_EQ(ReadText("a\nb").documents, (Texts{"a\n", "b"}));
  EXPECT_EQ(ReadText("").documents, Texts{});
}

TEST(Corpus, TheFormatGoesByTheName) {
  const TempFolder folder;
  const auto format = [&](const std::string& name) {
    return OpenCorpusFile(folder.Write(name, "x"), {})->format;
  };
  EXPECT_EQ(format("a.jsonl"), CorpusFormat::kJsonl);
  EXPECT_EQ(format("a.txt"), CorpusFormat::kLines);
  EXPECT_EQ(OpenCorpusFile(folder.path() + "/none", {}).status().code(), StatusCode::kNotFound);
}

TEST(Corpus, BadLinesAreNamed) {
  struct {
    const char* text;
    const char* part;
  } const bad[] = {
      {"{\"text\": \"a\"}\n{\"text\": \n", "t: line 2: expected one JSON object"},
      {"{\"text\": \"a\"}\n\n[1]\n", "t: line 3: expected a JSON object"},
      {"{\"text\": 3}", "t: line 1: expected an object with a string \"text\"; --field"},
      {"{}", "t: line 1: expected an object with a string \"text\""},
      {"{\"text\": \"a\xFF\"}", "t: line 1: expected one JSON object"},
      {"{\"messages\": [{}]}", "t: line 1: message: expected an object with a string \"content\""},
      {"{\"messages\": [3]}", "t: line 1: expected messages to be objects"},
      {"{\"messages\": 3}", "t: line 1: expected a list of messages"},
      {"ok\nb\xC3\n", "t: line 2: expected UTF-8 text"},
  };
  for (const auto& b : bad) {
    const Read read = ReadText(b.text);
    EXPECT_EQ(read.status.code(), StatusCode::kCorrupt) << b.text;
    EXPECT_EQ(read.status.message().find(b.part), 0u) << read.status.message();
  }
  const Read whole = ReadText("a\nb\n\xFF", {.format = CorpusFormat::kWhole});
  EXPECT_EQ(whole.status.message(), "t: line 3: expected UTF-8 text");
}

TEST(Corpus, TheFirstOfSeveralBadLines) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += i % 10'000 == 9'999 ? "\xFF\n" : "some words here\n";
  for (int threads : {1, 4}) {
    std::vector<CorpusFile> files;
    files.push_back(CorpusFromText("fine\n", "first", {}));
    files.push_back(CorpusFromText(text, "second", {}));
    const Read read = ReadAll(files, {}, threads);
    EXPECT_EQ(read.status.message().find("second: line 10000: "), 0u) << read.status.message();
  }
}

}  // namespace
}  // namespace frugal
