#include "cli/generate.h"

#include <fmt/core.h>

#include <chrono>

#include "cli/terminal.h"

namespace frugal {
namespace {

double Rate(int64_t count, double seconds) { return seconds > 0.0 ? count / seconds : 0.0; }

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

double Answer::prefill_tokens_per_s() const {
  return Rate(prompt_tokens - cached_tokens, prefill_seconds);
}

double Answer::decode_tokens_per_s() const {
  return tokens.empty() ? 0.0 : Rate(static_cast<int64_t>(tokens.size()) - 1, decode_seconds);
}

Result<Answer> Generate(Engine& engine, Request request,
                        const std::function<Status(std::string_view)>& sink) {
  const InterruptFlag interrupt;
  ASSIGN_OR_RETURN(const int64_t id, engine.Submit(std::move(request)));
  Answer answer;
  Status sink_status;
  const auto start = Clock::now();
  auto first = start;
  while (!engine.idle()) {
    if (InterruptFlag::raised()) engine.Cancel(id);
    for (const Event& event : engine.Step()) {
      if (answer.tokens.empty() && !event.tokens.empty()) {
        first = Clock::now();
        answer.prefill_seconds = Seconds(start, first);
      }
      answer.text += event.text;
      answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
      if (!event.text.empty() && sink_status.ok()) {
        sink_status = sink(event.text);
        if (!sink_status.ok()) engine.Cancel(id);
      }
      if (event.finish == FinishReason::kNone) continue;
      if (event.finish == FinishReason::kError) return event.error;
      answer.finish = event.finish;
      answer.prompt_tokens = event.prompt_tokens;
      answer.cached_tokens = event.cached_tokens;
    }
  }
  if (!answer.tokens.empty()) answer.decode_seconds = Seconds(first, Clock::now());
  if (!sink_status.ok()) return sink_status;
  return answer;
}

std::string DescribeSpeed(const Answer& answer) {
  return fmt::format("{} prompt tokens at {:.1f}/s, {} tokens at {:.1f}/s",
                     answer.prompt_tokens - answer.cached_tokens, answer.prefill_tokens_per_s(),
                     answer.tokens.size(), answer.decode_tokens_per_s());
}

}  // namespace frugal
