#include "text/charsmap.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/base64.h"

namespace frugal {
namespace {

// The map that sentencepiece's trainer made for the goldens.
std::string GoldenBlob() {
  for (const auto& row : ReadJsonLines(TestData("tokenizer/normalizer_cases.jsonl"))) {
    if (row["normalizer"].value("type", "") == "Precompiled") {
      return *DecodeBase64(row["normalizer"]["precompiled_charsmap"].get<std::string>());
    }
  }
  return "";
}

TEST(Charsmap, FindsTheLongestRule) {
  auto map = Charsmap::Parse(GoldenBlob());
  ASSERT_TRUE(map.ok()) << map.status().message();
  EXPECT_EQ(map->Longest("xﬁ", 1).replacement, "fi");
  EXPECT_EQ(map->Longest("xﬁ", 1).bytes, 3u);
  EXPECT_EQ(map->Longest("e\u0301", 0).replacement, "é");
  EXPECT_EQ(map->Longest("e", 0).bytes, 0u);
  EXPECT_EQ(map->Longest("z", 0).bytes, 0u);
  EXPECT_EQ(map->Shortest("ßß").replacement, "ss");
  EXPECT_EQ(map->max_replacement_bytes(), 3u);
}

TEST(Charsmap, SizesThatDisagreeAreErrors) {
  const std::string blob = GoldenBlob();
  EXPECT_EQ(Charsmap::Parse("").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(Charsmap::Parse("abc").status().code(), StatusCode::kCorrupt);
  for (const size_t size : {4u, 100u, 1000u}) {
    EXPECT_FALSE(Charsmap::Parse(blob.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(Charsmap::Parse(std::string("\xFF\xFF\xFF\xFF", 4) + blob.substr(4)).ok());
}

TEST(Charsmap, LongReplacementsAreRefused) {
  std::string blob("\4\0\0\0", 4);
  blob += std::string(4, '\0') + std::string(2000, 'x');
  EXPECT_EQ(Charsmap::Parse(blob).status().code(), StatusCode::kUnsupported);
}

// Whatever the trie says, lookups stay inside it and give whole characters.
TEST(Charsmap, FlippedBitsAreHarmless) {
  const std::string blob = GoldenBlob();
  for (size_t i = 4; i < blob.size(); i += 3) {
    std::string bad = blob;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    auto map = Charsmap::Parse(bad);
    if (!map.ok()) continue;
    const std::string text = "aｱ①ßÅe\u0301 \tﬁ가の…";
    for (size_t at = 0; at < text.size(); ++at) {
      const auto match = map->Longest(text, at);
      EXPECT_LE(at + match.bytes, text.size());
    }
  }
}

}  // namespace
}  // namespace frugal
