#include "text/token_decoder.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/hf_id_steps.h"

namespace frugal {
namespace {

TEST(TokenDecoder, AgreesWithTheReference) {
  for (const auto& row : ReadJsonLines(TestData("tokenizer/decoder_cases.jsonl"))) {
    auto decoder = ParseDecoder(row["decoder"]);
    ASSERT_TRUE(decoder.ok()) << decoder.status().message();
    DecodeState state;
    for (const std::string& token : row["tokens"].get<std::vector<std::string>>()) {
      state.pending += decoder->Bytes(token, state.first, /*added=*/false);
      state.first = false;
    }
    EXPECT_EQ(TakeText(*decoder, /*final=*/true, &state), row["text"].get<std::string>())
        << row["decoder"] << " of " << row["tokens"];
  }
}

TEST(TokenDecoder, HoldsBackHalfCharacters) {
  TokenDecoder decoder;
  DecodeState state;
  state.pending = "a\xE4\xBD";
  EXPECT_EQ(TakeText(decoder, /*final=*/false, &state), "a");
  state.pending += "\xA0z";
  EXPECT_EQ(TakeText(decoder, /*final=*/false, &state), "你z");
  state.pending = "\xE4\xBD";
  EXPECT_EQ(TakeText(decoder, /*final=*/true, &state), "\uFFFD");
}

TEST(TokenDecoder, BrokenBytesBecomeMarks) {
  TokenDecoder decoder;
  DecodeState state;
  state.pending = "a\xE4\xBDz\xFF\xC3";
  EXPECT_EQ(TakeText(decoder, /*final=*/false, &state), "a\uFFFDz\uFFFD");
  EXPECT_EQ(TakeText(decoder, /*final=*/true, &state), "\uFFFD");
  decoder.replace_each_byte = true;
  state = {};
  state.pending = "\xE4\xBDz";
  EXPECT_EQ(TakeText(decoder, /*final=*/false, &state), "\uFFFD\uFFFDz");
}

TEST(TokenDecoder, StripsOnlyTheStart) {
  TokenDecoder decoder;
  decoder.strip = " ";
  decoder.strip_start = 2;
  DecodeState state;
  state.pending = " ";
  EXPECT_EQ(TakeText(decoder, false, &state), "");
  state.pending = "  a ";
  EXPECT_EQ(TakeText(decoder, false, &state), " a ");
  state.pending = " b";
  EXPECT_EQ(TakeText(decoder, false, &state), " b");
  state = {};
  state.pending = " \xFF";
  EXPECT_EQ(TakeBytes(decoder, &state), "\xFF");
}

TEST(TokenDecoder, AddedTokensAreNotByteLevel) {
  TokenDecoder decoder;
  decoder.steps.emplace_back(ByteLevelDecode{});
  EXPECT_EQ(decoder.Bytes("Ã¼", false, /*added=*/false), "ü");
  EXPECT_EQ(decoder.Bytes("ü", false, /*added=*/true), "ü");
  EXPECT_EQ(decoder.Bytes("日本", false, /*added=*/false), "日本");
}

}  // namespace
}  // namespace frugal
