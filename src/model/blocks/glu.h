// Gated feed-forward block: down(act(gate(norm(x))) · up(norm(x))).
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// Leaves the block's output in state.delta.
void AppendGluSteps(int layer, std::vector<Step>* steps);

}  // namespace frugal
