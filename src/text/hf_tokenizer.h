// tokenizer.json of Hugging Face's `tokenizers`, and the older pair vocab.json + merges.txt.
// Truncation and padding settings are not read: they belong to training.
#pragma once

#include <string>

#include "base/status.h"
#include "text/hf_document.h"
#include "text/tokenizer_parts.h"

namespace frugal {

// `text` is the file's content, `name` its name for messages.
Result<TokenizerParts> ParseHfTokenizer(const std::string& text, const std::string& name);

// `vocab` and `merges` are the contents of vocab.json and merges.txt; `pattern` cuts words.
Result<TokenizerParts> ParseVocabMerges(const std::string& vocab, const std::string& merges,
                                        const std::string& pattern, const std::string& directory);

// The pre-tokenizer pattern that a class or model type with vocab.json + merges.txt has built
// in; empty when it is not known. *nfc: whether it normalises to NFC.
std::string VocabMergesPattern(const std::string& tokenizer_class, const std::string& model_type,
                               bool* nfc);

}  // namespace frugal
