// SentencePiece models: no crash, errors name the file, and what is accepted keeps its promises.
#include <cstddef>
#include <cstdint>

#include "fuzz/tokenizer_check.h"
#include "text/sentencepiece.h"
#include "text/tokenizer_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frugal;
  const Result<SentencePieceModel> model = ParseSentencePieceModel(
      std::string_view(reinterpret_cast<const char*>(data), size), "tokenizer.model");
  if (!model.ok()) {
    CHECK(model.status().message().find("tokenizer.model") != std::string::npos);
    return 0;
  }
  Result<TokenizerParts> parts = MakeSentencePieceParts(*model, "tokenizer.model");
  if (!parts.ok()) return 0;
  const Result<Tokenizer> tokenizer = MakeTokenizer(*std::move(parts));
  if (tokenizer.ok()) CheckTokenizer(*tokenizer, kFuzzText);
  return 0;
}
