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
#include "model/activation_set.h"
#include "model/forward.h"

namespace frugal {

using StepFn = void (*)(ForwardState& state, int layer, int thread);
struct Step {
  StepFn run;
  int layer;
  bool (*wanted)(const ForwardState& state) = nullptr;  // null: always
};

// Neighbouring rows of one sequence.
struct RowRun {
  int32_t sequence = 0;
  int64_t first = 0;  // row of the batch
  int64_t count = 0;
};

// Buffers of latent attention; r is kv_lora_rank.
struct MlaState {
  AlignedBuffer<float> q_a;    // (rows, q_lora_rank)
  AlignedBuffer<float> kv_a;   // (rows, r + rope)
  AlignedBuffer<float> query;  // (rows, h, r + rope): queries against the latent cache
  AlignedBuffer<float> mean;   // (rows, h, r): what they attend to
  ActivationSet q_normed;      // input of q_b
  // Per thread: one head's inputs of k_b and v_b, and, where keys and values are expanded, one
  // head's of the whole context, as pages.
  std::vector<AlignedBuffer<uint8_t>> inputs;
  std::vector<AlignedBuffer<uint8_t>> expanded;
  std::vector<std::vector<const uint8_t*>> expanded_pages;
};

// Buffers of a mixture of experts. A slot is one (row, chosen expert); slots are grouped by expert.
struct MoeState {
  AlignedBuffer<float> logits;        // (rows, E)
  AlignedBuffer<float> shared_gate;   // (rows)
  std::vector<int32_t> chosen;        // (rows, top_k) experts, ascending
  std::vector<float> weights;         // (rows, top_k)
  std::vector<int32_t> slot_of;       // (rows, top_k) where the pair's slot is
  std::vector<int32_t> slot_row;      // (slots)
  std::vector<int32_t> slot_expert;   // (slots)
  std::vector<int32_t> expert_begin;  // (E + 1) first slot of each expert
  ActivationSet input;                // of gate and up, a row per slot
  ActivationSet gate_input;           // of gates in another order than up
  ActivationSet activated;            // of down
  AlignedBuffer<float> gate;          // (slots, f)
  AlignedBuffer<float> up;            // (slots, f)
  AlignedBuffer<float> out;           // (slots, d)
};

struct ForwardState {
  const Model& model;
  ThreadTeam& team;
  ForwardOptions options;
  const Kernels& kernels;
  CacheLayout cache;
  std::vector<Step> steps;

  Batch batch;
  std::vector<RowRun> runs;
  std::vector<int64_t> logit_rows;  // batch rows that want logits
  float* logits = nullptr;

  // Per row of the batch; strides are the largest over the layers.
  AlignedBuffer<float> x;                 // (rows, d) residual stream
  AlignedBuffer<float> delta;             // (rows, d) what the last block adds to it
  AlignedBuffer<float> q;                 // (rows, h·D)
  AlignedBuffer<float> k;                 // (rows, g·D)
  AlignedBuffer<float> v;                 // (rows, g·D)
  AlignedBuffer<float> mixer_gate;        // (rows, h·D) output gate of attention, z
  AlignedBuffer<float> beta;              // (rows, 2·value heads) of the gated delta net: b, a
  AlignedBuffer<float> attended;          // (rows, h·D)
  AlignedBuffer<float> gate;              // (rows, f)
  AlignedBuffer<float> up;                // (rows, f)
  std::vector<AlignedBuffer<float>> cos;  // per rope (rows, rotary_dim / 2)
  std::vector<AlignedBuffer<float>> sin;
  ActivationSet normed;     // input of the mixers' projections; of router, gate, up; of the head
  ActivationSet mixed;      // input of o
  ActivationSet activated;  // input of down
  MlaState mla;
  MoeState moe;
  std::vector<std::vector<float>> factors;    // per thread, PositionFactor of some rows
  std::vector<AlignedBuffer<float>> scratch;  // per thread, for a row of the widest layer
  std::vector<AlignedBuffer<float>> ordered;  // per thread, for ActivationSet::Store

  int64_t rows() const { return static_cast<int64_t>(batch.rows.size()); }
  int threads() const { return team.size(); }
  Range ThreadRows(int thread) const { return SplitEvenly(rows(), thread, threads()); }
  const LayerSpec& layer_spec(int l) const { return model.spec.layers[l]; }
  const LayerWeights& layer_weights(int l) const { return model.weights.layers[l]; }
};

// The layer that the output head counts as.
constexpr int kHeadLayer = -2;

// Gives every buffer the room that batches of options.max_rows rows need.
void Allocate(ForwardState* state);
// Sets the batch at hand.
void SetBatch(ForwardState* state, const Batch& batch);

// y (m, stride) = x·wᵀ + bias for each job; a step's jobs share the rows and are shared out to the
// threads by panels (ThreadTeam::ShareOut: once in a step). Jobs of weights that do not exist are
// passed over.
struct MatmulJob {
  const Linear* linear;
  const ActivationSet* x;
  float* y;
  int64_t y_stride;
};
void RunMatmuls(const ForwardState& state, int layer, std::span<const MatmulJob> jobs, int64_t m);

// Fewer pairs of panels than these are not worth being taken apart.
constexpr int64_t kLeastPanelPairs = 2;

}  // namespace frugal
