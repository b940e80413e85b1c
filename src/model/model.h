// A model ready to run: its spec, its weights and its rope tables.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"
#include "model/spec.h"
#include "model/weights.h"

namespace frugal {

// Rope frequencies of one RopeSpec (with the file's divisors in spec.freq_factors). Immutable.
struct RopeTable {
  RopeSpec spec;
  std::vector<float> inv_freq;  // (rotary_dim / 2)
  float scale = 1.0f;           // multiplies cos and sin
};

// cos and sin (rotary_dim / 2 each) of one position. Dynamic scaling takes position + 1 as the
// sequence's length, so that a token's angles do not depend on what follows it.
void RopeAngles(const RopeTable& table, int64_t position, float* cos, float* sin);

// Immutable once loaded; shared by any number of Forward objects.
struct Model {
  Checkpoint checkpoint;
  ModelSpec spec;
  Weights weights;
  std::vector<RopeTable> ropes;  // as spec.ropes
};

// Parses, binds and packs. Takes the checkpoint, since the weights point into its mapping.
Result<std::unique_ptr<Model>> LoadModel(Checkpoint checkpoint, ThreadTeam& team);

}  // namespace frugal
