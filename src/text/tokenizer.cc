#include "text/tokenizer.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "text/token_map.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

namespace frugal {
namespace {

constexpr double kMaxGrowth = 4096;
constexpr size_t kMaxIdleScratch = 16;
constexpr size_t kMaxIdleBytes = 16 << 20;  // a scratch that grew beyond this is not kept

// What one call of Encode works with; kept for the next one, since a warm cache of words is what
// makes encoding fast.
struct EncodeScratch {
  RegexScratch regex;
  Pieces pieces;
  std::vector<AddedTokenSpan> raw_spans, normalized_spans;
  BpeScratch bpe;
  UnigramScratch unigram;
  WordPieceScratch wordpiece;

  bool IsBig() const {
    return bpe.heap.capacity() * sizeof(uint64_t) > kMaxIdleBytes ||
           bpe.symbols.capacity() * sizeof(uint32_t) > kMaxIdleBytes ||
           unigram.nodes.capacity() * sizeof(UnigramScratch::Node) > kMaxIdleBytes ||
           pieces.spans.capacity() * sizeof(Pieces::Span) > kMaxIdleBytes ||
           pieces.buffers[0].capacity() > kMaxIdleBytes ||
           pieces.buffers[1].capacity() > kMaxIdleBytes;
  }
};

}  // namespace

struct Tokenizer::Impl {
  TokenizerParts parts;
  TokenMap ids;                                               // stored text → id
  std::vector<bool> special;                                  // by id
  std::vector<bool> added;                                    // by id
  std::unordered_map<int32_t, std::string> normalized_texts;  // of added tokens that it changes
  std::vector<std::string> bytes;                             // by id: inside a text
  AddedTokenMatcher raw_tokens, normalized_tokens;

  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<EncodeScratch>> idle;  // guarded by mutex

