#include "text/wordpiece.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

using Ids = std::vector<int32_t>;

Ids Encode(const WordPieceModel& model, std::string_view word) {
  WordPieceScratch scratch;
  Ids first, second;
  model.Encode(word, &scratch, &first);
  model.Encode(word, &scratch, &second);  // out of the cache
  EXPECT_EQ(first, second);
  return first;
}

WordPieceModel Small() {
  WordPieceModel model;
  model.unk_id = 0;
  model.starts.Insert("un", 1);
  model.starts.Insert("u", 2);
  model.starts.Insert("é", 3);
  model.continuations.Insert("aff", 4);
  model.continuations.Insert("able", 5);
  model.continuations.Insert("a", 6);
  return model;
}

TEST(WordPiece, LongestFirst) {
  const WordPieceModel model = Small();
  EXPECT_EQ(Encode(model, "unaffable"), (Ids{1, 4, 5}));
  EXPECT_EQ(Encode(model, "ua"), (Ids{2, 6}));
  EXPECT_EQ(Encode(model, "é"), (Ids{3}));
}

// It does not go back: a longer piece taken may leave a rest that nothing fits.
TEST(WordPiece, AWordThatDoesNotFitIsUnknown) {
  const WordPieceModel model = Small();
  EXPECT_EQ(Encode(model, "unafft"), (Ids{0}));
  EXPECT_EQ(Encode(model, "able"), (Ids{0}));
  EXPECT_EQ(Encode(model, "x"), (Ids{0}));
}

TEST(WordPiece, LongWordsAreUnknown) {
  WordPieceModel model = Small();
  model.max_characters = 3;
  EXPECT_EQ(Encode(model, "uaa"), (Ids{2, 6, 6}));
  EXPECT_EQ(Encode(model, "uaaa"), (Ids{0}));
  EXPECT_EQ(Encode(model, "u" + std::string(200, 'a')), (Ids{0}));
}

}  // namespace
}  // namespace frugal
