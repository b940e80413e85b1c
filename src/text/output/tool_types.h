// The declared types of the tools' parameters: which JSON a parameter's bare text stands for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace frugal::output {

// A set of JSON kinds.
using JsonKinds = unsigned;
inline constexpr JsonKinds kJsonString = 1, kJsonNumber = 2, kJsonBoolean = 4, kJsonNull = 8,
                           kJsonObject = 16, kJsonArray = 32, kJsonAny = 63;

class ToolTypes {
 public:
  // `tools` as OutputParser::Create takes it; empty text gives no types.
  // Errors: kInvalidArgument.
  static Result<ToolTypes> Parse(std::string_view tools);

  // What the schema allows; kJsonAny for unknown tools and parameters, or no stated type.
  JsonKinds Kinds(std::string_view tool, std::string_view parameter) const;

 private:
  std::map<std::string, std::map<std::string, JsonKinds, std::less<>>, std::less<>> tools_;
};

// The JSON text of a parameter written as `text`. A string where only strings are allowed; else
// what the text says as JSON (or, where no string is allowed, as Python's repr), if that kind is
// allowed; else a string.
std::string ParameterToJson(std::string_view text, JsonKinds kinds);

}  // namespace frugal::output
