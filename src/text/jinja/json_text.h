// JSON in and out of templates.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

// `where` names the variable, for messages. Texts must be UTF-8.
Value FromJson(Runtime& rt, const nlohmann::ordered_json& json, const std::string& where);

// The arguments of Python's json.dumps that the tojson filter passes on.
struct JsonStyle {
  bool ensure_ascii = false;
  bool pretty = false;         // indent is not None
  std::string indent;          // of one level
  std::string item_separator;  // ", " unless given, or "," when pretty
  std::string key_separator = ": ";
  bool sort_keys = false;
};
std::string ToJson(Runtime& rt, const Value& v, const JsonStyle& style);

}  // namespace frugal::jinja
