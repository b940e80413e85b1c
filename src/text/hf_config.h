// What the files beside a vocabulary say about it: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json and config.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "text/tokenizer_parts.h"

namespace frugal {

struct HfConfig {
  std::string tokenizer_class;           // tokenizer_config.json
  std::string model_type;                // config.json
  std::vector<AddedToken> added_tokens;  // with their ids
  // Tokens named by role (bos_token, …) or in a list of further special tokens.
  std::vector<std::string> special_tokens;
  bool says_bos = false, says_eos = false;  // whether a file names (or denies) the token
  std::optional<std::string> bos_token, eos_token;
  std::optional<int64_t> bos_id, eos_id;  // config.json, the first where it is a list
  std::optional<bool> add_bos_token, add_eos_token;
};

// Reads those of the files that are there. kCorrupt names file and field.
Result<HfConfig> ReadHfConfig(const std::string& directory);

// Adds what `config` knows to a tokenizer read from `directory`: added tokens, special tokens,
// BOS and EOS, and what add_special puts around a text where the config says it. Where the
// vocabulary itself has another token at an added token's id, the vocabulary wins: checkpoints
// carry configurations of a later vocabulary beside an earlier one.
Status ApplyHfConfig(const HfConfig& config, const std::string& directory, TokenizerParts* parts);

}  // namespace frugal
