#include "text/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>

#include "text/byte_level.h"
#include "text/unicode.h"

namespace frugal {
namespace {

// Copies `text` character by character: change(c, out) appends what becomes of c.
template <typename Change>
std::string MapChars(std::string_view text, const Change& change) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    change(c.value, &out);
    at += c.bytes;
  }
  return out;
}

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string_view::npos;
       at = found + from.size()) {
    out.append(text, at, found - at).append(to);
  }
  return out.append(text, at);
}

// The reference walks grapheme clusters, and takes the shortest matching prefix of a cluster for
// all of it when it is below 6 bytes; checkpoints were converted against that.
std::string ApplyPrecompiled(std::string_view text, const Charsmap& map) {
  std::string out;
  out.reserve(text.size());
  for (size_t begin = 0; begin < text.size();) {
    CodePoint c = DecodeUtf8(text, begin);
    size_t end = begin + c.bytes;
    utf8proc_int32_t state = 0;
    while (end < text.size()) {
      const CodePoint next = DecodeUtf8(text, end);
      if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.value),
                                           static_cast<utf8proc_int32_t>(next.value), &state)) {
        break;
      }
      c = next;
      end += next.bytes;
    }
    const std::string_view cluster = text.substr(begin, end - begin);
    begin = end;
    if (cluster.size() < 6) {
      if (const auto match = map.Shortest(cluster); match.bytes > 0) {
        out += match.replacement;
        continue;
      }
    }
    for (size_t at = 0; at < cluster.size();) {
      const int bytes = Utf8Length(static_cast<unsigned char>(cluster[at]));
      const std::string_view one = cluster.substr(at, bytes);
      const auto match = map.Shortest(one);
      out += match.bytes > 0 ? match.replacement : one;
      at += bytes;
    }
  }
  return out;
}

// What the next characters of `text` become, and how many bytes they are.
std::pair<std::string_view, size_t> NormalizePrefix(const SentencePieceStep& step,
                                                    std::string_view text, size_t at) {
  if (step.user_defined != nullptr) {
    if (const auto match = step.user_defined->Longest(text, at); match.value >= 0) {
      return {text.substr(at, match.bytes), match.bytes};
    }
  }
  if (step.map != nullptr) {
    if (const auto match = step.map->Longest(text, at); match.bytes > 0) {
      return {match.replacement, match.bytes};
    }
  }
  const size_t bytes = Utf8Length(static_cast<unsigned char>(text[at]));
  return {text.substr(at, bytes), bytes};
}

std::string ApplySentencePiece(std::string_view text, TextPosition position,
                               const SentencePieceStep& step) {
  size_t at = 0;
  if (step.remove_extra_whitespaces) {
    while (at < text.size()) {
      const auto [piece, bytes] = NormalizePrefix(step, text, at);
      if (piece != " ") break;
      at += bytes;
    }
  }
  if (at >= text.size()) return "";
  const std::string_view space = step.escape_whitespaces ? kMetaSpace : " ";
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  const bool prefix = step.add_dummy_prefix && position != TextPosition::kMiddle;
  if (prefix && !step.whitespace_is_suffix) out += space;
  bool after_space = step.remove_extra_whitespaces;
  while (at < text.size()) {
    auto [piece, bytes] = NormalizePrefix(step, text, at);
    at += bytes;
    while (after_space && piece.starts_with(' ')) piece.remove_prefix(1);
    for (const char c : piece) {
      if (c == ' ') {
        out += space;
      } else {
        out += c;
      }
    }
    if (!piece.empty()) after_space = piece.ends_with(' ');
    if (!step.remove_extra_whitespaces) after_space = false;
  }
  if (step.remove_extra_whitespaces) {
    while (out.ends_with(space)) out.erase(out.size() - space.size());
  }
  if (step.add_dummy_prefix && step.whitespace_is_suffix) out += space;
  return out;
}

struct Applier {
  std::string_view text;
  TextPosition position;
  RegexScratch* scratch;

