// A checkpoint's tokenizer in GGUF's terms (tokenizer.ggml.*, see gguf_vocab.h for the way back).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "formats/metadata.h"

namespace frugal {

struct TokenizerParts;  // text/tokenizer_parts.h

// The keys for the tokenizer and chat template in `directory`, of a model whose table has `vocab`
// rows: ids that no token has become unused ones. Byte-level BPE becomes "gpt2", SentencePiece BPE
// "llama" (scores from tokenizer.model where there is one, else from the order of the merges),
// unigram "t5". `pre` replaces the name of the pre-tokenizer, else it is found by what it does.
// Where there is no tokenizer: "no_vocab".
// kUnsupported for a tokenizer that GGUF cannot describe; kCorrupt where it has more tokens than
// the model; and what reading it gives.
Result<Metadata> ExportGgufVocab(const std::string& directory, int64_t vocab,
                                 const std::string& pre);

// GGUF's name for a pre-tokenizer: one that cuts a text of every kind of writing in the same
// places. Among several the one that agrees best in what else the name says (normalisation, words
// that are tokens). kUnsupported when there is none.
Result<std::string> FindPreName(const TokenizerParts& parts);

}  // namespace frugal
