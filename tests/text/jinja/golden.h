// Runs the goldens of tests/data/jinja (tools/reference/jinja_goldens.py) and single snippets.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"
#include "tests/test_util.h"
#include "text/chat_template.h"

namespace frugal {

// When the goldens were made.
std::tm GoldenClock();

const nlohmann::ordered_json& GoldenVariables();

// With GoldenVariables() where no others are given.
Result<std::string> RenderSnippet(const std::string& source);
Result<std::string> RenderSnippet(const std::string& source,
                                  const nlohmann::ordered_json& variables,
                                  const RenderLimits& limits = {});

// The text, or "error: " and the message.
std::string Outcome(const std::string& source);
std::string Outcome(const std::string& source, const nlohmann::ordered_json& variables);

// Every golden of a group comes out to the byte or fails where Jinja fails.
void RunGoldens(const std::string& group, int at_least);

}  // namespace frugal
