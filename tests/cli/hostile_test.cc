// Broken and malicious files, end to end: whatever is in a file, the program gives one clear line
// that names it, and exit status 1; it never crashes, hangs, or fills the memory.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/cli/program.h"
#include "tests/cli/tiny_model.h"

namespace frugal {
namespace {

// Two tokens from the model: reads every file of it.
std::vector<std::string> RunArgs(const std::string& model) {
  return {"run", model, "-p", "Hi", "-n", "2", "--greedy", "--threads", "1"};
}

// The file a message is about comes first.
void ExpectFileFailure(const Output& output, const std::string& file,
                       const std::vector<std::string>& parts = {}) {
  ExpectFailure(output, parts);
  EXPECT_EQ(output.err.find("frugal: error: " + file + ":"), 0u)
      << output.err << "expected it to begin with " << file;
}

// Success, or a failure about `file` as above.
void ExpectFineOrFileFailure(const Output& output, const std::string& file) {
  if (output.exit == 0) {
    EXPECT_EQ(output.err, "");
  } else {
    ExpectFileFailure(output, file);
  }
}

std::string Uint64(uint64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

class HostileTest : public testing::Test {
 protected:
  Output Run() const { return RunProgram(RunArgs(model_.path())); }
  Output RunGguf(const std::string& path) const { return RunProgram(RunArgs(path)); }

  // Runs with every one of `lengths` bytes left of a file.
  void Truncate(const std::string& name, const std::vector<size_t>& lengths,
                const std::string& model) const {
    const std::string whole = model_.Read(name);
    for (size_t length : lengths) {
      ASSERT_LT(length, whole.size());
      model_.Write(name, whole.substr(0, length));
      SCOPED_TRACE(name + " cut to " + std::to_string(length));
      ExpectFileFailure(RunProgram(RunArgs(model)), model_.Path(name));
    }
    model_.Write(name, whole);
  }

  // Runs with one bit flipped, `count` times, at random places before `end`.
  void FlipBits(const std::string& name, size_t end, int count, const std::string& model,
                const std::function<void(const Output&)>& check) const {
    const std::string whole = model_.Read(name);
    std::mt19937 random(7);
    for (int i = 0; i < count; ++i) {
      std::string broken = whole;
      const size_t at = random() % end;
      const int bit = static_cast<int>(random() % 8);
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      model_.Write(name, broken);
      SCOPED_TRACE(name + " with bit " + std::to_string(bit) + " of byte " + std::to_string(at) +
                   " flipped");
      check(RunProgram(RunArgs(model)));
      if (HasFailure()) return;
    }
    model_.Write(name, whole);
  }

  // A safetensors file's header and where its data begins.
  static size_t HeaderEnd(const std::string& bytes) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof(length));
    return 8 + length;
  }

  TinyModel model_;
};

TEST_F(HostileTest, TheModelItselfIsFine) {
  EXPECT_EQ(Run().exit, 0);
  EXPECT_EQ(RunGguf(model_.WriteGgufFile()).exit, 0);
}

// ---- Cut short ----------------------------------------------------------------------------------

TEST_F(HostileTest, ATruncatedGgufIsNamed) {
  const std::string path = model_.WriteGgufFile();
  const size_t size = std::filesystem::file_size(path);
  std::vector<size_t> lengths = {0, 1, 4, 8, 16, 23, 24, 31, 32, 33};
  for (int i = 1; i < 16; ++i) lengths.push_back(size * i / 16);
  lengths.push_back(size - 33);  // the last tensor's data, without what pads it
  Truncate("tiny.gguf", lengths, path);
}

TEST_F(HostileTest, TruncatedSafetensorsAreNamed) {
  const std::string bytes = model_.Read("model.safetensors");
  const size_t header = HeaderEnd(bytes);
  Truncate("model.safetensors",
           {0, 1, 7, 8, 9, header / 2, header - 1, header, header + 1, bytes.size() / 2,
            bytes.size() - 1},
           model_.path());
}

TEST_F(HostileTest, TruncatedJsonIsNamed) {
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}) {
    const size_t size = model_.Read(name).size();
    Truncate(name, {0, 1, size / 3, size / 2, size - 2}, model_.path());
  }
}

TEST_F(HostileTest, ATruncatedTemplateIsNamed) {
  for (const char* text : {"{% for m in messages %}{{ m.content }}", "{{ messages", "{% if", "{#",
                           "{{ 'abc }}", "{% set x %}", "{%", "{% macro f( %}"}) {
    model_.Write("chat_template.jinja", text);
    SCOPED_TRACE(text);
    ExpectFileFailure(Run(), model_.Path("chat_template.jinja"));
  }
}