  std::string operator()(UnicodeForm form) const { return NormalizeUnicode(text, form); }
  std::string operator()(LowercaseStep) const { return LowerCase(text); }
  std::string operator()(ByteLevelStep) const { return ToByteLevel(text); }
  std::string operator()(StripAccentsStep) const {
    return MapChars(text, [](uint32_t c, std::string* out) {
      if (!IsMark(c)) AppendUtf8(c, out);
    });
  }
  std::string operator()(NmtStep) const {
    return MapChars(text, [](uint32_t c, std::string* out) {
      const bool dropped = (c >= 1 && c <= 8) || c == 0x0B || (c >= 0x0E && c <= 0x1F) ||
                           c == 0x7F || c == 0x8F || c == 0x9F;
      const bool space = c == 9 || c == 10 || c == 12 || c == 13 || c == 0x1680 ||
                         (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 ||
                         c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
      if (!dropped) AppendUtf8(space ? ' ' : c, out);
    });
  }
  std::string operator()(const StripStep& step) const {
    size_t begin = 0, end = text.size();
    if (step.left) {
      while (begin < end) {
        const CodePoint c = DecodeUtf8(text, begin);
        if (!IsWhitespace(c.value)) break;
        begin += c.bytes;
      }
    }
    if (step.right) {
      while (end > begin) {
        size_t last = end - 1;
        while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
        if (!IsWhitespace(DecodeUtf8(text, last).value)) break;
        end = last;
      }
    }
    return std::string(text.substr(begin, end - begin));
  }
  std::string operator()(const ReplaceStep& step) const {
    if (step.pattern == nullptr) return ReplaceAll(text, step.text, step.content);
    std::string out;
    RegexMatches matches(*step.pattern, text, scratch);
    size_t at = 0, begin, end;
    while (matches.Next(&begin, &end)) {
      out.append(text, at, begin - at).append(step.content);
      at = end;
    }
    return out.append(text, at);
  }
  std::string operator()(const PrependStep& step) const {
    if (text.empty() || position == TextPosition::kMiddle) return std::string(text);
    return step.text + std::string(text);
  }
  std::string operator()(const BertStep& step) const {
    std::string out = MapChars(text, [&step](uint32_t c, std::string* result) {
      if (step.clean_text) {
        const bool tab_or_newline = c == '\t' || c == '\n' || c == '\r';
        if (c == 0 || c == 0xFFFD || (!tab_or_newline && IsOther(c))) return;
        if (tab_or_newline || IsWhitespace(c)) c = ' ';
      }
      const bool cjk = step.handle_chinese_chars && IsCjkIdeograph(c);
      if (cjk) *result += ' ';
      AppendUtf8(c, result);
      if (cjk) *result += ' ';
    });
    if (step.strip_accents) {
      out = MapChars(NormalizeUnicode(out, UnicodeForm::kNfd), [](uint32_t c, std::string* result) {
        if (!IsNonspacingMark(c)) AppendUtf8(c, result);
      });
    }
    return step.lowercase ? LowerCase(out) : out;
  }
  std::string operator()(const PrecompiledStep& step) const {
    return ApplyPrecompiled(text, *step.map);
  }
  std::string operator()(const SentencePieceStep& step) const {
    return ApplySentencePiece(text, position, step);
  }
};

struct Growth {
  double operator()(UnicodeForm form) const {
    const bool compat = form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd;
    return compat ? 11 : 3;  // Unicode's "expansion factors" for UTF-8
  }
  double operator()(LowercaseStep) const { return 1.5; }
  double operator()(StripAccentsStep) const { return 1; }
  double operator()(NmtStep) const { return 1; }
  double operator()(ByteLevelStep) const { return 2; }
  double operator()(const StripStep&) const { return 1; }
  double operator()(const ReplaceStep& step) const {
    const auto content = static_cast<double>(step.content.size());
    // A pattern may match before every character, and at the end.
    return step.pattern != nullptr ? 1 + content
                                   : std::max(1.0, content / static_cast<double>(step.text.size()));
  }
  double operator()(const PrependStep& step) const {
    return 1 + static_cast<double>(step.text.size());
  }
  double operator()(const BertStep&) const { return 3 * 1.5 * 5 / 3; }
  double operator()(const PrecompiledStep& step) const {
    return std::max(1.0, static_cast<double>(step.map->max_replacement_bytes()));
  }
  double operator()(const SentencePieceStep& step) const {
    const double space = 3;
    return step.map == nullptr
               ? space
               : space * std::max(1.0, static_cast<double>(step.map->max_replacement_bytes()));
  }
};

}  // namespace

double Normalizer::MaxGrowth() const {
  double growth = 1;
  for (const NormalizerStep& step : steps) growth *= std::visit(Growth{}, step);
  return growth;
}

std::string Normalizer::Apply(std::string_view text, TextPosition position,
                              RegexScratch* scratch) const {
  std::string current(text);
  for (const NormalizerStep& step : steps)
    current = std::visit(Applier{current, position, scratch}, step);
  return current;
}

}  // namespace frugal
