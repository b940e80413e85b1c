#include "text/tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

using Ids = std::vector<int32_t>;

Tokenizer LoadOrDie(const std::string& path, const std::string& pattern = "") {
  auto tokenizer = Tokenizer::Load(path, {pattern});
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return *std::move(tokenizer);
}

Ids Plain(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.Encode(text, {.parse_special = false});
}

std::string Stream(const Tokenizer& tokenizer, const Ids& ids, bool skip_special) {
  StreamDecoder stream(tokenizer, skip_special);
  std::string text;
  for (const int32_t id : ids) {
    auto part = stream.Push(id);
    EXPECT_TRUE(part.ok());
    text += *part;
  }
  return text + stream.Finish();
}

void ExpectCases(const Tokenizer& tokenizer, const std::string& cases) {
  for (const auto& row : ReadJsonLines(cases)) {
    const auto text = row["text"].get<std::string>();
    SCOPED_TRACE(cases + ": " + row["text"].dump());
    const Ids ids = tokenizer.Encode(text);
    if (row.contains("ids")) {
      EXPECT_EQ(ids, row["ids"].get<Ids>());
    }
    if (row.contains("ids_plain")) {
      EXPECT_EQ(Plain(tokenizer, text), row["ids_plain"].get<Ids>());
    }
    if (row.contains("ids_special")) {
      EXPECT_EQ(tokenizer.Encode(text, {.add_special = true}), row["ids_special"].get<Ids>());
    }
    const Ids decode = row.contains("ids") ? ids : row["ids_plain"].get<Ids>();
    if (row.contains("decoded")) {
      EXPECT_EQ(*tokenizer.Decode(decode), row["decoded"]);
    }
    if (row.contains("decoded_all")) {
      EXPECT_EQ(*tokenizer.Decode(decode, false), row["decoded_all"]);
    }
    for (const bool skip : {true, false}) {
      EXPECT_EQ(Stream(tokenizer, decode, skip), *tokenizer.Decode(decode, skip));
    }
  }
}

class GoldenTokenizer : public testing::TestWithParam<const char*> {};

