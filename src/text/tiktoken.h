// Tiktoken files: one token per line, base64 of its bytes and its rank, which is its id and its
// merge priority (openai/tiktoken, load.py).
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "text/hf_config.h"
#include "text/tokenizer_parts.h"

namespace frugal {

// Whether `text` starts like such a file.
bool LooksLikeTiktoken(std::string_view text);

// `name` is the file's, for messages. The file says nothing about how text is cut into words nor
// about special tokens: `pattern` gives the former where it is not empty; else a published
// vocabulary is recognised by its content (Llama 3, cl100k, o200k, Qwen, Hunyuan, Kimi K2), or
// kUnsupported says that a pattern is needed. `config` is what the files beside it say.
Result<TokenizerParts> ParseTiktoken(std::string_view text, const std::string& name,
                                     const std::string& pattern, const HfConfig& config);

}  // namespace frugal
