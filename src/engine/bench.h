// How fast a model runs here: prompts and answers of random tokens, at given depths of context and
// numbers of sequences, held against what the machine's roofs allow.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/engine.h"
#include "engine/roofs.h"

namespace frugal {

struct BenchOptions {
  int64_t prompt_tokens = 512;  // 0: prompts are not measured
  int64_t answer_tokens = 64;   // 0: answers are not measured
  int repeats = 3;              // runs of each test, after one that does not count
  // Positions that each sequence has behind it, and sequences that decode together. Every depth is
  // measured with a prompt (of one sequence) and with answers of every batch.
  std::vector<int64_t> depths = {0};
  std::vector<int64_t> batches = {1};
  uint64_t seed = 0;  // of the token ids
};

struct BenchResult {
  std::string test;           // "pp512", "tg64@d8192@b8": depth 0 and a batch of 1 are not named
  double tokens_per_s = 0.0;  // of all sequences together: the median of the runs
  double stddev = 0.0;
  double bytes_per_token = 0.0;  // read: weights, keys and values (cost.h)
  double operations_per_token = 0.0;
  double roof = 0.0;          // tokens per second that the roofs allow
  bool memory_bound = false;  // what is nearer: the memory's roof, or that of the arithmetic

  double roof_share() const { return tokens_per_s / roof; }
};

// `starting` is called before each test, `done` after it. Roofs must be those of the engine's
// threads and instruction set.
// kInvalidArgument for numbers that make no sense or do not fit the context; kResourceExhausted
// where keys and values need more memory than the engine may take.
Status RunBench(Engine& engine, const Roofs& roofs, const BenchOptions& options,
                const std::function<void(const std::string& test)>& starting,
                const std::function<void(const BenchResult&)>& done);

// Median and standard deviation (of a sample; 0 for one value).
double Median(std::vector<double> values);
double StdDev(const std::vector<double>& values);

}  // namespace frugal
