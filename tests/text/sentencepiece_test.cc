#include "text/sentencepiece.h"

#include <random>

#include "tests/text/golden_util.h"

namespace frugal {
namespace {

std::string Golden(const char* name) {
  return ReadText(TestData(std::string("tokenizer/") + name + ".model"));
}

TEST(SentencePiece, ReadsTheFields) {
  auto model = ParseSentencePieceModel(Golden("spm_bpe_rules"), "f");
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->kind, SentencePieceModel::Kind::kBpe);
  EXPECT_EQ(model->pieces[0].type, PieceType::kUnknown);
  EXPECT_EQ(model->pieces[1].text, "<s>");
  EXPECT_EQ(model->pieces[1].type, PieceType::kControl);
  EXPECT_FALSE(model->charsmap.empty());
  EXPECT_TRUE(model->remove_extra_whitespaces && model->add_dummy_prefix);
  EXPECT_EQ(model->eos_id, 2);
  auto suffix = ParseSentencePieceModel(Golden("spm_suffix"), "f");
  EXPECT_TRUE(suffix->whitespace_is_suffix);
  auto bytes = ParseSentencePieceModel(Golden("spm_unigram_bytes"), "f");
  EXPECT_TRUE(bytes->byte_fallback && !bytes->add_dummy_prefix);
}

TEST(SentencePiece, WhatIsNoModel) {
  for (const std::string& bytes : {std::string(), std::string("hello"), std::string(100, '\0'),
                                   std::string("\x0A\x7F", 2), std::string("\x0A\x00", 2)}) {
    const Status status = ParseSentencePieceModel(bytes, "f").status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_TRUE(status.message().starts_with("f: ")) << status.message();
  }
}

SentencePieceModel Tiny() {
  SentencePieceModel model;
  model.kind = SentencePieceModel::Kind::kBpe;
  model.pieces = {{"<unk>", 0, PieceType::kUnknown}, {"a", -1}, {"b", -2}, {"ab", -3}};
  return model;
}

TEST(SentencePiece, InconsistentModels) {
  EXPECT_TRUE(MakeSentencePieceParts(Tiny(), "f").ok());
  auto expect = [](SentencePieceModel model, const char* message) {
    const Status status = MakeSentencePieceParts(model, "f").status();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  };
  SentencePieceModel model = Tiny();
  model.pieces[0].type = PieceType::kNormal;
  expect(model, "no piece is the unknown one");
  model = Tiny();
  model.pieces[2].type = PieceType::kUnknown;
  expect(model, "pieces[2]");
  model = Tiny();
  model.pieces.push_back({"a", -9});
  expect(model, "pieces[4]");
  model = Tiny();
  model.byte_fallback = true;
  expect(model, "byte_fallback");
  model = Tiny();
  model.pieces.push_back({"0x41", 0, PieceType::kByte});
  expect(model, "pieces[4]");
  model = Tiny();
  model.charsmap = "xx";
  expect(model, "precompiled_charsmap");
  model = Tiny();
  model.pieces.push_back({std::string(5000, 'x'), -9});
  expect(model, "pieces[4]");
}

TEST(SentencePiece, SurvivesDamage) {
  std::mt19937 random(9);
  for (const char* name : {"spm_bpe_rules", "spm_unigram", "spm_unused"}) {
    const std::string bytes = Golden(name);
    for (int round = 0; round < 300; ++round) {
      std::string bad = bytes;
      if (round % 3 == 0) {
        bad.resize(random() % bad.size());
      } else {
        for (int flips = 0; flips < 2; ++flips) {
          bad[random() % bad.size()] ^= static_cast<char>(1 << (random() % 8));
        }
      }
      auto model = ParseSentencePieceModel(bad, "f");
      if (!model.ok()) continue;
      auto parts = MakeSentencePieceParts(*model, "f");
      if (!parts.ok()) continue;
      auto tokenizer = MakeTokenizer(*std::move(parts));
      ASSERT_TRUE(tokenizer.ok());
      EXPECT_TRUE(tokenizer->Decode(tokenizer->Encode("The <ud> quick ﬁ é日 \xFF")).ok());
    }
  }
}

}  // namespace
}  // namespace frugal
