#include "text/pretokenizer.h"

#include <algorithm>
#include <optional>

#include "text/byte_level.h"
#include "text/unicode.h"

namespace frugal {
namespace {

using Span = Pieces::Span;

bool InClass(uint32_t c, CharClass char_class) {
  switch (char_class) {
    case CharClass::kDigit:
      return IsNumeric(c);
    case CharClass::kPunctuation:
      return IsPunctuation(c);
    case CharClass::kWhitespace:
      return IsWhitespace(c);
  }
  return false;
}

// Takes the stretches of one piece in order, delimiters and what is between them, and writes
// pieces as the behaviour says.
class Cutter {
 public:
  Cutter(SplitBehavior behavior, size_t begin, std::vector<Span>* out)
      : behavior_(behavior), begin_(begin), out_(out), first_(out->size()) {}

  void Add(size_t begin, size_t end, bool delimiter) {
    const Span span{begin_ + begin, begin_ + end};
    switch (behavior_) {
      case SplitBehavior::kRemoved:
        if (!delimiter) out_->push_back(span);
        break;
      case SplitBehavior::kIsolated:
        out_->push_back(span);
        break;
      case SplitBehavior::kContiguous:
        Append(span, has_previous_ && delimiter == previous_);
        break;
      case SplitBehavior::kMergedWithPrevious:
        Append(span, delimiter && !previous_ && has_previous_);
        break;
      case SplitBehavior::kMergedWithNext:
        // A delimiter waits for what follows; one that another delimiter follows stands alone.
        Append(span, !delimiter && previous_);
        break;
    }
    previous_ = delimiter;
    has_previous_ = true;
  }

  // Empty matches cut, but leave no piece.
  void Finish() {
    const auto empty = [](const Span& span) { return span.begin == span.end; };
    out_->erase(std::remove_if(out_->begin() + static_cast<ptrdiff_t>(first_), out_->end(), empty),
                out_->end());
  }

 private:
  void Append(Span span, bool merge) {
    if (merge && out_->size() > first_) {
      out_->back().end = span.end;
    } else {
      out_->push_back(span);
    }
  }

  SplitBehavior behavior_;
  size_t begin_;
  std::vector<Span>* out_;
  size_t first_;
  bool previous_ = false;
  bool has_previous_ = false;
};

void SplitByPattern(const SplitStep& step, std::string_view piece, size_t begin,
                    RegexScratch* scratch, std::vector<Span>* out) {
  RegexMatches matches(*step.pattern, piece, scratch);
  size_t at = 0, match_begin, match_end;
  if (step.behavior == SplitBehavior::kIsolated) {  // what nearly every checkpoint uses
    while (matches.Next(&match_begin, &match_end)) {
      if (at < match_begin) out->push_back({begin + at, begin + match_begin});
      if (match_begin < match_end) out->push_back({begin + match_begin, begin + match_end});
      at = match_end;
    }
    if (at < piece.size()) out->push_back({begin + at, begin + piece.size()});
    return;
  }
  Cutter cutter(step.behavior, begin, out);
  while (matches.Next(&match_begin, &match_end)) {
    if (at < match_begin) cutter.Add(at, match_begin, step.invert);
    cutter.Add(match_begin, match_end, !step.invert);
    at = match_end;
  }
  if (at < piece.size()) cutter.Add(at, piece.size(), step.invert);
  cutter.Finish();
}

void SplitByText(const SplitStep& step, std::string_view piece, size_t begin,
                 std::vector<Span>* out) {
  Cutter cutter(step.behavior, begin, out);
  size_t at = 0;
  for (size_t found; (found = piece.find(step.text, at)) != std::string_view::npos;
       at = found + step.text.size()) {
    if (at < found) cutter.Add(at, found, step.invert);
    cutter.Add(found, found + step.text.size(), !step.invert);
  }
  if (at < piece.size()) cutter.Add(at, piece.size(), step.invert);
  cutter.Finish();
}

void SplitByClass(const CharClassStep& step, std::string_view piece, size_t begin,
                  std::vector<Span>* out) {
  Cutter cutter(step.behavior, begin, out);
  size_t start = 0;
  for (size_t at = 0; at < piece.size();) {
    const CodePoint c = DecodeUtf8(piece, at);
    if (InClass(c.value, step.char_class)) {
      if (start < at) cutter.Add(start, at, false);
      start = at + c.bytes;
      cutter.Add(at, start, true);
    }
    at += c.bytes;
  }
  if (start < piece.size()) cutter.Add(start, piece.size(), false);
  cutter.Finish();
}

// Rewrites every piece into the free buffer: write(piece, i, out).
template <typename Write>
void Rewrite(Pieces* pieces, const Write& write) {
  const bool in_first = pieces->text.data() == pieces->buffers[0].data();
  std::string& buffer = pieces->buffers[in_first ? 1 : 0];
  buffer.clear();
  pieces->previous_spans.clear();
  for (size_t i = 0; i < pieces->size(); ++i) {
    const size_t begin = buffer.size();
    write((*pieces)[i], i, &buffer);
    if (buffer.size() > begin) pieces->previous_spans.push_back({begin, buffer.size()});
  }
  pieces->spans.swap(pieces->previous_spans);
  pieces->text = buffer;
}

struct Runner {
  Pieces* pieces;
  TextPosition position;
  RegexScratch* scratch;

