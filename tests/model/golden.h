// The committed goldens of tests/data/models (made by tools/reference/model_goldens.py), and a
// bare sequence to run a model with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "model/forward.h"
#include "model/model.h"
#include "tests/test_util.h"

namespace frugal {

// One golden model in one container.
struct GoldenCase {
  std::string name;  // folder under tests/data/models
  std::string path;  // what to open
};

struct Golden {
  std::vector<int32_t> input_ids;
  std::vector<float> logits;  // (input_ids, vocab)
  std::vector<int32_t> greedy_ids;
  std::vector<int32_t> routing;  // (MoE layers, input_ids, top_k); empty without experts
  int64_t vocab = 0;
  Metadata metadata;
};

std::vector<GoldenCase> GoldenCases();

// Of models whose tables have one stored tensor a row: no experts, nothing fused or packed.
std::vector<GoldenCase> PlainGoldenCases();

Golden LoadGolden(const std::string& name);

// ‖a − b‖ / ‖b‖
double RelativeError(const float* a, const float* b, int64_t n);

std::unique_ptr<Model> OpenModel(const std::string& path, ThreadTeam& team);

// Keys, values and recurrent state of one sequence in plain memory.
class TestSequence {
 public:
  TestSequence(const CacheLayout& layout, int64_t positions);
  uint8_t* const* pages() const { return pages_.data(); }
  float* state() { return state_.data(); }

 private:
  AlignedBuffer<float> state_;
  std::vector<AlignedBuffer<uint8_t>> memory_;
  std::vector<uint8_t*> pages_;
};

// Runs tokens [begin, end) of `ids` as one batch and appends their logits. `routing`, if given,
// gets the experts they chose.
void RunChunk(Forward& forward, TestSequence& sequence, const std::vector<int32_t>& ids,
              int64_t begin, int64_t end, int64_t vocab, std::vector<float>* logits,
              int32_t* routing = nullptr);

std::vector<float> RunInChunks(Forward& forward, const std::vector<int32_t>& ids, int64_t chunk,
                               int64_t vocab);

}  // namespace frugal
