// What the steps of a forward pass share: the batch at hand and the activations.
//
// A pass is a flat list of steps made once per model. Every thread of the team walks it, does its
// share of each step and waits for the others; a step allocates nothing.
#pragma once

#include <span>
#include <vector>

#include "base/arena.h"
#include "base/thread_team.h"
#include "kernels/kernels.h"
#include "model/forward.h"

namespace frugal {

// One matmul input, kept in every form that some weight reading it wants, so that activations
// are quantised once and shared.
struct ActivationSet {
  AlignedBuffer<uint8_t> data[3];  // by ActKind
  unsigned kinds = 0;              // bit per ActKind in use
  int64_t max_k = 0;

  void Reserve(int64_t rows, int64_t k, unsigned kinds_used);
  uint8_t* Row(ActKind kind, int64_t k, int64_t row);
  // Stores row x (k) in all forms in use.
  void Store(const Kernels& kernels, const float* x, int64_t k, int64_t row);
  Activations View(ActKind kind, int64_t m, int64_t k) const;
};

using StepFn = void (*)(ForwardState& state, int layer, int thread);
struct Step {
  StepFn run;
  int layer;
};

struct ForwardState {
  const Model& model;
  ThreadTeam& team;
  ForwardOptions options;
  const Kernels& kernels;
  KvLayout kv;
  std::vector<Step> steps;

  Batch batch;
  std::vector<int64_t> logit_rows;  // batch rows that want logits
  float* logits = nullptr;

  // Per row of the batch; strides are the largest over the layers.
  AlignedBuffer<float> x;                 // (rows, d) residual stream
  AlignedBuffer<float> delta;             // (rows, d) what the last block adds to it
  AlignedBuffer<float> q;                 // (rows, h·D)
  AlignedBuffer<float> k;                 // (rows, g·D)
  AlignedBuffer<float> v;                 // (rows, g·D)
  AlignedBuffer<float> attended;          // (rows, h·D)
  AlignedBuffer<float> gate;              // (rows, f)
  AlignedBuffer<float> up;                // (rows, f)
  std::vector<AlignedBuffer<float>> cos;  // per rope (rows, rotary_dim / 2)
  std::vector<AlignedBuffer<float>> sin;
  ActivationSet normed;                       // input of q, k, v; of gate, up; of the head
  ActivationSet mixed;                        // input of o
  ActivationSet activated;                    // input of down
  std::vector<AlignedBuffer<float>> scratch;  // per thread

  int64_t rows() const { return static_cast<int64_t>(batch.rows.size()); }
  int threads() const { return team.size(); }
  Range ThreadRows(int thread) const { return SplitEvenly(rows(), thread, threads()); }
};

// y (m, stride) = x·wᵀ + bias for each job; a step's jobs share one input width and are split
// over the threads by panels.
struct MatmulJob {
  const Linear* linear;
  const ActivationSet* x;
  float* y;
  int64_t y_stride;
};
void RunMatmuls(const ForwardState& state, std::span<const MatmulJob> jobs, int64_t m, int thread);

// x += delta when `add`, then normed = RMSNorm(x)·weight, quantised: one row.
void AddNormRow(ForwardState& state, int64_t row, bool add, const float* weight, int thread);

// Floats of scratch each thread needs for a row of the widest layer.
int64_t ScratchFloats(const ModelSpec& spec);

}  // namespace frugal
