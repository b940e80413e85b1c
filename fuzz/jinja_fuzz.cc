// Any bytes as a template over fixed variables: no crash, no leak, no long work, and errors that
// name their place.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/chat_template.h"

namespace {

using Json = nlohmann::ordered_json;

const Json& Variables() {
  static const Json variables = Json::parse(R"({
    "s": "Hello  World\n", "u": "é日😀Σß", "i": 7, "neg": -3, "x": 2.5, "yes": true, "nothing": null,
    "l": [3, 1, 2], "m": [1, "a", null, 2.5, [true]], "map": {"a": 1, "b": "two", "c": [1, {"d": 2}]},
    "messages": [{"role": "user", "content": "hi <b>"},
                 {"role": "assistant", "content": null, "tool_calls": [{"name": "f", "arguments": {}}]}],
    "tools": null, "add_generation_prompt": true, "bos_token": "<s>"})");
  return variables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = frugal::ChatTemplate::Parse(source, "fuzz");
  if (!parsed.ok()) {
    CHECK(parsed.status().message().starts_with("fuzz:"));
    return 0;
  }
  std::tm now{};
  now.tm_year = 126;
  now.tm_mday = 15;
  const frugal::RenderLimits limits{.max_steps = 100'000, .max_output = 1 << 18, .max_depth = 50};
  const auto text = parsed->Render(Variables(), now, limits);
  if (text.ok()) {
    CHECK(text->size() <= static_cast<size_t>(limits.max_output));
    const auto again = parsed->Render(Variables(), now, limits);
    CHECK(again.ok() && *again == *text);  // a template keeps nothing between renders
  }
  return 0;
}
