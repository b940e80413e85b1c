#include "tests/cli/tiny_model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "formats/checkpoint.h"
#include "formats/gguf.h"

namespace frugal {

TinyModel::TinyModel() {
  const std::string golden = TestData("models/qwen3-plain/");
  std::filesystem::copy_file(golden + "config.json", Path("config.json"));
  std::filesystem::copy_file(golden + "model.safetensors", Path("model.safetensors"));
  dir_.Write("generation_config.json", R"({"bos_token_id": 260, "eos_token_id": [262, 257]})");
  dir_.Write("tokenizer.json", TinyTokenizerJson().dump());
  const nlohmann::json config = {{"bos_token", "<s>"},
                                 {"eos_token", "<|im_end|>"},
                                 {"chat_template", kTinyTemplate},
                                 {"tokenizer_class", "PreTrainedTokenizerFast"}};
  dir_.Write("tokenizer_config.json", config.dump());
}

std::string TinyModel::Write(const std::string& name, std::string_view text) const {
  return dir_.Write(name, text);
}

void TinyModel::Remove(const std::string& name) const { std::filesystem::remove(Path(name)); }

std::string TinyModel::WriteGgufFile() const {
  Result<Checkpoint> checkpoint = OpenCheckpoint(TestData("models/qwen3-plain.gguf"));
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  Metadata metadata = checkpoint->metadata;
  std::vector<int64_t> types(kTinyVocab, 1);                // normal
  for (int id = 256; id < kTinyVocab; ++id) types[id] = 3;  // control
  metadata.values["tokenizer.ggml.model"] = std::string("gpt2");
  metadata.values["tokenizer.ggml.pre"] = std::string("gpt-2");
  metadata.values["tokenizer.ggml.tokens"] = TinyTokens();
  metadata.values["tokenizer.ggml.token_type"] = types;
  metadata.values["tokenizer.ggml.merges"] = std::vector<std::string>();
  metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{kTinyBos};
  metadata.values["tokenizer.ggml.eos_token_id"] = int64_t{kTinyEos};
  metadata.values["tokenizer.chat_template"] = std::string(kTinyTemplate);
  const std::string path = Path("tiny.gguf");
  const Status written = WriteGguf(path, metadata, checkpoint->tensors.tensors);
  EXPECT_TRUE(written.ok()) << written.message();
  return path;
}

std::string ByteToken(int byte) {
  int code = byte;
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  if (!printable(byte)) {
    code = 256;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

std::vector<std::string> TinyTokens() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(ByteToken(byte));
  for (const char* special :
       {"<|im_start|>", "<|im_end|>", "<|user|>", "<|tool|>", "<s>", "<pad>", "</s>"}) {
    tokens.push_back(special);
  }
  return tokens;
}

nlohmann::ordered_json TinyTokenizerJson() {
  using Json = nlohmann::ordered_json;
  const std::vector<std::string> tokens = TinyTokens();
  Json vocab = Json::object(), added = Json::array();
  for (int id = 0; id < 256; ++id) vocab[tokens[id]] = id;
  for (int id = 256; id < kTinyVocab; ++id) {
    added.push_back({{"id", id},
                     {"content", tokens[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"vocab", vocab},
            {"merges", Json::array()}}}};
}

}  // namespace frugal
