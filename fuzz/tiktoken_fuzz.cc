// Tiktoken files: no crash, errors name the file, and what is accepted keeps its promises.
#include <cstddef>
#include <cstdint>

#include "fuzz/tokenizer_check.h"
#include "text/hf_config.h"
#include "text/tiktoken.h"
#include "text/tokenizer_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frugal;
  Result<TokenizerParts> parts =
      ParseTiktoken(std::string_view(reinterpret_cast<const char*>(data), size), "x.tiktoken",
                    R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+|.)", HfConfig{});
  if (!parts.ok()) {
    CHECK(parts.status().message().find("x.tiktoken") != std::string::npos);
    return 0;
  }
  const Result<Tokenizer> tokenizer = MakeTokenizer(*std::move(parts));
  if (tokenizer.ok()) CheckTokenizer(*tokenizer, kFuzzText);
  return 0;
}