TEST_F(HostileTest, ATruncatedShardIndexIsNamed) {
  const TempDir dir;
  for (const auto& entry : std::filesystem::directory_iterator(TestData("models/llama2-plain"))) {
    std::filesystem::copy_file(entry.path(), dir.Path(entry.path().filename()));
  }
  const std::vector<std::string> args = {"logits", dir.path(), "--ids",
                                         "1",      "--out",    dir.Path("out.npy")};
  ASSERT_EQ(RunProgram(args).exit, 0);
  const std::string index = dir.Read("model.safetensors.index.json");
  const std::string path = dir.Path("model.safetensors.index.json");
  for (const std::string& broken :
       {index.substr(0, index.size() / 2), std::string("{}"),
        std::string(R"({"weight_map": {"a": "../../etc/passwd"}})"),
        std::string(R"({"weight_map": {"a": "no.safetensors"}})"),
        std::string(R"({"weight_map": {"a": 5}})"), std::string(R"({"weight_map": []})")}) {
    dir.Write("model.safetensors.index.json", broken);
    SCOPED_TRACE(broken.substr(0, 60));
    ExpectFileFailure(RunProgram(args), path);
  }
}

// ---- Flipped bits -------------------------------------------------------------------------------

TEST_F(HostileTest, AFlippedBitInAGgufHeaderIsNamedOrHarmless) {
  const std::string path = model_.WriteGgufFile();
  const Result<Checkpoint> checkpoint = OpenCheckpoint(path);
  ASSERT_TRUE(checkpoint.ok());
  const TensorSource& source = checkpoint->tensors;
  const size_t header = source.tensors.front().view.data - source.files[0].bytes().data();
  FlipBits("tiny.gguf", header, 150, path,
           [&](const Output& output) { ExpectFineOrFileFailure(output, path); });
}

TEST_F(HostileTest, AFlippedBitInASafetensorsHeaderIsNamed) {
  const size_t header = HeaderEnd(model_.Read("model.safetensors"));
  FlipBits("model.safetensors", header, 100, model_.path(), [&](const Output& output) {
    if (output.exit != 0) ExpectFailure(output, {model_.path()});
  });
}

TEST_F(HostileTest, AFlippedBitInJsonIsNamedOrHarmless) {
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}) {
    FlipBits(name, model_.Read(name).size(), 50, model_.path(), [&](const Output& output) {
      if (output.exit == 0) return;
      ExpectFailure(output, {model_.path()});
    });
  }
}

TEST_F(HostileTest, AFlippedBitInTheWeightsNeverCrashes) {
  const auto check = [](const Output& output) {
    if (output.exit == 0) {
      EXPECT_EQ(output.err, "");
    } else {
      ExpectFailure(output, {"weights may be damaged"});
    }
  };
  const std::string bytes = model_.Read("model.safetensors");
  const size_t header = HeaderEnd(bytes);
  std::mt19937 random(3);
  for (int i = 0; i < 30; ++i) {
    std::string broken = bytes;
    // The high byte of a bfloat16, where a bit changes most.
    const size_t at = (header + random() % (bytes.size() - header)) | 1;
    broken[at] = static_cast<char>(broken[at] ^ (0x40 >> (i % 2)));
    model_.Write("model.safetensors", broken);
    SCOPED_TRACE("byte " + std::to_string(at));
    check(Run());
  }
  // All of them infinite, and none of them a number.
  for (const char* pattern : {"\x80\x7f", "\xff\xff"}) {
    std::string broken = bytes;
    for (size_t at = header; at + 1 < bytes.size(); at += 2) broken.replace(at, 2, pattern, 2);
    model_.Write("model.safetensors", broken);
    ExpectFailure(Run(), {"weights may be damaged"});
  }
}

TEST_F(HostileTest, DamagedQuantisedWeightsNeverCrash) {
  const TempDir dir;
  for (const char* name : {"llama-q8_0", "llama-q4_0", "llama-q4_k"}) {
    const std::string source = TestData(std::string("models/") + name + ".gguf");
    const Result<Checkpoint> checkpoint = OpenCheckpoint(source);
    ASSERT_TRUE(checkpoint.ok());
    const auto file = checkpoint->tensors.files[0].bytes();
    const size_t header = checkpoint->tensors.tensors.front().view.data - file.data();
    std::string bytes(file.begin(), file.end());
    std::mt19937 random(5);
    for (int i = 0; i < 400; ++i) {
      const size_t at = header + random() % (bytes.size() - header);
      bytes[at] = static_cast<char>(random());
    }
    const std::string path = dir.Write("model.gguf", bytes);
    const Output output =
        RunProgram({"logits", path, "--ids", "1,2,3", "--out", dir.Path("o.npy")});
    EXPECT_EQ(output.exit, 0) << output.err;
  }
}

// ---- Sizes near 2^63 ----------------------------------------------------------------------------