  bool Has(int32_t id) const { return id >= 0 && static_cast<size_t>(id) < parts.texts.size(); }
  std::string TextBytes(int32_t id, bool first) const;
  void EncodeModel(std::string_view text, TextPosition position, EncodeScratch* scratch,
                   std::vector<int32_t>* out) const;
  void EncodeNormalized(std::string_view text, TextPosition position, bool parse_special,
                        EncodeScratch* scratch, std::vector<int32_t>* out) const;
  void EncodeText(std::string_view text, TextPosition position, bool parse_special,
                  EncodeScratch* scratch, std::vector<int32_t>* out) const;
  void EncodeMalformed(std::string_view text, std::vector<int32_t>* out) const;
  Status Append(int32_t id, bool skip_special, DecodeState* state) const;
};

Status SetToken(int64_t id, std::string_view text, const std::string& field,
                TokenizerParts* parts) {
  const auto limit = static_cast<int64_t>(parts->listed) * 16 + 65536;
  if (id < 0 || id >= limit) {
    return Error(
        StatusCode::kCorrupt,
        "{}: id {} of token '{}' is out of range; a file of {} tokens may use ids below {}", field,
        id, text, parts->listed, limit);
  }
  const auto index = static_cast<size_t>(id);
  if (index >= parts->texts.size()) parts->texts.resize(index + 1);
  if (!parts->texts[index].empty() && parts->texts[index] != text) {
    return Error(StatusCode::kCorrupt, "{}: token '{}' has id {}, which is token '{}' already",
                 field, text, id, parts->texts[index]);
  }
  parts->texts[index] = text;
  return OkStatus();
}

Status AddAddedToken(const AddedToken& token, const std::string& field, TokenizerParts* parts) {
  if (token.content.empty()) {
    return Error(StatusCode::kCorrupt, "{}: the token's content is empty", field);
  }
  RETURN_IF_ERROR(SetToken(token.id, token.content, field, parts));
  parts->added_tokens.push_back(token);
  return OkStatus();
}

Result<Tokenizer> MakeTokenizer(TokenizerParts parts) {
  if (parts.normalizer.MaxGrowth() > kMaxGrowth) {
    return Error(
        StatusCode::kUnsupported,
        "normalizer: it could make a text {:.0f} times longer; at most {:.0f} is supported",
        parts.normalizer.MaxGrowth(), kMaxGrowth);
  }
  auto impl = std::make_unique<Tokenizer::Impl>();
  impl->parts = std::move(parts);
  const TokenizerParts& p = impl->parts;
  impl->special.resize(p.texts.size(), false);
  impl->added.resize(p.texts.size(), false);
  impl->bytes.resize(p.texts.size());
  RegexScratch scratch;
  for (const AddedToken& token : p.added_tokens) {
    const auto id = static_cast<size_t>(token.id);
    impl->added[id] = true;
    impl->special[id] = token.special;
    impl->ids.Insert(token.content, token.id);
    AddedTokenMatcher& matcher = token.normalized ? impl->normalized_tokens : impl->raw_tokens;
    const bool rewrite = token.normalized && !p.added_tokens_verbatim &&
                         ValidUtf8Prefix(token.content) == token.content.size();
    const std::string text =
        rewrite ? p.normalizer.Apply(token.content, TextPosition::kStart, &scratch) : token.content;
    RETURN_IF_ERROR(matcher.Add(token, text));
    if (text != token.content) impl->normalized_texts[token.id] = text;
  }
  for (size_t id = 0; id < p.texts.size(); ++id) {
    if (p.texts[id].empty()) continue;
    impl->ids.Insert(p.texts[id], static_cast<int32_t>(id));
    impl->bytes[id] = impl->TextBytes(static_cast<int32_t>(id), /*first=*/false);
  }
  return Tokenizer(std::move(impl));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

void Tokenizer::Impl::EncodeModel(std::string_view text, TextPosition position,
                                  EncodeScratch* scratch, std::vector<int32_t>* out) const {
  Pieces& pieces = scratch->pieces;
  parts.pre_tokenizer.Run(text, position, &scratch->regex, &pieces);
  auto each = [&](const auto& model, auto* model_scratch) {
    for (size_t i = 0; i < pieces.size(); ++i) model.Encode(pieces[i], model_scratch, out);
  };
  if (const auto* bpe = std::get_if<BpeModel>(&parts.model)) {
    each(*bpe, &scratch->bpe);
  } else if (const auto* unigram = std::get_if<UnigramModel>(&parts.model)) {
    each(*unigram, &scratch->unigram);
  } else {
    each(std::get<WordPieceModel>(parts.model), &scratch->wordpiece);
  }
}

void Tokenizer::Impl::EncodeNormalized(std::string_view text, TextPosition position,
                                       bool parse_special, EncodeScratch* scratch,
                                       std::vector<int32_t>* out) const {
  if (normalized_tokens.empty()) return EncodeModel(text, position, scratch, out);
  normalized_tokens.Split(text, parse_special, &scratch->normalized_spans);
  for (const AddedTokenSpan& span : scratch->normalized_spans) {
    if (span.id >= 0) {
      out->push_back(span.id);
    } else {
      EncodeModel(text.substr(span.begin, span.end - span.begin),
                  span.begin == 0 ? position : TextPosition::kAfterToken, scratch, out);
    }
  }
}

void Tokenizer::Impl::EncodeText(std::string_view text, TextPosition position, bool parse_special,
                                 EncodeScratch* scratch, std::vector<int32_t>* out) const {
  raw_tokens.Split(text, parse_special, &scratch->raw_spans);
  for (const AddedTokenSpan& span : scratch->raw_spans) {
    if (span.id >= 0) {
      out->push_back(span.id);
      continue;
    }
    const std::string_view part = text.substr(span.begin, span.end - span.begin);
    const TextPosition part_position = span.begin == 0 ? position : TextPosition::kAfterToken;
    if (parts.normalizer.empty()) {
      EncodeNormalized(part, part_position, parse_special, scratch, out);
    } else {
      const std::string normalized = parts.normalizer.Apply(part, part_position, &scratch->regex);
      EncodeNormalized(normalized, part_position, parse_special, scratch, out);
    }
  }
}

void Tokenizer::Impl::EncodeMalformed(std::string_view text, std::vector<int32_t>* out) const {
  const auto* bpe = std::get_if<BpeModel>(&parts.model);
  const auto* unigram = std::get_if<UnigramModel>(&parts.model);
  int32_t unk = bpe != nullptr       ? bpe->unk_id
                : unigram != nullptr ? unigram->unk_id
                                     : std::get<WordPieceModel>(parts.model).unk_id;
  const bool has_bytes = bpe != nullptr
                             ? bpe->alphabet == BpeModel::Alphabet::kBytes || bpe->byte_fallback
                             : unigram != nullptr && unigram->byte_fallback;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const int32_t id = !has_bytes       ? -1
                       : bpe != nullptr ? bpe->byte_ids[byte]
                                        : unigram->byte_ids[byte];
    if (id >= 0) {
      out->push_back(id);
    } else if (unk >= 0) {
      out->push_back(unk);
      unk = -1;  // one for the whole run
    }
  }
}

std::vector<int32_t> Tokenizer::Encode(std::string_view text, const EncodeOptions& options) const {
  std::unique_ptr<EncodeScratch> scratch;
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    if (!impl_->idle.empty()) {
      scratch = std::move(impl_->idle.back());
      impl_->idle.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<EncodeScratch>();
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 4 + 8);
  if (options.add_special) ids = impl_->parts.prefix;
  for (size_t at = 0; at < text.size();) {
    const size_t good = ValidUtf8Prefix(text.substr(at));
    if (good > 0) {
      impl_->EncodeText(text.substr(at, good),
                        at == 0 ? TextPosition::kStart : TextPosition::kMiddle,
                        options.parse_special, scratch.get(), &ids);
      at += good;
    }
    const size_t malformed = at;
    while (at < text.size() && DecodeUtf8(text, at).bytes == 0) ++at;
    impl_->EncodeMalformed(text.substr(malformed, at - malformed), &ids);
  }
  if (options.add_special) {
    ids.insert(ids.end(), impl_->parts.suffix.begin(), impl_->parts.suffix.end());
  }
  if (!scratch->IsBig()) {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    if (impl_->idle.size() < kMaxIdleScratch) impl_->idle.push_back(std::move(scratch));
  }
  return ids;
}

// As the reference does, an added token that is normalised decodes from its normalised form.
std::string Tokenizer::Impl::TextBytes(int32_t id, bool first) const {
  const auto normalized = normalized_texts.find(id);
  if (normalized != normalized_texts.end()) {
    return parts.decoder.Bytes(normalized->second, first, /*added=*/false);
  }
  const auto index = static_cast<size_t>(id);
  return parts.decoder.Bytes(parts.texts[index], first, added[index]);
}

Status Tokenizer::Impl::Append(int32_t id, bool skip_special, DecodeState* state) const {
  if (!Has(id)) {
    return Error(StatusCode::kInvalidArgument, "token id {} is outside the vocabulary of {} tokens",
                 id, parts.texts.size());
  }
  if (skip_special && special[static_cast<size_t>(id)]) return OkStatus();
  state->pending += state->first ? TextBytes(id, /*first=*/true) : bytes[static_cast<size_t>(id)];
  state->first = false;
  return OkStatus();
}

Result<std::string> Tokenizer::Decode(std::span<const int32_t> ids, bool skip_special) const {
  DecodeState state;
  for (const int32_t id : ids) RETURN_IF_ERROR(impl_->Append(id, skip_special, &state));
  return TakeText(impl_->parts.decoder, /*final=*/true, &state);
}

Result<std::string> Tokenizer::DecodeBytes(std::span<const int32_t> ids, bool skip_special) const {
  DecodeState state;
  for (const int32_t id : ids) RETURN_IF_ERROR(impl_->Append(id, skip_special, &state));
  return TakeBytes(impl_->parts.decoder, &state);
}

Result<std::string> Tokenizer::TokenBytes(int32_t id) const {
  if (!impl_->Has(id)) {
    return Error(StatusCode::kInvalidArgument, "token id {} is outside the vocabulary of {} tokens",
                 id, vocab_size());
  }
  return impl_->bytes[static_cast<size_t>(id)];
}

int Tokenizer::vocab_size() const { return static_cast<int>(impl_->parts.texts.size()); }

bool Tokenizer::IsSpecial(int32_t id) const {
  return impl_->Has(id) && impl_->special[static_cast<size_t>(id)];
}

std::optional<int32_t> Tokenizer::TokenId(std::string_view token) const {
  const int32_t id = impl_->ids.Find(token);
  return id >= 0 ? std::optional<int32_t>(id) : std::nullopt;
}

const std::string& Tokenizer::TokenText(int32_t id) const {
  static const std::string kNone;
  return impl_->Has(id) ? impl_->parts.texts[static_cast<size_t>(id)] : kNone;
}

std::optional<int32_t> Tokenizer::bos_id() const { return impl_->parts.bos; }
std::optional<int32_t> Tokenizer::eos_id() const { return impl_->parts.eos; }

bool Tokenizer::adds_bos() const {
  const std::vector<int32_t>& prefix = impl_->parts.prefix;
  return !prefix.empty() && impl_->parts.bos == prefix[0];
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(&tokenizer),
      skip_special_(skip_special),
      state_(std::make_unique<DecodeState>()) {}
StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

Result<std::string> StreamDecoder::Push(int32_t id) {
  RETURN_IF_ERROR(tokenizer_->impl_->Append(id, skip_special_, state_.get()));
  return TakeText(tokenizer_->impl_->parts.decoder, /*final=*/false, state_.get());
}

std::string StreamDecoder::Finish() {
  std::string text = TakeText(tokenizer_->impl_->parts.decoder, /*final=*/true, state_.get());
  *state_ = DecodeState{};
  return text;
}

}  // namespace frugal
