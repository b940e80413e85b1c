#include "text/gguf_vocab_export.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <set>

#include "formats/gguf.h"
#include "tests/text/golden_util.h"
#include "text/gguf_vocab.h"
#include "text/split_patterns.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

namespace fs = std::filesystem;

Tokenizer FromMetadata(const Metadata& metadata) {
  auto parts = MakeGgufParts(metadata, "exported", "");
  EXPECT_TRUE(parts.ok()) << parts.status().message();
  auto tokenizer = MakeTokenizer(*std::move(parts));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return *std::move(tokenizer);
}

// A folder with one tokenizer file under the name that loaders look for.
void Copy(const std::string& from, const TempFolder& folder, const std::string& name) {
  folder.Write(name, ReadText(from));
}

constexpr const char* kParticularTokens[] = {"<mask>", "word", "<left>", "<right>",
                                             "<both>", "NEW",  "new"};

// What was exported from `folder` encodes and decodes every text of `cases` as the original does.
void ExpectSame(const std::string& folder, const std::string& cases, int64_t padding = 0) {
  auto own = Tokenizer::Load(folder);
  ASSERT_TRUE(own.ok()) << own.status().message();
  auto metadata = ExportGgufVocab(folder, own->vocab_size() + padding, "");
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  const Tokenizer exported = FromMetadata(*metadata);
  EXPECT_EQ(exported.vocab_size(), own->vocab_size() + padding);
  int compared = 0;
  for (const auto& row : ReadJsonLines(cases)) {
    const auto text = row["text"].get<std::string>();
    // GGUF cannot say that an added token takes the blanks beside it, stands as a word alone or is
    // looked for in the normalised text.
    const auto holds = [&](const char* token) { return text.find(token) != text.npos; };
    if (std::ranges::any_of(kParticularTokens, holds)) continue;
    ++compared;
    SCOPED_TRACE(cases + ": " + row["text"].dump());
    for (const bool special : {false, true}) {
      const EncodeOptions options = {.add_special = false, .parse_special = special};
      const auto ids = own->Encode(text, options);
      ASSERT_EQ(exported.Encode(text, options), ids);
      EXPECT_EQ(*exported.Decode(ids), *own->Decode(ids));
    }
  }
  EXPECT_GT(compared, 10);
}

TEST(GgufVocabExport, TokenizerJson) {
  for (const std::string name : {"llama3", "qwen2", "llama2"}) {
    SCOPED_TRACE(name);
    TempFolder folder;
    Copy(TestData("tokenizer/" + name + ".json"), folder, "tokenizer.json");
    ExpectSame(folder.path(), TestData("tokenizer/" + name + ".cases.jsonl"));
  }
}

TEST(GgufVocabExport, SentencePiece) {
  TempFolder folder;
  Copy(TestData("tokenizer/spm_bpe.model"), folder, "tokenizer.model");
  ExpectSame(folder.path(), TestData("tokenizer/spm_bpe.cases.jsonl"), /*padding=*/3);
}

TEST(GgufVocabExport, RankedVocabulary) {
  SKIP_WITHOUT_SHARED("data/tokenizers/llama3/tokenizer.model");
  TempFolder folder;
  Copy(Shared("data/tokenizers/llama3/tokenizer.model"), folder, "tokenizer.model");
  ExpectSame(folder.path(), Shared("data/tokenizers/llama3/cases.jsonl"));
  auto metadata = ExportGgufVocab(folder.path(), 128256, "");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(*metadata->GetString("tokenizer.ggml.pre"), "llama-bpe");
}

TEST(GgufVocabExport, MistralsTwoForms) {
  SKIP_WITHOUT_SHARED("data/tokenizers/mistral-v3/tokenizer.json");
  const std::string from = Shared("data/tokenizers/mistral-v3/");
  TempFolder pieces;
  Copy(from + "mistral_instruct_tokenizer_240323.model.v3", pieces, "tokenizer.model.v3");
  ExpectSame(pieces.path(), from + "cases.jsonl");
  // Without the SentencePiece file the merges' order stands for the scores.
  TempFolder json;
  Copy(from + "tokenizer.json", json, "tokenizer.json");
  Copy(from + "tokenizer_config.json", json, "tokenizer_config.json");
  auto own = Tokenizer::Load(json.path());
  ASSERT_TRUE(own.ok());
  auto metadata = ExportGgufVocab(json.path(), own->vocab_size(), "");
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  EXPECT_EQ(*metadata->GetString("tokenizer.ggml.model"), "llama");
  EXPECT_TRUE(metadata->Has("tokenizer.chat_template"));
  const Tokenizer exported = FromMetadata(*metadata);
  for (const auto& row : ReadJsonLines(from + "cases.jsonl")) {
    const auto text = row["text"].get<std::string>();
    if (text.starts_with(' ')) continue;  // tokenizer.json joins leading spaces otherwise
    SCOPED_TRACE(row["text"].dump());
    EXPECT_EQ(exported.Encode(text), own->Encode(text));
  }
}

