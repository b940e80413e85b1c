// The vocabulary inside a GGUF file (ggml's docs/gguf.md, "tokenizer.ggml.*").
#pragma once

#include <string>

#include "base/status.h"
#include "formats/metadata.h"
#include "text/tokenizer_parts.h"

namespace frugal {

// tokenizer.ggml.model gpt2 (byte-level BPE), llama (SentencePiece BPE), t5 (unigram) or bert
// (WordPiece). `name` is the file's, for messages; `pattern`, where not empty, replaces the
// pre-tokenizer that tokenizer.ggml.pre names. kCorrupt and kUnsupported name the key.
Result<TokenizerParts> MakeGgufParts(const Metadata& metadata, const std::string& name,
                                     const std::string& pattern);

}  // namespace frugal
