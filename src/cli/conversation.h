// From messages to a prompt: the model's chat template around them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace frugal {

struct Conversation {
  ChatTemplate chat_template;
  nlohmann::ordered_json variables;  // bos_token, eos_token, …, and messages
};

// kNotFound, with the way out named, when the model has no template.
Result<Conversation> StartConversation(const std::string& model);

void AddMessage(Conversation* conversation, const std::string& role, const std::string& content);

// Renders all messages with the generation prompt, and encodes. The template writes BOS itself.
// kInvalidArgument for a message that is not UTF-8, and for what the template refuses.
Result<std::vector<int32_t>> RenderPrompt(const Conversation& conversation,
                                          const Tokenizer& tokenizer);

// The local time now, for templates that print the date.
std::tm LocalTime();

}  // namespace frugal
