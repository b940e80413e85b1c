// A model directory (and the same as GGUF) with everything that run and chat want: the weights of
// a golden model, a tokenizer whose ids are bytes, and a chat template. Its answers make no sense,
// so tests steer them with --logit-bias.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/formats/format_test_util.h"
#include "tests/test_util.h"

namespace frugal {

// A message "dump" makes the template show the conversation, as its error.
inline constexpr const char* kTinyTemplate =
    "{%- if messages[-1]['content'] == 'dump' %}"
    "{{- raise_exception(messages | map(attribute='content') | join('|')) }}{%- endif %}"
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

constexpr int kTinyBos = 260;
constexpr int kTinyEos = 262;
constexpr int kTinyVocab = 263;

// GPT-2's printable stand-in for a byte, as UTF-8.
std::string ByteToken(int byte);

// Token texts by id: 256 bytes, then what is special.
std::vector<std::string> TinyTokens();

nlohmann::ordered_json TinyTokenizerJson();

class TinyModel {
 public:
  TinyModel();

  const std::string& path() const { return dir_.path(); }
  std::string Path(const std::string& name) const { return dir_.Path(name); }
  std::string Write(const std::string& name, std::string_view text) const;
  std::string Read(const std::string& name) const { return dir_.Read(name); }
  void Remove(const std::string& name) const;

  // Writes the same model as one GGUF file into the directory; gives its path.
  std::string WriteGgufFile() const;

 private:
  TempDir dir_;
};

}  // namespace frugal
