// Parsing model outputs whole and in pieces.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/output_parser.h"

namespace frugal {

struct OutputCase {
  std::string_view format;
  std::string text;
  OutputMessage expected;
  std::string prompt_tail = {};
  std::string tools = {};
};

// Every call is started, given its arguments and ended, in turn, and pieces are never empty.
void CheckOrder(const std::vector<OutputDelta>& deltas);

// Parses `test.text` cut at `cuts` (ascending offsets).
OutputMessage ParseCut(const OutputCase& test, const std::vector<size_t>& cuts);

std::string Describe(const OutputMessage& message);

// The whole, every cut in two, every byte alone, and random cuts give `test.expected`.
void CheckOutput(const OutputCase& test);

}  // namespace frugal
