#include "cli/conversation.h"

#include "formats/utf8.h"

namespace frugal {

Result<Conversation> StartConversation(const std::string& model) {
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();
  Result<ChatTemplate> chat_template = LoadChatTemplate(model, &variables);
  if (!chat_template.ok()) {
    const Status& status = chat_template.status();
    if (status.code() != StatusCode::kNotFound) return status;
    return Error(StatusCode::kNotFound,
                 "{}; a model without one continues text: frugal run MODEL --raw -p TEXT",
                 status.message());
  }
  variables["messages"] = nlohmann::ordered_json::array();
  variables["tools"] = nullptr;
  variables["documents"] = nullptr;
  variables["add_generation_prompt"] = true;
  return Conversation{*std::move(chat_template), std::move(variables)};
}

void AddMessage(Conversation* conversation, const std::string& role, const std::string& content) {
  conversation->variables["messages"].push_back({{"role", role}, {"content", content}});
}

Result<std::vector<int32_t>> RenderPrompt(const Conversation& conversation,
                                          const Tokenizer& tokenizer) {
  for (const auto& message : conversation.variables["messages"]) {
    if (IsValidUtf8(message["content"].get_ref<const std::string&>())) continue;
    return Error(StatusCode::kInvalidArgument,
                 "the {} message: expected UTF-8 text, found other bytes; convert it, or give the "
                 "model any bytes with: frugal run MODEL --raw",
                 message["role"].get_ref<const std::string&>());
  }
  ASSIGN_OR_RETURN(const std::string text,
                   conversation.chat_template.Render(conversation.variables, LocalTime()));
  return tokenizer.Encode(text, {.add_special = false, .parse_special = true});
}

std::tm LocalTime() {
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  localtime_r(&now, &local);
  return local;
}

}  // namespace frugal
