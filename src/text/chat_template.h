// Chat templates: the Jinja that checkpoints publish, in the environment of Hugging Face's
// apply_chat_template (trim_blocks, lstrip_blocks, loop controls, raise_exception, strftime_now,
// tojson without HTML escaping, {% generation %}, the immutable sandbox).
#pragma once

#include <ctime>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace frugal {

// Bounds on what a template may do; reaching one is kResourceExhausted.
struct RenderLimits {
  int64_t max_steps = 20'000'000;  // nodes evaluated, loop turns, 64-byte pieces of text and lists
  int64_t max_output = 64 << 20;   // bytes of text, and of any one string on the way
  int max_depth = 200;             // calls of macros and recursive loops, one inside another
};

// Immutable; safe to use from any number of threads.
class ChatTemplate {
 public:
  // `name` is the template's file, for messages: "name:line:column: what is wrong". The source is
  // UTF-8 of at most 1 MiB. Errors: kInvalidArgument; kResourceExhausted when it is nested too
  // deep or too large.
  static Result<ChatTemplate> Parse(std::string_view source, const std::string& name);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // `variables` is an object: messages, tools (null when there are none), documents,
  // add_generation_prompt, bos_token, …. `now` is what strftime_now formats (local fields as
  // given in the tm). A template's own raise_exception(message) gives kInvalidArgument with
  // exactly that message; any other failure kInvalidArgument with a message of ours, which says
  // where. The text is UTF-8.
  Result<std::string> Render(const nlohmann::ordered_json& variables, const std::tm& now,
                             const RenderLimits& limits = {}) const;

  const std::string& source() const;  // what Parse was given

 private:
  struct Impl;
  explicit ChatTemplate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The template that belongs to `model`: a directory with chat_template.jinja, chat_template.json
// or tokenizer_config.json (the first that has one), a .gguf file with tokenizer.chat_template, or
// a .jinja file itself. Where a checkpoint has several named templates, the one named "tool_use"
// is taken if `with_tools` and there is one, else "default". `kwargs` receives an object with
// bos_token, eos_token, unk_token, sep_token, pad_token, cls_token and mask_token, those that the
// checkpoint has, to be put among the variables.
// Errors: kNotFound when the model has no template, kCorrupt, kIo, and those of Parse.
Result<ChatTemplate> LoadChatTemplate(const std::string& model, nlohmann::ordered_json* kwargs,
                                      bool with_tools = false);

}  // namespace frugal
