// A model's weights, packed for the kernels.
#pragma once

#include <vector>

#include "base/arena.h"
#include "base/status.h"
#include "base/tensor.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"
#include "kernels/kernels.h"
#include "model/spec.h"

namespace frugal {

// y = x·wᵀ + bias. w is (out, in); bias (out) or null.
struct Linear {
  PackedMatrix w;
  const float* bias = nullptr;
};

struct GqaWeights {
  const float* norm = nullptr;    // (d)
  Linear q;                       // (h·D, d)
  Linear k;                       // (g·D, d)
  Linear v;                       // (g·D, d)
  Linear o;                       // (d, h·D)
  const float* q_norm = nullptr;  // (D) or null
  const float* k_norm = nullptr;  // (D) or null
};

struct GluWeights {
  const float* norm = nullptr;  // (d)
  Linear gate;                  // (f, d)
  Linear up;                    // (f, d)
  Linear down;                  // (d, f)
};

struct LayerWeights {
  GqaWeights gqa;
  GluWeights glu;
};

// Owns the packed memory its members point into. Move-only. `embedding` stays in the checkpoint's
// mapping: only the rows of the prompt are ever read.
struct Weights {
  TensorView embedding;                 // (v, d)
  const float* output_norm = nullptr;   // (d)
  Linear output;                        // (v, d)
  const float* rope_factors = nullptr;  // (rotary_dim / 2) or null
  std::vector<LayerWeights> layers;

  std::vector<AlignedBuffer<uint8_t>> storage;
  int64_t bytes = 0;  // of all packed tensors
};

// Finds every tensor of the model's table in the checkpoint, checks names and shapes, and packs.
// A missing, misshapen or left-over tensor is kCorrupt; an element type no kernel reads is
// kUnsupported; messages name file and tensor. Nothing is allocated before all of them fit; too
// little memory is kResourceExhausted. The checkpoint must outlive the weights.
Result<Weights> BindWeights(const Checkpoint& checkpoint, const ModelSpec& spec, ThreadTeam& team);

}  // namespace frugal
