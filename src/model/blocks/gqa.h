// Grouped-query attention: norm, projections, per-head norm, rope, KV store, attention, output.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// Leaves the block's output in state.delta.
void AppendGqaSteps(int layer, std::vector<Step>* steps);

}  // namespace frugal
