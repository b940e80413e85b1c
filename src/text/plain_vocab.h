// A vocabulary for models without one: files of random weights.
#pragma once

#include <cstdint>

#include "formats/metadata.h"

namespace frugal {

// GGUF's keys (tokenizer.ggml.*) for `vocab` tokens: the 256 bytes as GPT-2 writes them, an
// end-of-text token, and unused ones. Other programs refuse text, some the whole file, where there
// is no vocabulary. With fewer than 258 tokens: "no_vocab".
Metadata MakePlainVocab(int64_t vocab);

}  // namespace frugal
