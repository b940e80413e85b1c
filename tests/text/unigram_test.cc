#include "text/unigram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace frugal {
namespace {

using Ids = std::vector<int32_t>;

Ids Encode(const UnigramModel& model, std::string_view text) {
  UnigramScratch scratch;
  Ids ids;
  model.Encode(text, &scratch, &ids);
  return ids;
}

UnigramModel Small() {
  UnigramModel model;
  model.unk_id = 0;
  model.unk_score = -20;
  int32_t id = 1;
  const std::pair<const char*, double> pieces[] = {{"a", -2},   {"b", -3}, {"ab", -4},
                                                   {"abc", -9}, {"c", -3}, {"é", -5}};
  for (const auto& [piece, score] : pieces) EXPECT_TRUE(model.AddPiece(piece, id++, score).ok());
  return model;
}

TEST(Unigram, TakesTheBestSum) {
  const UnigramModel model = Small();
  EXPECT_EQ(Encode(model, "ab"), (Ids{3}));      // −4 beats −5
  EXPECT_EQ(Encode(model, "abc"), (Ids{3, 5}));  // −7 beats −9
  EXPECT_EQ(Encode(model, "abcab"), (Ids{3, 5, 3}));
  EXPECT_TRUE(Encode(model, "").empty());
}

TEST(Unigram, UnknownsAreOneTokenPerRun) {
  UnigramModel model = Small();
  EXPECT_EQ(Encode(model, "a日本b日"), (Ids{1, 0, 2, 0}));
  model.unk_id = -1;
  EXPECT_EQ(Encode(model, "a日b"), (Ids{1, 2}));
  model.unk_id = 0;
  model.byte_fallback = true;
  for (size_t b = 0; b < 256; ++b) model.byte_ids[b] = 100 + static_cast<int32_t>(b);
  EXPECT_EQ(Encode(model, "a日"), (Ids{1, 100 + 0xE6, 100 + 0x97, 100 + 0xA5}));
}

// Against every way to cut, tried one by one.
TEST(Unigram, NoCutIsBetter) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    UnigramModel model;
    model.unk_id = 0;
    model.unk_score = -30;
    std::vector<std::pair<std::string, double>> pieces;
    for (int32_t id = 1; id < 12; ++id) {
      std::string piece;
      for (uint32_t n = 1 + random() % 3; n > 0; --n) piece += "ab"[random() % 2];
      const double score = -1.0 - static_cast<double>(random() % 1000) / 100;
      const auto same = std::find_if(pieces.begin(), pieces.end(),
                                     [&](const auto& p) { return p.first == piece; });
      if (same != pieces.end()) continue;
      pieces.emplace_back(piece, score);
      EXPECT_TRUE(model.AddPiece(piece, static_cast<int32_t>(pieces.size()), score).ok());
    }
    std::string text;
    for (uint32_t n = 1 + random() % 9; n > 0; --n) text += "ab"[random() % 2];
    auto piece_score = [&](const std::string& piece) {
      for (const auto& [name, score] : pieces) {
        if (name == piece) return score;
      }
      return piece.size() == 1 ? -30.0 : -INFINITY;
    };
    double best = -INFINITY;
    for (uint32_t cuts = 0; cuts < 1u << (text.size() - 1); ++cuts) {
      double sum = 0;
      size_t begin = 0;
      for (size_t i = 0; i < text.size(); ++i) {
        if (i + 1 == text.size() || (cuts >> i & 1) != 0) {
          sum += piece_score(text.substr(begin, i + 1 - begin));
          begin = i + 1;
        }
      }
      best = std::max(best, sum);
    }
    double sum = 0;
    size_t unknown = text.size();
    for (const int32_t id : Encode(model, text)) {
      if (id == 0) continue;
      sum += pieces[static_cast<size_t>(id) - 1].second;
      unknown -= pieces[static_cast<size_t>(id) - 1].first.size();
    }
    EXPECT_NEAR(sum - 30.0 * static_cast<double>(unknown), best, 1e-9) << text;
  }
}

TEST(Unigram, LongPiecesAreRefused) {
  UnigramModel model;
  EXPECT_EQ(model.AddPiece(std::string(5000, 'x'), 1, 0).code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace frugal