  // Whether piece `i` goes on where the bytes before it broke off.
  bool Continues(size_t i) const { return i == 0 && position == TextPosition::kMiddle; }

  template <typename Split>
  void SplitEach(const Split& split) const {
    pieces->previous_spans.swap(pieces->spans);
    pieces->spans.clear();
    for (const Span& span : pieces->previous_spans) {
      split(pieces->text.substr(span.begin, span.end - span.begin), span.begin);
    }
  }

  void operator()(const SplitStep& step) const {
    SplitEach([&](std::string_view piece, size_t begin) {
      if (step.pattern != nullptr) {
        SplitByPattern(step, piece, begin, scratch, &pieces->spans);
      } else {
        SplitByText(step, piece, begin, &pieces->spans);
      }
    });
  }
  void operator()(const CharClassStep& step) const {
    SplitEach([&](std::string_view piece, size_t begin) {
      SplitByClass(step, piece, begin, &pieces->spans);
    });
  }
  void operator()(const MetaspaceStep& step) const {
    const bool first_at_zero = !pieces->spans.empty() && pieces->spans[0].begin == 0;
    Rewrite(pieces, [&](std::string_view piece, size_t i, std::string* out) {
      const bool first = position == TextPosition::kStart && i == 0 && first_at_zero;
      const bool prepend = step.prepend == MetaspaceStep::Prepend::kAlways
                               ? !Continues(i)
                               : step.prepend == MetaspaceStep::Prepend::kFirst && first;
      if (prepend && !piece.starts_with(' ') && !piece.starts_with(step.replacement)) {
        *out += step.replacement;
      }
      for (const char c : piece) {
        if (c == ' ') {
          *out += step.replacement;
        } else {
          *out += c;
        }
      }
    });
    if (!step.split) return;
    SplitStep split;
    split.text = step.replacement;
    split.behavior = SplitBehavior::kMergedWithNext;
    (*this)(split);
  }
  void operator()(PrefixSpaceStep) const {
    Rewrite(pieces, [this](std::string_view piece, size_t i, std::string* out) {
      if (!piece.starts_with(' ') && !Continues(i)) *out += ' ';
      *out += piece;
    });
  }
  void operator()(ToByteLevelStep) const {
    Rewrite(pieces,
            [](std::string_view piece, size_t, std::string* out) { *out += ToByteLevel(piece); });
  }
  void operator()(FromByteLevelStep) const {
    Rewrite(pieces, [](std::string_view piece, size_t, std::string* out) {
      // Not the printable form of bytes only where a file mixes up the order of its steps; then
      // the piece is its own bytes.
      *out += FromByteLevel(piece).value_or(std::string(piece));
    });
  }
};

}  // namespace

Result<SplitStep> SplitAtMatches(std::string_view pattern, RegexDialect dialect) {
  auto regex = Regex::Compile(pattern, dialect);
  if (!regex.ok()) return regex.status();
  SplitStep step;
  step.pattern = std::make_shared<const Regex>(*std::move(regex));
  return step;
}

void PreTokenizer::Run(std::string_view text, TextPosition position, RegexScratch* scratch,
                       Pieces* pieces) const {
  pieces->text = text;
  pieces->spans.clear();
  if (text.empty()) return;
  pieces->spans.push_back({0, text.size()});
  const Runner runner{pieces, position, scratch};
  for (const PreTokenizerStep& step : steps) std::visit(runner, step);
}

}  // namespace frugal
