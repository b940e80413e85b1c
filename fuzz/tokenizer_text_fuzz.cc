// Any text through one tokenizer of each kind. The first byte chooses which. A byte-level
// vocabulary gives every text back.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/tokenizer_check.h"
#include "text/tokenizer.h"

namespace {

std::vector<frugal::Tokenizer> LoadAll() {
  std::vector<frugal::Tokenizer> tokenizers;
  for (const char* file : {"tokenizer_json/byte_level.json", "tokenizer_json/byte_fallback.json",
                           "tokenizer_json/wordpiece.json", "tokenizer_json/unigram.json",
                           "sentencepiece/bpe.model", "sentencepiece/unigram.model"}) {
    auto tokenizer =
        frugal::Tokenizer::Load(std::string(FRUGAL_SOURCE_DIR) + "/fuzz/corpus/" + file);
    CHECK(tokenizer.ok());
    tokenizers.push_back(*std::move(tokenizer));
  }
  return tokenizers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<frugal::Tokenizer> tokenizers = LoadAll();
  if (size == 0) return 0;
  const size_t which = data[0] % tokenizers.size();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  frugal::CheckTokenizer(tokenizers[which], text);
  if (which == 0) {
    const auto ids = tokenizers[0].Encode(text, {.parse_special = false});
    CHECK(*tokenizers[0].Decode(ids, /*skip_special=*/false) == text);
  }
  return 0;
}
