// A model of random float32 weights around one block, and passes through the block's steps alone,
// for tests against the double precision oracles.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/ref/reference.h"
#include "model/forward_state.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr float kBlockEps = 1e-3f;    // norm_eps of the models here
constexpr double kBlockTheta = 30.0;  // of all their ropes

// What the oracle reads: the same numbers as the packed weights.
struct Oracle {
  Doubles w;     // (n, k)
  Doubles bias;  // (n) or empty

  Doubles operator()(const Doubles& x) const;
};

Doubles Normed(const Doubles& x, const Doubles& weight);

// A rope's angles in float32, as the block reads them.
void BlockAngles(int rotary_dim, int64_t position, float* cos, float* sin);

void RopeOracle(const RopeSpec& rope, int64_t position, double* head);

class BlockModel {
 public:
  // `layers` layers of narrow attention and narrow GLUs without weights, to be replaced.
  BlockModel(uint32_t seed, int64_t hidden, int layers);

  Model model;

  Floats Random(int64_t n, float mean, float deviation);

  const float* Vector(int64_t n, float mean, float deviation, Doubles* oracle);
  const float* Norm(int64_t n, Doubles* oracle) { return Vector(n, 1.0f, 0.3f, oracle); }

  Linear Matrix(int64_t n, int64_t k, bool bias, Oracle* oracle);

  // As GPTQ's activation order has it: column c of what is packed multiplies x[order[c]].
  Linear MatrixInOrder(int64_t n, int64_t k, bool bias, const int32_t* order, Oracle* oracle);
  const int32_t* Order(int64_t k);

  PackedMatrix PackFloats(const Floats& values, int64_t n, int64_t k);

 private:
  uint8_t* New(int64_t bytes);

  std::mt19937 rng_;
};

// A pass through some steps alone.
class BlockPass {
 public:
  BlockPass(const Model& model, ThreadTeam& team, const ForwardOptions& options);

  // Sets the batch and its ropes' angles.
  void Start(const Batch& batch);

  // The normed input of one row of `layer`.
  void SetNormed(int layer, int64_t row, const float* x);

  void Run(const std::vector<Step>& steps);

  ForwardState state;
};

// Which sequences a batch goes on with, and by how many positions.
struct Piece {
  int32_t sequence;
  int64_t count;
};
using Schedule = std::vector<std::vector<Piece>>;

// Batches in which every sequence that has not ended goes on by up to its `chunks` positions.
Schedule InTurns(std::vector<int64_t> lengths, const std::vector<int64_t>& chunks);

// Per sequence (positions, hidden).
using SequenceRows = std::vector<Floats>;

SequenceRows RandomSequences(BlockModel* random, const std::vector<int64_t>& lengths);

Doubles RowOf(const SequenceRows& rows, int64_t hidden, size_t sequence, int64_t position);

// Feeds the steps of `layer` with the sequences' normed inputs, from their first positions on and
// cut as the schedule says; gives what they left in delta.
SequenceRows RunSequences(const Model& model, ThreadTeam& team, const ForwardOptions& options,
                          const std::vector<Step>& steps, int layer, const SequenceRows& inputs,
                          const Schedule& schedule);

// ‖a − b‖ / ‖b‖ over one row.
double RowError(const float* a, const double* b, int64_t n);

void ExpectRowNear(const float* a, const double* b, int64_t n, double tolerance);

// The largest RowError of all rows; a sequence that was not run whole is a failure.
double LargestError(const SequenceRows& a, const std::vector<Doubles>& b, int64_t hidden);

}  // namespace frugal