TEST_F(HostileTest, HugeSizesInAGgufAreNamed) {
  constexpr uint64_t kHuge[] = {uint64_t{1} << 62, (uint64_t{1} << 63) - 1, uint64_t{1} << 63,
                                ~uint64_t{0}, uint64_t{1} << 40};
  for (uint64_t huge : kHuge) {
    const auto key = [](GgufBytes& bytes) -> GgufBytes& {
      return bytes.Key("general.architecture", GgufType::kString).PutString("llama");
    };
    std::vector<GgufBytes> files(8);
    files[0].Head(huge, 1);
    key(files[0]);
    files[1].Head(0, huge);
    files[2].Head(0, 1).Put(huge).bytes += "general.architecture";
    files[3].Head(0, 1).Key("general.architecture", GgufType::kString).Put(huge);
    files[4].Head(0, 1).Array("tokenizer.ggml.scores", GgufType::kFloat64, huge);
    files[5].Head(0, 1).Array("tokenizer.ggml.tokens", GgufType::kString, huge);
    files[6].Head(1, 1);
    key(files[6]).Tensor("token_embd.weight", {huge, 4}, 0, 0).Pad().Put(uint64_t{0});
    files[7].Head(1, 1);
    key(files[7]).Tensor("token_embd.weight", {4, 4}, 0, huge & ~uint64_t{31}).Pad();
    for (size_t i = 0; i < files.size(); ++i) {
      const std::string path = model_.Write("huge.gguf", files[i].bytes);
      SCOPED_TRACE("file " + std::to_string(i) + " with " + std::to_string(huge));
      ExpectFileFailure(RunGguf(path), path);
      ExpectFileFailure(RunProgram({"tokenize", path, "x"}), path);
    }
  }
}

TEST_F(HostileTest, HugeSizesInSafetensorsAreNamed) {
  const std::string file = model_.Path("model.safetensors");
  for (uint64_t huge : {uint64_t{1} << 40, (uint64_t{1} << 63) - 1, ~uint64_t{0}}) {
    model_.Write("model.safetensors", Uint64(huge) + "{}");
    ExpectFileFailure(Run(), file);
  }
  for (const char* header :
       {R"({"a": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}})",
        R"({"a": {"dtype": "F32", "shape": [9223372036854775807], "data_offsets": [0, 16]}})",
        R"({"a": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}})",
        R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 9223372036854775807]}})",
        R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [18446744073709551600, 0]}})",
        R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}})",
        // Overlapping.
        R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [3], "data_offsets": [4, 16]}})"}) {
    model_.Write("model.safetensors", SafetensorsBytes(header, std::string(16, '\0')));
    SCOPED_TRACE(header);
    ExpectFileFailure(Run(), file);
  }
}

TEST_F(HostileTest, HugeSizesInTheConfigurationAreNamed) {
  const auto config = nlohmann::ordered_json::parse(model_.Read("config.json"));
  for (const char* key : {"hidden_size", "intermediate_size", "num_hidden_layers",
                          "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size"}) {
    for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1} << 31, int64_t{1} << 62,
                          std::numeric_limits<int64_t>::max()}) {
      auto broken = config;
      broken[key] = value;
      model_.Write("config.json", broken.dump());
      SCOPED_TRACE(std::string(key) + " " + std::to_string(value));
      const Output output = Run();
      ExpectFailure(output, {model_.path()});
      // What inspect makes of it must not overflow either.
      const Output inspect = RunProgram({"inspect", model_.path(), "--json"});
      if (inspect.exit != 0) ExpectFailure(inspect, {model_.path()});
    }
  }
  for (const char* key : {"max_position_embeddings"}) {
    for (int64_t value :
         {int64_t{1} << 40, int64_t{1} << 62, std::numeric_limits<int64_t>::max()}) {
      auto broken = config;
      broken[key] = value;
      model_.Write("config.json", broken.dump());
      SCOPED_TRACE(value);
      for (const Output& output : {Run(), RunProgram({"inspect", model_.path(), "--json"})}) {
        if (output.exit != 0) ExpectFailure(output, {});
      }
    }
  }
}

TEST_F(HostileTest, DeepJsonIsNamed) {
  for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
    const std::string whole = model_.Read(name);
    for (const std::string& open : {std::string("["), std::string("{\"a\":")}) {
      std::string deep = "{\"model\": ";
      for (int i = 0; i < 200'000; ++i) deep += open;
      model_.Write(name, deep);
      ExpectFileFailure(Run(), model_.Path(name));
    }
    model_.Write(name, whole);
  }
}

// ---- Tokenizers ---------------------------------------------------------------------------------