TEST(GgufVocabExport, PadsToTheModelsTable) {
  TempFolder folder;
  Copy(TestData("tokenizer/llama3.json"), folder, "tokenizer.json");
  auto own = Tokenizer::Load(folder.path());
  ASSERT_TRUE(own.ok());
  const int64_t vocab = own->vocab_size() + 2;
  auto metadata = ExportGgufVocab(folder.path(), vocab, "");
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  const auto tokens = metadata->GetStrings("tokenizer.ggml.tokens");
  const auto types = metadata->GetInts("tokenizer.ggml.token_type");
  ASSERT_EQ(static_cast<int64_t>(tokens->size()), vocab);
  EXPECT_EQ(tokens->back(), fmt::format("[PAD{}]", vocab - 1));
  EXPECT_EQ(types->back(), 5);
  auto small = ExportGgufVocab(folder.path(), own->vocab_size() - 1, "");
  ASSERT_FALSE(small.ok());
  EXPECT_EQ(small.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(small.status().message().find(folder.path()), std::string::npos);
}

TEST(GgufVocabExport, WithoutATokenizer) {
  TempFolder folder;
  auto metadata = ExportGgufVocab(folder.path(), 10, "");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(*metadata->GetString("tokenizer.ggml.model"), "no_vocab");
  EXPECT_EQ(metadata->values.size(), 1u);
}

TEST(GgufVocabExport, RefusesWhatGgufCannotDescribe) {
  TempFolder folder;
  Copy(TestData("tokenizer/bert.json"), folder, "tokenizer.json");
  auto bert = ExportGgufVocab(folder.path(), 1 << 20, "");
  ASSERT_FALSE(bert.ok());
  EXPECT_EQ(bert.status().code(), StatusCode::kUnsupported);
  TempFolder broken;
  broken.Write("tokenizer.json", "{");
  EXPECT_EQ(ExportGgufVocab(broken.path(), 10, "").status().code(), StatusCode::kCorrupt);
}

TEST(GgufVocabExport, PreNameGivenOrFound) {
  TempFolder folder;
  Copy(TestData("tokenizer/qwen2.json"), folder, "tokenizer.json");
  auto found = ExportGgufVocab(folder.path(), 1 << 16, "");
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(*found->GetString("tokenizer.ggml.pre"), "qwen2");
  auto given = ExportGgufVocab(folder.path(), 1 << 16, "gpt-2");
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(*given->GetString("tokenizer.ggml.pre"), "gpt-2");
  EXPECT_EQ(ExportGgufVocab(folder.path(), 1 << 16, "nonsense").status().code(),
            StatusCode::kUnsupported);
}

// A name is found by what its pre-tokenizer does, so the text it is tried on must tell all of them
// apart that are not the same by definition.
TEST(GgufVocabExport, EveryPreNameIsFoundAgain) {
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string_view name : GgufPreNames()) {
    auto pre = FindGgufPre(name);
    ASSERT_TRUE(pre.ok()) << name;
    TokenizerParts parts;
    BpeModel bpe;
    bpe.ignore_merges = pre->ignore_merges;
    parts.model = std::move(bpe);
    if (pre->nfc) parts.normalizer.steps.emplace_back(UnicodeForm::kNfc);
    parts.pre_tokenizer = std::move(pre->pre_tokenizer);
    auto again = FindPreName(parts);
    ASSERT_TRUE(again.ok()) << name << ": " << again.status().message();
    found[*again].emplace_back(name);
  }
  // One name stands for all with the same patterns; those that matter here, by another family each.
  const std::vector<std::vector<std::string>> apart = {
      {"llama-bpe"}, {"qwen2"},      {"deepseek-llm"}, {"deepseek-v3"}, {"gpt-4o"},   {"tekken"},
      {"kimi-k2"},   {"seed-coder"}, {"gpt-2"},        {"dbrx"},        {"stablelm2"}};
  for (const auto& names : apart) {
    EXPECT_TRUE(found.contains(names[0])) << names[0] << " is taken for another";
  }
  TokenizerParts nothing;
  EXPECT_EQ(FindPreName(nothing).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace frugal
