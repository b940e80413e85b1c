// Runs one request to its end, for run and chat.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace frugal {

struct Answer {
  std::string text;
  std::vector<int32_t> tokens;
  FinishReason finish = FinishReason::kNone;
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;
  double prefill_seconds = 0.0;  // until the first token (TTFT)
  double decode_seconds = 0.0;   // from the first token to the last

  double prefill_tokens_per_s() const;
  double decode_tokens_per_s() const;
};

// `sink` gets the text as it comes; a failing sink cancels the request. Ctrl-C cancels it too.
Result<Answer> Generate(Engine& engine, Request request,
                        const std::function<Status(std::string_view)>& sink);

// "12 prompt tokens at 340.1/s, 56 tokens at 41.9/s"
std::string DescribeSpeed(const Answer& answer);

}  // namespace frugal
