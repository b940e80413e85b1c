// Text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace frugal {

struct EncodeOptions {
  bool add_special = false;   // what the tokenizer itself puts around a text (BOS, [CLS] … [SEP])
  bool parse_special = true;  // text that spells a special token becomes that token
};

struct TokenizerOptions {
  std::string pattern;  // pre-tokenizer regex for a bare tiktoken file, which carries none
};

struct TokenizerParts;  // text/tokenizer_parts.h
struct DecodeState;     // text/token_decoder.h

// Immutable once loaded; safe to use from any number of threads.
class Tokenizer {
 public:
  // `path` is a .gguf file, a tokenizer.json, a SentencePiece tokenizer.model, a tiktoken file
  // (told apart by what they contain), or a directory that holds one of them (tokenizer.json
  // first) or vocab.json + merges.txt. tokenizer_config.json, special_tokens_map.json and
  // config.json beside it are read for BOS, EOS and added tokens.
  // Errors: kNotFound, kCorrupt, kUnsupported, kIo; messages name file and field.
  static Result<Tokenizer> Load(const std::string& path, const TokenizerOptions& options = {});

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Never fails: invalid UTF-8 is encoded byte by byte where the tokenizer can, else as unknown.
  std::vector<int32_t> Encode(std::string_view text, const EncodeOptions& options = {}) const;

  // UTF-8 text; what the ids' bytes leave broken becomes U+FFFD. Ids outside the vocabulary are
  // kInvalidArgument; ids inside it that no token has (padding of the model's table) are nothing.
  Result<std::string> Decode(std::span<const int32_t> ids, bool skip_special = true) const;

  // The same bytes as they are: the inverse of Encode for any bytes where the tokenizer has one.
  Result<std::string> DecodeBytes(std::span<const int32_t> ids, bool skip_special = true) const;

  // The raw bytes one id stands for inside a text (a leading space kept), for streaming.
  Result<std::string> TokenBytes(int32_t id) const;

  int vocab_size() const;  // ids are 0 … vocab_size − 1
  bool IsSpecial(int32_t id) const;
  std::optional<int32_t> TokenId(std::string_view token) const;  // by its exact stored text
  const std::string& TokenText(int32_t id) const;  // its stored text ("Ġthe", "▁the")

  std::optional<int32_t> bos_id() const;
  std::optional<int32_t> eos_id() const;
  bool adds_bos() const;  // whether add_special puts BOS first

 private:
  friend class StreamDecoder;
  struct Impl;
  friend Result<Tokenizer> MakeTokenizer(TokenizerParts parts);
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Decodes token by token, never giving out half a UTF-8 character. The concatenation of all
// Push() results and Finish() equals Decode() of all ids.
class StreamDecoder {
 public:
  // `tokenizer` must outlive the decoder.
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = true);
  ~StreamDecoder();
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;

  Result<std::string> Push(int32_t id);  // the characters that are complete now, maybe none
  std::string Finish();                  // what is left; broken bytes become U+FFFD

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_;
  std::unique_ptr<DecodeState> state_;
};

}  // namespace frugal
