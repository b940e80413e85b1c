#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "base/check.h"
#include "text/unicode.h"

namespace frugal {
namespace {

constexpr size_t kMaxPatternBytes = 16 << 10;
// A published pattern takes a few steps per character; these are far beyond that for any text
// below some hundred megabytes, and stop patterns that take exponential time.
constexpr uint32_t kMatchLimit = 50'000'000;
constexpr uint32_t kHeapLimitKiB = 256 << 10;
constexpr size_t kJitStackStart = 32 << 10;
// Address space, used as far as a match needs it: a pattern that repeats a group (as rewritten
// class intersections do) takes some 16 bytes for every character of a match.
constexpr size_t kJitStackMax = 128 << 20;

struct CodeDeleter {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
};
struct DataDeleter {
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
};
struct ContextDeleter {
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
};
struct StackDeleter {
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};

std::string Message(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

}  // namespace

struct RegexScratch::State {
  std::unique_ptr<pcre2_match_data, DataDeleter> data;
  std::unique_ptr<pcre2_match_context, ContextDeleter> context;
  std::unique_ptr<pcre2_jit_stack, StackDeleter> stack;
};

RegexScratch::RegexScratch() : state_(std::make_unique<State>()) {
  state_->data.reset(pcre2_match_data_create(1, nullptr));
  state_->context.reset(pcre2_match_context_create(nullptr));
  CHECK(state_->data != nullptr && state_->context != nullptr);
  pcre2_set_match_limit(state_->context.get(), kMatchLimit);
  pcre2_set_heap_limit(state_->context.get(), kHeapLimitKiB);
  // Null where the machine forbids executable memory; matching then never uses the JIT.
  state_->stack.reset(pcre2_jit_stack_create(kJitStackStart, kJitStackMax, nullptr));
  pcre2_jit_stack_assign(state_->context.get(), nullptr, state_->stack.get());
}
RegexScratch::~RegexScratch() = default;
RegexScratch::RegexScratch(RegexScratch&&) noexcept = default;
RegexScratch& RegexScratch::operator=(RegexScratch&&) noexcept = default;

struct Regex::Code {
  std::unique_ptr<pcre2_code, CodeDeleter> code;
  bool jit = false;
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, RegexDialect dialect) {
  if (pattern.size() > kMaxPatternBytes) {
    return Error(StatusCode::kUnsupported, "a pattern of {} bytes; at most {} are supported",
                 pattern.size(), kMaxPatternBytes);
  }
  ASSIGN_OR_RETURN(const std::string rewritten, RewriteRegex(pattern, dialect));
  // In Ruby ^ and $ match at line ends; elsewhere $ matches at the very end only.
  const uint32_t options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
      (dialect == RegexDialect::kOniguruma ? PCRE2_MULTILINE : PCRE2_DOLLAR_ENDONLY);
  std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
      pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
  CHECK(context != nullptr);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE where = 0;
  auto code = std::make_unique<Code>();
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(rewritten.data()), rewritten.size(),
                                 options, &error, &where, context.get()));
  if (code->code == nullptr) {
    const std::string near = rewritten.substr(std::min<size_t>(where, rewritten.size()), 24);
    return Error(StatusCode::kCorrupt, "not a valid regular expression ({}, before '{}')",
                 Message(error), near);
  }
  // Without a JIT (or where it refuses the pattern) the interpreter gives the same matches.
  code->jit = pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE) == 0;
  return Regex(std::move(code));
}

Regex::Outcome Regex::Find(std::string_view text, size_t from, RegexScratch* scratch, size_t* begin,
                           size_t* end) const {
  const RegexScratch::State& state = *scratch->state_;
  // An empty view may have no address.
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
  int rc = PCRE2_ERROR_JIT_STACKLIMIT;
  if (code_->jit && state.stack != nullptr) {
    rc = pcre2_jit_match(code_->code.get(), subject, text.size(), from, 0, state.data.get(),
                         state.context.get());
  }
  if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
    rc = pcre2_match(code_->code.get(), subject, text.size(), from,
                     PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, state.data.get(), state.context.get());
  }
  if (rc == PCRE2_ERROR_NOMATCH) return Outcome::kNoMatch;
  if (rc < 0) return Outcome::kGaveUp;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(state.data.get());
  // \K in a lookaround can put the start after the end; such a match has no extent.
  *begin = offsets[0];
  *end = std::max(offsets[0], offsets[1]);
  return *begin < from ? Outcome::kGaveUp : Outcome::kMatch;
}

bool RegexMatches::Next(size_t* begin, size_t* end) {
  while (!gave_up_ && from_ <= text_.size()) {
    const Regex::Outcome outcome = regex_.Find(text_, from_, scratch_, begin, end);
    if (outcome == Regex::Outcome::kGaveUp) gave_up_ = true;
    if (outcome != Regex::Outcome::kMatch) return false;
    const bool empty = *begin == *end;
    from_ = *end;
    if (empty) {
      const int step =
          *end < text_.size() ? Utf8Length(static_cast<unsigned char>(text_[*end])) : 1;
      from_ = *end + step;
      if (*end == last_end_) continue;
    }
    last_end_ = *end;
    return true;
  }
  return false;
}

}  // namespace frugal
