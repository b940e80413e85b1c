#include "tests/model/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

#include "formats/safetensors.h"

namespace frugal {

TestSequence::TestSequence(const CacheLayout& layout, int64_t positions)
    : state_(layout.state_floats) {
  for (int64_t p = 0; p * kAttentionBlock < positions; ++p) {
    memory_.emplace_back(layout.page_bytes);
    // Stale bits of an earlier owner must not matter.
    std::memset(memory_.back().data(), 0xff, layout.page_bytes);
    pages_.push_back(memory_.back().data());
  }
}

std::vector<GoldenCase> GoldenCases() {
  std::vector<GoldenCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(TestData("models"))) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().string();
    const std::string name = entry.path().filename().string();
    if (std::filesystem::exists(folder + "/config.json")) cases.push_back({name, folder});
    if (std::filesystem::exists(folder + ".gguf")) cases.push_back({name, folder + ".gguf"});
  }
  return cases;
}

std::vector<GoldenCase> PlainGoldenCases() {
  std::vector<GoldenCase> cases = GoldenCases();
  std::erase_if(cases, [](const GoldenCase& c) {
    for (const char* start : {"llama", "mistral-window", "mistral-yarn", "qwen2-window",
                              "qwen2-yarn", "qwen3-plain", "qwen3-yarn"}) {
      if (c.name.starts_with(start)) return false;
    }
    return true;
  });
  return cases;
}

Golden LoadGolden(const std::string& name) {
  const std::string path = TestData("models/" + name + "/golden.safetensors");
  Result<MappedFile> file = MappedFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status().message();
  Result<SafetensorsHeader> header = ParseSafetensors(file->bytes(), path);
  EXPECT_TRUE(header.ok()) << header.status().message();
  Golden golden{.metadata = header->metadata};
  for (const NamedTensor& tensor : header->tensors) {
    const auto copy = [&](auto* out) {
      out->resize(NumElements(tensor.view.shape));
      std::memcpy(out->data(), tensor.view.data, tensor.view.bytes);
    };
    if (tensor.name == "input_ids") copy(&golden.input_ids);
    if (tensor.name == "greedy_ids") copy(&golden.greedy_ids);
    if (tensor.name == "routing") copy(&golden.routing);
    if (tensor.name == "logits") {
      copy(&golden.logits);
      golden.vocab = tensor.view.cols();
    }
  }
  return golden;
}

double RelativeError(const float* a, const float* b, int64_t n) {
  double difference = 0.0, norm = 0.0;
  for (int64_t i = 0; i < n; ++i) {
    difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    norm += double(b[i]) * b[i];
  }
  return std::sqrt(difference / norm);
}

std::unique_ptr<Model> OpenModel(const std::string& path, ThreadTeam& team) {
  Result<Checkpoint> checkpoint = OpenCheckpoint(path);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  Result<std::unique_ptr<Model>> model = LoadModel(*std::move(checkpoint), team);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *std::move(model);
}

void RunChunk(Forward& forward, TestSequence& sequence, const std::vector<int32_t>& ids,
              int64_t begin, int64_t end, int64_t vocab, std::vector<float>* logits,
              int32_t* routing) {
  std::vector<BatchRow> rows;
  for (int64_t p = begin; p < end; ++p) {
    rows.push_back({.token = ids[p], .position = p, .wants_logits = true});
  }
  uint8_t* const* pages = sequence.pages();
  const size_t before = logits->size();
  logits->resize(before + (end - begin) * vocab);
  float* state = sequence.state();
  forward.Run({.rows = rows, .pages = {&pages, 1}, .states = {&state, 1}, .routing = routing},
              logits->data() + before);
}

std::vector<float> RunInChunks(Forward& forward, const std::vector<int32_t>& ids, int64_t chunk,
                               int64_t vocab) {
  const int64_t n = static_cast<int64_t>(ids.size());
  TestSequence sequence(forward.cache_layout(), n);
  std::vector<float> logits;
  for (int64_t p = 0; p < n; p += chunk) {
    RunChunk(forward, sequence, ids, p, std::min(n, p + chunk), vocab, &logits);
  }
  return logits;
}

}  // namespace frugal
