// Writes a byte-level BPE vocabulary as the tokenizer.json and tokenizer_config.json that Hugging
// Face's `tokenizers` and transformers, and our own loader, read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/bpe_trainer.h"
#include "text/pretokenizer.h"

namespace frugal {

struct HfTokenizerFile {
  TrainedBpe bpe;
  // Cut the text, one after the other; every match is a piece of its own.
  std::vector<std::string> patterns;
  std::vector<std::string> special_tokens;   // the first ids of the vocabulary
  std::optional<std::string> bos, eos, pad;  // each one of special_tokens
  bool add_bos = false;                      // begins every text that is encoded with bos
  std::string chat_template;                 // empty: none
};

// The patterns as a step each, in tokenizer.json's dialect; errors are those of Regex::Compile.
Result<PreTokenizer> MakePreTokenizer(const std::vector<std::string>& patterns);

std::string ToTokenizerJson(const HfTokenizerFile& file);
std::string ToTokenizerConfig(const HfTokenizerFile& file);

}  // namespace frugal
