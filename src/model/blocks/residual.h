// What stands between the blocks: the last block's output joins the residual stream, the next
// one's input is its norm.
#pragma once

#include "model/forward_state.h"

namespace frugal {

// The step before a mixer, and before a feed-forward block.
void MixerNorm(ForwardState& state, int layer, int thread);
void FfnNorm(ForwardState& state, int layer, int thread);

// One row of the residual stream takes in what the last layer's feed-forward block gave.
void FinishRow(ForwardState& state, int64_t row, int thread);

}  // namespace frugal