TEST_F(HostileTest, NonsenseInATokenizerIsNamed) {
  const auto whole = TinyTokenizerJson();
  using Json = nlohmann::ordered_json;
  const std::vector<std::function<void(Json&)>> breaks = {
      [](Json& t) { t["model"]["vocab"]["a"] = int64_t{1} << 62; },
      [](Json& t) { t["model"]["vocab"]["a"] = -1; },
      [](Json& t) { t["model"]["vocab"]["a"] = "x"; },
      [](Json& t) { t["model"]["vocab"] = 5; },
      [](Json& t) { t["model"]["merges"] = {"no such pair"}; },
      [](Json& t) {
        t["model"]["merges"] = {{"q", "zzz"}};
      },
      [](Json& t) { t["model"]["type"] = "Oracle"; },
      [](Json& t) { t["added_tokens"][0]["id"] = int64_t{1} << 40; },
      [](Json& t) { t["added_tokens"][0].erase("content"); },
      [](Json& t) {
        t["decoder"] = {{"type", "Oracle"}};
      },
      [](Json& t) {
        t["normalizer"] = {{"type", "Sequence"}, {"normalizers", 5}};
      },
      [](Json& t) {
        t["pre_tokenizer"] = {{"type", "Split"},
                              {"pattern", {{"Regex", "(unclosed"}}},
                              {"behavior", "Isolated"},
                              {"invert", false}};
      },
      [](Json& t) { t.erase("model"); }};
  for (size_t i = 0; i < breaks.size(); ++i) {
    Json broken = whole;
    breaks[i](broken);
    model_.Write("tokenizer.json", broken.dump());
    SCOPED_TRACE("break " + std::to_string(i));
    ExpectFileFailure(Run(), model_.Path("tokenizer.json"));
    ExpectFileFailure(RunProgram({"tokenize", model_.path(), "x"}), model_.Path("tokenizer.json"));
  }
}

TEST_F(HostileTest, APatternThatBacktracksForEverIsStopped) {
  auto tokenizer = TinyTokenizerJson();
  tokenizer["pre_tokenizer"] = {{"type", "Sequence"},
                                {"pretokenizers",
                                 {{{"type", "Split"},
                                   {"pattern", {{"Regex", "(a+)+$|(a|aa)+b"}}},
                                   {"behavior", "Isolated"},
                                   {"invert", false}},
                                  tokenizer["pre_tokenizer"]}}};
  model_.Write("tokenizer.json", tokenizer.dump());
  const Output output = RunProgram({"tokenize", model_.path()}, std::string(50'000, 'a') + "!");
  if (output.exit != 0) ExpectFailure(output);
}

// ---- Templates ----------------------------------------------------------------------------------

TEST_F(HostileTest, ATemplateThatNeverEndsIsStopped) {
  const std::string deep(100'000, '(');
  std::string nested;
  for (int i = 0; i < 20'000; ++i) nested += "{% if true %}";
  const std::vector<std::string> templates = {
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ g() }}",
      "{% for i in range(1000000000) %}x{% endfor %}",
      "{% for i in range(1000000) %}{% for j in range(1000000) %}{% endfor %}{% endfor %}",
      "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}"
      "{% endfor %}{{ ns.s }}",
      "{{ 'x' * 1000000000000 }}",
      "{{ range(10 ** 15) | list | length }}",
      "{{ 9 ** 9 ** 9 }}",
      "{{ ('x' * 10000000) | replace('x', 'yyyyyyyyyyyyyyyyyyyy') | length }}",
      "{{ '%01000000000d' | format(5) }}",
      "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
      "{{ " + deep,
      "{{ " + std::string(100'000, '[') + " }}",
      "{{ " + std::string(100'000, '-') + "1 }}",
      nested,
  };
  for (const std::string& text : templates) {
    model_.Write("chat_template.jinja", text);
    SCOPED_TRACE(text.substr(0, 80));
    ExpectFileFailure(Run(), model_.Path("chat_template.jinja"));
  }
}

TEST_F(HostileTest, ACyclicValueIsStopped) {
  for (const char* text : {"{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
                           "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns.a.a.a }}",
                           "{% set l = [] %}{% set _ = l.append(l) %}{{ l | tojson }}",
                           "{% set l = [] %}{% set _ = l.append(l) %}{{ l == l }}",
                           "{% set d = {} %}{% set _ = d.update({'d': d}) %}{{ d | string }}"}) {
    model_.Write("chat_template.jinja", text);
    SCOPED_TRACE(text);
    ExpectFineOrFileFailure(Run(), model_.Path("chat_template.jinja"));
  }
}

TEST_F(HostileTest, WhatATemplateRaisesStaysOnOneLine) {
  model_.Write("chat_template.jinja", "{{ raise_exception('a\\nb\\x1b[31m') }}");
  ExpectFailure(Run(), {"a\\x0Ab"});
}

}  // namespace
}  // namespace frugal
