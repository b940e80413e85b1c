// tokenizer.json: no crash, errors name the file, and what is accepted keeps its promises.
#include <cstddef>
#include <cstdint>

#include "fuzz/tokenizer_check.h"
#include "text/hf_tokenizer.h"
#include "text/tokenizer_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frugal;
  Result<TokenizerParts> parts =
      ParseHfTokenizer(std::string(reinterpret_cast<const char*>(data), size), "tokenizer.json");
  if (!parts.ok()) {
    CHECK(parts.status().message().find("tokenizer.json") != std::string::npos);
    return 0;
  }
  const Result<Tokenizer> tokenizer = MakeTokenizer(*std::move(parts));
  if (tokenizer.ok()) CheckTokenizer(*tokenizer, kFuzzText);
  return 0;
}
