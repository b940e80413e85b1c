#include "engine/stop_strings.h"

#include <gtest/gtest.h>

#include <random>

namespace frugal {
namespace {

// What comes out, given the text in pieces.
std::string Feed(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  StopStrings filter(stops);
  std::string out;
  for (const std::string& piece : pieces) out += filter.Push(piece);
  return out + filter.Finish();
}

TEST(StopStrings, EndsBeforeTheFirst) {
  EXPECT_EQ(Feed({"END"}, {"one END two"}), "one ");
  EXPECT_EQ(Feed({"END", "ne"}, {"one END two"}), "o");
  EXPECT_EQ(Feed({"END"}, {"one E", "N", "D two"}), "one ");
  EXPECT_EQ(Feed({"END"}, {"nothing here"}), "nothing here");
  EXPECT_EQ(Feed({}, {"a", "b"}), "ab");
  EXPECT_EQ(Feed({""}, {"a", "b"}), "ab");
}

TEST(StopStrings, HoldsBackOnlyWhatMayBegin) {
  StopStrings filter({"\n\nUser:"});
  EXPECT_EQ(filter.Push("Hello\n"), "Hello");
  EXPECT_EQ(filter.Push("there"), "\nthere");
  EXPECT_EQ(filter.Push("\n\nUs"), "");
  EXPECT_EQ(filter.Push("ed"), "\n\nUsed");
  EXPECT_EQ(filter.Push("\n\nUser"), "");
  EXPECT_FALSE(filter.stopped());
  EXPECT_EQ(filter.Push(": x"), "");
  EXPECT_TRUE(filter.stopped());
  EXPECT_EQ(filter.Push("more"), "");
  EXPECT_EQ(filter.Finish(), "");
}

TEST(StopStrings, FinishGivesWhatWasHeld) {
  StopStrings filter({"abc"});
  EXPECT_EQ(filter.Push("xab"), "x");
  EXPECT_EQ(filter.Finish(), "ab");
}

TEST(StopStrings, SelfOverlappingStop) { EXPECT_EQ(Feed({"aab"}, {"a", "a", "a", "b", "z"}), "a"); }

// Any cutting of any text over a small alphabet gives what a plain search gives.
TEST(StopStrings, EveryCuttingAgrees) {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    const auto word = [&](int most) {
      std::string text(1 + random() % most, 'a');
      for (char& c : text) c = "ab"[random() % 2];
      return text;
    };
    const std::vector<std::string> stops = {word(4), word(5)};
    const std::string text = word(30);
    // The first end, then the first start, that any stop has in the whole text.
    size_t cut = std::string::npos;
    for (size_t end = 1; end <= text.size() && cut == std::string::npos; ++end) {
      for (const std::string& stop : stops) {
        if (text.substr(0, end).ends_with(stop)) cut = std::min(cut, end - stop.size());
      }
    }
    std::vector<std::string> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t n = 1 + random() % 4;
      pieces.push_back(text.substr(at, n));
      at += n;
    }
    ASSERT_EQ(Feed(stops, pieces), text.substr(0, cut)) << text;
  }
}

}  // namespace
}  // namespace frugal
