#include "text/plain_vocab.h"

#include <fmt/core.h>

#include <string>
#include <vector>

#include "text/byte_level.h"
#include "text/sentencepiece.h"

namespace frugal {

Metadata MakePlainVocab(int64_t vocab) {
  Metadata metadata;
  auto& values = metadata.values;
  constexpr int64_t kEnd = 256, kMerged = 257;
  if (vocab <= kMerged) {
    values["tokenizer.ggml.model"] = std::string("no_vocab");
    return metadata;
  }
  std::vector<std::string> tokens;
  std::vector<int64_t> types(vocab, static_cast<int64_t>(PieceType::kUnused));
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(ToByteLevel(std::string(1, static_cast<char>(byte))));
    types[byte] = static_cast<int64_t>(PieceType::kNormal);
  }
  tokens.push_back("<|endoftext|>");
  types[kEnd] = static_cast<int64_t>(PieceType::kControl);
  // Some readers want at least one merge.
  tokens.push_back("th");
  types[kMerged] = static_cast<int64_t>(PieceType::kNormal);
  for (int64_t id = kMerged + 1; id < vocab; ++id) tokens.push_back(fmt::format("[PAD{}]", id));
  values["tokenizer.ggml.model"] = std::string("gpt2");
  values["tokenizer.ggml.pre"] = std::string("gpt-2");
  values["tokenizer.ggml.tokens"] = std::move(tokens);
  values["tokenizer.ggml.token_type"] = std::move(types);
  values["tokenizer.ggml.merges"] = std::vector<std::string>{"t h"};
  values["tokenizer.ggml.bos_token_id"] = kEnd;
  values["tokenizer.ggml.eos_token_id"] = kEnd;
  values["tokenizer.ggml.add_bos_token"] = false;
  return metadata;
}

}  // namespace frugal
