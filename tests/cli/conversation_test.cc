#include "cli/conversation.h"

#include <gtest/gtest.h>

#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

TEST(Conversation, MessagesBecomeThePromptTheTemplateWrites) {
  const TinyModel model;
  Result<Conversation> conversation = StartConversation(model.path());
  ASSERT_TRUE(conversation.ok()) << conversation.status().message();
  const Result<Tokenizer> tokenizer = Tokenizer::Load(model.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  AddMessage(&*conversation, "system", "Be brief.");
  AddMessage(&*conversation, "user", "Hi");

  const Result<std::vector<int32_t>> prompt = RenderPrompt(*conversation, *tokenizer);
  ASSERT_TRUE(prompt.ok()) << prompt.status().message();
  const int32_t start = *tokenizer->TokenId("<|im_start|>");
  EXPECT_EQ(prompt->front(), start);  // one token, not its spelling; and no BOS before it
  EXPECT_EQ(*tokenizer->Decode(*prompt, /*skip_special=*/false),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            "<|im_start|>assistant\n");
}

TEST(Conversation, BothContainersGiveTheSamePrompt) {
  const TinyModel model;
  const std::string gguf = model.WriteGgufFile();
  std::vector<std::vector<int32_t>> prompts;
  for (const std::string& path : {model.path(), gguf}) {
    Result<Conversation> conversation = StartConversation(path);
    ASSERT_TRUE(conversation.ok()) << conversation.status().message();
    const Result<Tokenizer> tokenizer = Tokenizer::Load(path);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    AddMessage(&*conversation, "user", "Grüße, 2026!");
    Result<std::vector<int32_t>> prompt = RenderPrompt(*conversation, *tokenizer);
    ASSERT_TRUE(prompt.ok()) << prompt.status().message();
    prompts.push_back(*prompt);
  }
  EXPECT_EQ(prompts[0], prompts[1]);
}

TEST(Conversation, WithoutATemplateTheWayOutIsNamed) {
  const TinyModel model;
  model.Write("tokenizer_config.json", "{}");
  const Result<Conversation> conversation = StartConversation(model.path());
  ASSERT_FALSE(conversation.ok());
  EXPECT_EQ(conversation.status().code(), StatusCode::kNotFound);
  EXPECT_NE(conversation.status().message().find(model.path()), std::string::npos)
      << conversation.status().message();
  EXPECT_NE(conversation.status().message().find("--raw"), std::string::npos)
      << conversation.status().message();
}

TEST(Conversation, TemplatesSeeTheirTokensAndNoTools) {
  const TinyModel model;
  model.Write("chat_template.jinja",
              "{{ bos_token }}{{ eos_token }}{{ tools is none }}{{ messages | length }}");
  Result<Conversation> conversation = StartConversation(model.path());
  ASSERT_TRUE(conversation.ok()) << conversation.status().message();
  const Result<std::string> text =
      conversation->chat_template.Render(conversation->variables, LocalTime());
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text, "<s><|im_end|>True0");
}

TEST(Conversation, AMessageThatIsNotTextIsRefused) {
  const TinyModel model;
  Result<Conversation> conversation = StartConversation(model.path());
  ASSERT_TRUE(conversation.ok()) << conversation.status().message();
  const Result<Tokenizer> tokenizer = Tokenizer::Load(model.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  AddMessage(&*conversation, "system", "fine");
  AddMessage(&*conversation, "user", "caf\xe9");
  const Result<std::vector<int32_t>> prompt = RenderPrompt(*conversation, *tokenizer);
  ASSERT_FALSE(prompt.ok());
  EXPECT_EQ(prompt.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(prompt.status().message().find("the user message: expected UTF-8"), 0u)
      << prompt.status().message();
}

TEST(LocalTime, IsNow) {
  std::tm local = LocalTime();
  const std::time_t now = std::time(nullptr);
  EXPECT_NEAR(static_cast<double>(std::mktime(&local)), static_cast<double>(now), 3600.0);
}

}  // namespace
}  // namespace frugal
