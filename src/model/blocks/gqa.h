// Grouped-query attention: projections, per-head norm, rope, KV store, attention, output.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// From state.normed to state.delta.
void AppendGqaSteps(int layer, std::vector<Step>* steps);

}  // namespace frugal