TEST_P(GoldenTokenizer, AgreesWithTheReference) {
  const std::string file = GetParam();
  const std::string stem = file.substr(0, file.rfind('.'));
  const std::string cases = TestData("tokenizer/" + stem + ".cases.jsonl");
  const auto first = ReadJsonLines(cases).front();
  ExpectCases(LoadOrDie(TestData("tokenizer/" + file), first.value("pattern", "")), cases);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTokenizer,
                         testing::Values("roberta.json", "llama3.json", "qwen2.json", "falcon.json",
                                         "normalizer_bytes.json", "unk.json", "affixes.json",
                                         "mistral.json", "llama2.json", "unigram.json",
                                         "unigram_bytes.json", "bert.json", "spm_bpe.model",
                                         "spm_bpe_rules.model", "spm_suffix.model",
                                         "spm_unigram.model", "spm_unigram_bytes.model",
                                         "spm_unused.model", "tiny.tiktoken", "gguf_gpt2.gguf",
                                         "gguf_llama.gguf", "gguf_t5.gguf", "gguf_bert.gguf"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

// The published vocabularies, where the optional material is there.
struct Published {
  const char* path;   // under data/tokenizers
  const char* cases;  // in the same folder
};

class PublishedTokenizer : public testing::TestWithParam<Published> {};

TEST_P(PublishedTokenizer, EncodesEveryCase) {
  const std::string folder = "data/tokenizers/";
  SKIP_WITHOUT_SHARED(folder + GetParam().path);
  const Tokenizer tokenizer = LoadOrDie(Shared(folder + GetParam().path));
  std::string directory = Shared(folder + GetParam().path);
  if (!std::filesystem::is_directory(directory))
    directory = directory.substr(0, directory.rfind('/'));
  const std::string cases = directory + "/" + GetParam().cases;
  const bool plain = cases.find("special_text") != std::string::npos;
  for (const auto& row : ReadJsonLines(cases)) {
    const auto text = row["text"].get<std::string>();
    const Ids ids = plain ? Plain(tokenizer, text) : tokenizer.Encode(text);
    EXPECT_EQ(ids, row["ids"].get<Ids>()) << cases << ": " << row["text"];
    EXPECT_EQ(Stream(tokenizer, ids, true), *tokenizer.Decode(ids));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, PublishedTokenizer,
    testing::Values(
        Published{"bert-bge/ggml-vocab-bert-bge.gguf", "cases.jsonl"},
        Published{"deepseek-llm/ggml-vocab-deepseek-llm.gguf", "cases.jsonl"},
        Published{"falcon/ggml-vocab-falcon.gguf", "cases.jsonl"},
        Published{"gpt-2/ggml-vocab-gpt-2.gguf", "cases.jsonl"},
        Published{"gpt-2/ggml-vocab-gpt-2.gguf", "cases_extra.jsonl"},
        Published{"llama-spm/ggml-vocab-llama-spm.gguf", "cases.jsonl"},
        Published{"llama3", "cases.jsonl"}, Published{"llama3", "cases_extra.jsonl"},
        Published{"llama3", "cases_special_text.jsonl"}, Published{"mistral-v1", "cases.jsonl"},
        Published{"mistral-v1", "cases_special_text.jsonl"},
        Published{"mistral-v3/mistral_instruct_tokenizer_240323.model.v3", "cases.jsonl"},
        Published{"mistral-v3/mistral_instruct_tokenizer_240323.model.v3",
                  "cases_special_text.jsonl"},
        Published{"mistral-v3", "cases_tokenizer_json.jsonl"},
        Published{"o200k_base", "cases.jsonl"}, Published{"o200k_base", "cases_extra.jsonl"},
        Published{"o200k_base", "cases_special_text.jsonl"}, Published{"qwen2", "cases.jsonl"},
        Published{"qwen2", "cases_extra.jsonl"}, Published{"qwen2", "cases_special_text.jsonl"},
        Published{"refact/ggml-vocab-refact.gguf", "cases.jsonl"},
        Published{"starcoder/ggml-vocab-starcoder.gguf", "cases.jsonl"}));

// Whole conversations: every stretch between control tokens is a text of its own, with its own
// dummy prefix, which the samples show as ▁; a byte's token is shown by its name.
TEST(PublishedChat, MistralConversations) {
  const std::string folder = "data/tokenizers/mistral-v3/";
  SKIP_WITHOUT_SHARED(folder);
  const Tokenizer tokenizer =
      LoadOrDie(Shared(folder + "mistral_instruct_tokenizer_240323.model.v3"));
  for (const auto& row : ReadJsonLines(Shared(folder + "chat_samples.jsonl"))) {
    std::string shown = row["debug_text"].get<std::string>(), text;
    for (size_t at = 0; at < shown.size();) {
      size_t token = 0;  // bytes of the control token that stands here
      for (int32_t id = 0; id < 20 && token == 0; ++id) {
        const std::string& control = tokenizer.TokenText(id);
        if (tokenizer.IsSpecial(id) && shown.compare(at, control.size(), control) == 0) {
          token = control.size();
        }
      }
      if (token > 0) {
        text.append(shown, at, token);
        at += token;
        if (shown.compare(at, 3, "▁") == 0) at += 3;
      } else if (shown.compare(at, 6, "<0x0A>") == 0) {
        text += '\n';
        at += 6;
      } else if (shown.compare(at, 3, "▁") == 0) {
        text += ' ';
        at += 3;
      } else {
        text += shown[at++];
      }
    }
    EXPECT_EQ(tokenizer.Encode(text), row["ids"].get<Ids>()) << row["name"];
  }
}

// --- encode and decode are inverse ------------------------------------------------------------

std::string RandomUnicode(std::mt19937* random, int characters) {
  static const char* kPool[] = {"a", "the", " ", "  ", "\n", "é", "日本", "😀", "▁", "\u0301", "Ω"};
  std::string text;
  for (int i = 0; i < characters; ++i) {
    const uint32_t kind = (*random)() % 4;
    if (kind < 2) {
      text += kPool[(*random)() % std::size(kPool)];
      continue;
    }
    uint32_t c = (*random)() % (kind == 2 ? 0x3000 : 0x110000);
    if (c >= 0xD800 && c < 0xE000) c -= 0x800;
    char buffer[4];
    int n = 0;
    if (c < 0x80) {
      buffer[n++] = static_cast<char>(c);
    } else if (c < 0x800) {
      buffer[n++] = static_cast<char>(0xC0 | c >> 6);
    } else if (c < 0x10000) {
      buffer[n++] = static_cast<char>(0xE0 | c >> 12);
      buffer[n++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    } else {
      buffer[n++] = static_cast<char>(0xF0 | c >> 18);
      buffer[n++] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
      buffer[n++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80) buffer[n++] = static_cast<char>(0x80 | (c & 0x3F));
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

class Invertible : public testing::TestWithParam<const char*> {};

TEST_P(Invertible, RandomUnicodeAndRandomBytes) {
  const std::string file = GetParam();
  if (file.starts_with("data/")) SKIP_WITHOUT_SHARED(file);
  const Tokenizer tokenizer =
      LoadOrDie(file.starts_with("data/") ? Shared(file) : TestData("tokenizer/" + file),
                file == "tiny.tiktoken" ? R"(\p{L}+|\p{N}{1,3}|[^\p{L}\p{N}]+)" : "");
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string text = RandomUnicode(&random, 1 + static_cast<int>(random() % 40));
    const Ids ids = Plain(tokenizer, text);
    EXPECT_EQ(*tokenizer.Decode(ids, false), text);
    EXPECT_EQ(Stream(tokenizer, ids, false), text);
    std::string bytes;
    for (uint32_t i = random() % 60; i > 0; --i) bytes += static_cast<char>(random());
    EXPECT_EQ(*tokenizer.DecodeBytes(Plain(tokenizer, bytes), false), bytes);
  }
}

// Byte-level without a normaliser, and SentencePiece with byte fallback (its dummy prefix is
// taken off again; ▁ itself would come back as a space there, so the pool's "▁" is left to the
// byte-level ones).
INSTANTIATE_TEST_SUITE_P(Files, Invertible,
                         testing::Values("llama3.json", "falcon.json", "tiny.tiktoken",
                                         "data/tokenizers/llama3", "data/tokenizers/o200k_base",
                                         "data/tokenizers/gpt-2/ggml-vocab-gpt-2.gguf"));

TEST(Tokenizer, SentencePieceWithByteFallbackIsInvertible) {
  for (const char* file : {"spm_bpe.model", "gguf_llama.gguf", "spm_unigram_bytes.model"}) {
    const Tokenizer tokenizer = LoadOrDie(TestData(std::string("tokenizer/") + file));
    std::mt19937 random(6);
    for (int round = 0; round < 300; ++round) {
      std::string text = RandomUnicode(&random, 1 + static_cast<int>(random() % 40));
      for (size_t at; (at = text.find("▁")) != std::string::npos;) text.replace(at, 3, "_");
      EXPECT_EQ(*tokenizer.Decode(Plain(tokenizer, text), false), text) << file;
      // Bytes that are no UTF-8, between valid stretches that start with a letter.
      std::string bytes = "a";
      for (uint32_t i = random() % 30; i > 0; --i)
        bytes += static_cast<char>(0x80 | random() % 128);
      if (bytes.find("▁") != std::string::npos) continue;
      EXPECT_EQ(*tokenizer.DecodeBytes(Plain(tokenizer, bytes), false), bytes) << file;
    }
  }
}

// --- the rest of the contract -----------------------------------------------------------------

TEST(Tokenizer, SpecialTokens) {
  const Tokenizer tokenizer = LoadOrDie(TestData("tokenizer/llama3.json"));
  const auto bos = tokenizer.TokenId("<s>");
  ASSERT_TRUE(bos.has_value());
  EXPECT_TRUE(tokenizer.IsSpecial(*bos));
  EXPECT_EQ(tokenizer.TokenText(*bos), "<s>");
  EXPECT_EQ(tokenizer.Encode("<s>"), (Ids{*bos}));
  EXPECT_GT(Plain(tokenizer, "<s>").size(), 1u);
  EXPECT_EQ(*tokenizer.Decode(Ids{*bos}), "");
  EXPECT_EQ(*tokenizer.Decode(Ids{*bos}, false), "<s>");
  EXPECT_FALSE(tokenizer.TokenId("no such token").has_value());
  EXPECT_FALSE(tokenizer.IsSpecial(-1));
}

TEST(Tokenizer, IdsOutsideTheVocabulary) {
  const Tokenizer tokenizer = LoadOrDie(TestData("tokenizer/llama3.json"));
  for (const int32_t id : {-1, tokenizer.vocab_size(), INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(tokenizer.Decode(Ids{id}).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(tokenizer.TokenBytes(id).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(tokenizer.TokenText(id), "");
    StreamDecoder stream(tokenizer);
    EXPECT_EQ(stream.Push(id).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(Tokenizer, TokenBytesKeepTheSpace) {
  const Tokenizer llama3 = LoadOrDie(TestData("tokenizer/llama3.json"));
  EXPECT_EQ(*llama3.TokenBytes(*llama3.TokenId("Ġthe")), " the");
  const Tokenizer spm = LoadOrDie(TestData("tokenizer/spm_bpe.model"));
  EXPECT_EQ(*spm.TokenBytes(*spm.TokenId("▁the")), " the");
  EXPECT_EQ(*spm.TokenBytes(*spm.TokenId("<0xE4>")), "\xE4");
}

TEST(Tokenizer, StreamsWholeCharacters) {
  const Tokenizer tokenizer = LoadOrDie(TestData("tokenizer/tiny.tiktoken"), "[^ ]+| ");
  const Ids ids = tokenizer.Encode("\U0001F600");  // four bytes, which no merge joins
  ASSERT_EQ(ids.size(), 4u);
  StreamDecoder stream(tokenizer);
  EXPECT_EQ(*stream.Push(ids[0]), "");
  EXPECT_EQ(*stream.Push(ids[1]), "");
  EXPECT_EQ(*stream.Push(ids[2]), "");
  EXPECT_EQ(*stream.Push(ids[3]), "\U0001F600");
  EXPECT_EQ(*stream.Push(ids[0]), "");
  EXPECT_EQ(stream.Finish(), "\uFFFD");
}

// Every stretch between control tokens gets its own dummy prefix.
TEST(Tokenizer, SentencePieceControlTokensInText) {
  const Tokenizer tokenizer = LoadOrDie(TestData("tokenizer/spm_bpe.model"));
  Ids want = tokenizer.Encode("Hello");
  want.push_back(*tokenizer.eos_id());
  const Ids rest = tokenizer.Encode("the");
  want.insert(want.end(), rest.begin(), rest.end());
  EXPECT_EQ(tokenizer.Encode("Hello</s>the"), want);
  EXPECT_EQ(tokenizer.Encode("x", {.add_special = true}).front(), *tokenizer.bos_id());
  EXPECT_TRUE(tokenizer.adds_bos());
}

TEST(Tokenizer, InvalidUtf8NeverFails) {
  for (const char* file : {"bert.json", "unigram.json", "unk.json", "affixes.json", "spm_bpe.model",
                           "spm_unigram.model", "gguf_bert.gguf", "qwen2.json"}) {
    const Tokenizer tokenizer = LoadOrDie(TestData(std::string("tokenizer/") + file));
    for (const std::string text :
         {"\xFF", "a\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80 b", "\x80\x80"}) {
      for (const int32_t id : tokenizer.Encode(text, {.add_special = true})) {
        EXPECT_GE(id, 0) << file;
        EXPECT_LT(id, tokenizer.vocab_size()) << file;
      }
    }
  }
}

// A megabyte without a place to cut, in every kind of model: these take seconds at worst when
// nothing is quadratic, and hours when something is.
TEST(Tokenizer, PathologicalTextIsNotQuadratic) {
  for (const char* file :
       {"llama3.json", "mistral.json", "llama2.json", "bert.json", "unigram.json", "qwen2.json",
        "spm_bpe.model", "spm_unigram.model", "roberta.json"}) {
    const Tokenizer tokenizer = LoadOrDie(TestData(std::string("tokenizer/") + file));
    for (const char* unit :
         {"a", " ", "\n", "é", "日", "the", "\u0301\u0323", "1", "!", "<s", "▁"}) {
      std::string text;
      while (text.size() < 1'000'000) text += unit;
      const Ids ids = tokenizer.Encode(text);
      if (std::string(file) == "llama3.json") {
        EXPECT_EQ(*tokenizer.Decode(ids), text) << unit;
      }
      // Normalisers that squeeze white space leave nothing of it; BERT's drops lone accents too.
      const bool white = std::string(" \n▁").find(unit) != std::string::npos;
      EXPECT_TRUE(!ids.empty() || white || std::string(file) == "bert.json") << file << " " << unit;
    }
  }
}

TEST(Tokenizer, ManyThreadsShareOne) {
  const Tokenizer tokenizer = LoadOrDie(TestData("tokenizer/qwen2.json"));
  const auto rows = ReadJsonLines(TestData("tokenizer/qwen2.cases.jsonl"));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 20; ++round) {
        for (const auto& row : rows) {
          if (tokenizer.Encode(row["text"].get<std::string>()) != row["ids"].get<Ids>()) ++wrong[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace frugal
