#include "text/token_decoder.h"

#include <array>
#include <optional>
#include <utility>

#include "text/byte_level.h"
#include "text/unicode.h"

namespace frugal {
namespace {

void ReplaceInPlace(std::string* text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text->find(from, at)) != std::string::npos; at += to.size()) {
    text->replace(at, from.size(), to);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

struct StepApplier {
  std::string* text;
  bool first;
  bool added;

  void operator()(ByteLevelDecode) const {
    if (added) return;
    if (auto bytes = FromByteLevel(*text)) *text = std::move(*bytes);
  }
  void operator()(ByteFallbackDecode) const {
    if (text->size() != 6 || !text->starts_with("<0x") || text->back() != '>') return;
    const int high = HexDigit((*text)[3]), low = HexDigit((*text)[4]);
    if (high >= 0 && low >= 0) text->assign(1, static_cast<char>(high << 4 | low));
  }
  void operator()(const ReplaceDecode& step) const {
    if (step.pattern == nullptr) return ReplaceInPlace(text, step.text, step.content);
    if (ValidUtf8Prefix(*text) != text->size()) return;  // a lone byte
    RegexScratch scratch;
    RegexMatches matches(*step.pattern, *text, &scratch);
    std::string out;
    size_t at = 0, begin, end;
    while (matches.Next(&begin, &end)) {
      out.append(*text, at, begin - at).append(step.content);
      at = end;
    }
    *text = out.append(*text, at);
  }
  void operator()(const MetaspaceDecode& step) const {
    ReplaceInPlace(text, step.replacement, first && step.drop_in_first ? "" : " ");
  }
  void operator()(const WordPieceDecode& step) const {
    if (!first) {
      if (text->starts_with(step.prefix)) {
        text->erase(0, step.prefix.size());
      } else {
        text->insert(text->begin(), ' ');
      }
    }
    if (!step.cleanup) return;
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kCleanup = {{
        {" .", "."},
        {" ?", "?"},
        {" !", "!"},
        {" ,", ","},
        {" ' ", "'"},
        {" n't", "n't"},
        {" 'm", "'m"},
        {" do not", " don't"},
        {" 's", "'s"},
        {" 've", "'ve"},
        {" 're", "'re"},
    }};
    for (const auto& [from, to] : kCleanup) ReplaceInPlace(text, from, to);
  }
  void operator()(JoinWithSpaces) const {
    if (!first) text->insert(text->begin(), ' ');
  }
  void operator()(const StripDecode& step) const {
    for (int64_t i = 0; i < step.start && text->starts_with(step.content); ++i) {
      text->erase(0, step.content.size());
    }
  }
};

// Takes the decoder's strip from the start of the text, as far as it has not been taken.
void StripStart(const TokenDecoder& decoder, std::string* text, DecodeState* state) {
  if (state->stripped < 0 || text->empty()) return;
  size_t at = 0;
  while (state->stripped < decoder.strip_start && !decoder.strip.empty() &&
         std::string_view(*text).substr(at).starts_with(decoder.strip)) {
    at += decoder.strip.size();
    ++state->stripped;
  }
  if (at < text->size()) state->stripped = -1;
  text->erase(0, at);
}

}  // namespace

std::string TokenDecoder::Bytes(std::string_view token, bool first, bool added) const {
  std::string text(token);
  for (const DecodeStep& step : steps) std::visit(StepApplier{&text, first, added}, step);
  return text;
}

std::string TakeText(const TokenDecoder& decoder, bool final, DecodeState* state) {
  std::string text;
  const std::string_view pending = state->pending;
  size_t at = 0;
  while (at < pending.size()) {
    const size_t good = ValidUtf8Prefix(pending.substr(at));
    text.append(pending, at, good);
    at += good;
    if (at >= pending.size()) break;
    bool needs_more = false;
    const size_t broken = MalformedUtf8Length(pending, at, &needs_more);
    if (needs_more && !final) break;
    const size_t marks = decoder.replace_each_byte ? broken : 1;
    for (size_t i = 0; i < marks; ++i) text += kReplacementChar;
    at += broken;
  }
  state->pending.erase(0, at);
  StripStart(decoder, &text, state);
  return text;
}

std::string TakeBytes(const TokenDecoder& decoder, DecodeState* state) {
  std::string bytes = std::exchange(state->pending, {});
  StripStart(decoder, &bytes, state);
  return bytes;
}

}  // namespace frugal
