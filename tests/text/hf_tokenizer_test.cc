#include "text/hf_tokenizer.h"

#include <random>

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

Status Load(const std::string& text) {
  auto parts = ParseHfTokenizer(text, "t");
  if (!parts.ok()) return parts.status();
  return MakeTokenizer(*std::move(parts)).status();
}

// A tokenizer.json with this model (and more fields).
std::string WithModel(const std::string& model, const std::string& more = "") {
  return "{" + more + R"("model": )" + model + "}";
}

TEST(HfTokenizer, BadModels) {
  struct {
    const char* model;
    const char* field;
  } const bad[] = {
      {R"(3)", "model"},
      {R"({})", "model.vocab"},
      {R"({"type": "WordLevel", "vocab": {"a": 0}})", "model.type"},
      {R"({"type": "BPE", "vocab": {"a": 0}})", "model.merges"},
      {R"({"type": "BPE", "vocab": [["a", 0]], "merges": []})", "model.vocab"},
      {R"({"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]})", "model.merges[0]"},
      {R"({"type": "BPE", "vocab": {"a": 0, "ab": 1}, "merges": ["a b"]})", "model.merges[0]"},
      {R"({"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []})", "model.vocab['b']"},
      {R"({"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []})", "model.vocab"},
      {R"({"type": "BPE", "vocab": {"a": 2147483648}, "merges": []})", "model.vocab['a']"},
      {R"({"type": "BPE", "vocab": {"a": 9223372036854775807}, "merges": []})", "model.vocab['a']"},
      {R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "x"})", "model.unk_token"},
      {R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1})", "model.dropout"},
      {R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": 1})",
       "model.byte_fallback"},
      {R"({"type": "Unigram", "vocab": {"a": 0}})", "model.vocab"},
      {R"({"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1})", "model.unk_id"},
      {R"({"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "u"})", "model.unk_token"},
      {R"({"type": "WordPiece", "vocab": [["a", 0]]})", "model.vocab"},
  };
  for (const auto& b : bad) {
    const Status status = Load(WithModel(b.model));
    EXPECT_FALSE(status.ok()) << b.model;
    EXPECT_TRUE(status.message().starts_with("t: ")) << status.message();
    EXPECT_NE(status.message().find(b.field), std::string::npos) << status.message();
  }
  EXPECT_NE(Load("{}").message().find("is this a tokenizer.json"), std::string::npos);
  EXPECT_FALSE(Load("[]").ok());
}

TEST(HfTokenizer, BadAddedTokensAndFrames) {
  const std::string model = R"({"type": "BPE", "vocab": {"a": 0}, "merges": []})";
  struct {
    const char* more;
    const char* field;
  } const bad[] = {
      {R"("added_tokens": 3,)", "added_tokens"},
      {R"("added_tokens": [3],)", "added_tokens[0]"},
      {R"("added_tokens": [{"id": 1}],)", "added_tokens[0].content"},
      {R"("added_tokens": [{"id": 1, "content": ""}],)", "added_tokens[0]"},
      {R"("added_tokens": [{"id": 2147483648, "content": "x"}],)", "added_tokens[0].id"},
      {R"("added_tokens": [{"id": 2000000000, "content": "x"}],)", "added_tokens[0]"},
      {R"("added_tokens": [{"id": 0, "content": "x"}],)", "added_tokens[0]"},
      {R"("added_tokens": [{"id": 1, "content": "x"}, {"id": 1, "content": "x"}],)",
       "added_tokens[1].id"},
      {R"("post_processor": {"type": "BertProcessing", "sep": ["x", 7], "cls": ["a", 0]},)",
       "post_processor"},
  };
  for (const auto& b : bad) {
    const Status status = Load(WithModel(model, b.more));
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << b.more;
    EXPECT_NE(status.message().find(b.field), std::string::npos) << status.message();
  }
  EXPECT_TRUE(Load(WithModel(model)).ok());
}

TEST(HfTokenizer, MemoryIsBounded) {
  const std::string model = R"({"type": "BPE", "vocab": {"a": 0}, "merges": []})";
  std::string replaces;
  for (int i = 0; i < 20; ++i) {
    replaces += std::string(i > 0 ? "," : "") +
                R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"})";
  }
  const Status status = Load(WithModel(
      model, R"("normalizer": {"type": "Sequence", "normalizers": [)" + replaces + "]},"));
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("normalizer"), std::string::npos);
}

// Truncated and with bits flipped: an error or a tokenizer, never a crash.
TEST(HfTokenizer, SurvivesDamage) {
  std::mt19937 random(8);
  for (const char* file : {"bert.json", "unigram.json", "mistral.json", "affixes.json"}) {
    const std::string text = ReadText(TestData(std::string("tokenizer/") + file));
    for (int round = 0; round < 150; ++round) {
      EXPECT_FALSE(Load(text.substr(0, random() % (text.size() - 2))).ok());
      std::string bad = text;
      for (int flips = 0; flips < 3; ++flips) {
        bad[random() % bad.size()] ^= static_cast<char>(1 << (random() % 8));
      }
      auto parts = ParseHfTokenizer(bad, "t");
      if (!parts.ok()) continue;
      auto tokenizer = MakeTokenizer(*std::move(parts));
      if (tokenizer.ok()) {
        EXPECT_TRUE(tokenizer->Decode(tokenizer->Encode("Hello <s> world é日")).ok());
      }
    }
  }
}

TEST(HfTokenizer, VocabAndMerges) {
  const std::string vocab = R"({"a": 0, "b": 1, "ab": 2})";
  EXPECT_TRUE(ParseVocabMerges(vocab, "#version: 0.2\na b\r\n\n", "a+", "d").ok());
  const std::pair<const char*, const char*> bad[] = {
      {"a", "d/merges.txt: line 1"}, {"a b\na  b", "line 2"}, {"b a", "model.merges[0]"}};
  for (const auto& [merges, message] : bad) {
    const Status status = ParseVocabMerges(vocab, merges, "a+", "d").status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  }
  EXPECT_FALSE(ParseVocabMerges(vocab, "", "(", "d").ok());
}

TEST(HfTokenizer, KnownClasses) {
  bool nfc = false;
  EXPECT_FALSE(VocabMergesPattern("Qwen2Tokenizer", "", &nfc).empty());
  EXPECT_TRUE(nfc);
  EXPECT_FALSE(VocabMergesPattern("", "gpt2", &nfc).empty());
  EXPECT_FALSE(nfc);
  EXPECT_TRUE(VocabMergesPattern("", "", &nfc).empty());
  EXPECT_TRUE(VocabMergesPattern("OtherTokenizer", "gpt2", &nfc).empty());
}

}  // namespace
}  // namespace frugal
