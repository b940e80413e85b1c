#include "text/hf_tokenizer_writer.h"

#include <nlohmann/json.hpp>

#include "tests/text/golden_util.h"
#include "text/chat_template.h"
#include "text/split_patterns.h"
#include "text/tokenizer.h"

namespace frugal {
namespace {

HfTokenizerFile SmallFile() {
  HfTokenizerFile file{.patterns = {std::string(kGpt2Pattern)}, .special_tokens = {"<s>", "</s>"}};
  WordCounts words;
  words.Add(" abc", 2);
  words.Add("\xC3\xA9\xC3\xA9", 1);
  file.bpe = *TrainBpe(words, {.vocab_size = 262, .special_tokens = file.special_tokens});
  return file;
}

TEST(HfTokenizerWriter, OurLoaderReadsIt) {
  HfTokenizerFile file = SmallFile();
  file.bos = "<s>";
  file.eos = file.pad = "</s>";
  file.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}";
  for (const bool add_bos : {false, true}) {
    file.add_bos = add_bos;
    const TempFolder out;
    out.Write("tokenizer.json", ToTokenizerJson(file));
    out.Write("tokenizer_config.json", ToTokenizerConfig(file));
    const auto tokenizer = Tokenizer::Load(out.path());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    EXPECT_EQ(tokenizer->vocab_size(), 262);
    EXPECT_EQ(tokenizer->bos_id(), 0);
    EXPECT_EQ(tokenizer->eos_id(), 1);
    EXPECT_EQ(tokenizer->adds_bos(), add_bos);
    EXPECT_TRUE(tokenizer->IsSpecial(1));
    const std::string text = "x abc éé \xF0\x9F\x99\x82 </s>";
    const auto ids = tokenizer->Encode(text, {.add_special = true});
    EXPECT_EQ(ids.front() == 0, add_bos);
    EXPECT_EQ(ids.back(), 1);
    EXPECT_EQ(*tokenizer->Decode(ids, /*skip_special=*/false), (add_bos ? "<s>" : "") + text);
    nlohmann::ordered_json kwargs;
    const auto chat = LoadChatTemplate(out.path(), &kwargs);
    ASSERT_TRUE(chat.ok()) << chat.status().message();
    EXPECT_EQ(chat->source(), file.chat_template);
    EXPECT_EQ(kwargs.at("eos_token"), "</s>");
  }
}

TEST(HfTokenizerWriter, StepsAreThePatterns) {
  const auto json = nlohmann::json::parse(ToTokenizerJson(SmallFile()));
  const auto& steps = json.at("pre_tokenizer").at("pretokenizers");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].at("pattern").at("Regex"), kGpt2Pattern);
  EXPECT_EQ(json.at("model").at("merges").size(), 4u);
  EXPECT_EQ(MakePreTokenizer({"a", "b"})->steps.size(), 2u);
  EXPECT_EQ(MakePreTokenizer({"("}).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace frugal
