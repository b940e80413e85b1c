// Mixers that keep a state of fixed size instead of keys and values: the gated delta net of
// Qwen3-Next (arXiv:2412.06464) and lightning attention (arXiv:2401.04658; MiniMax-Text-01). Both
// go token by token, so that a sequence's state does not depend on how it was cut into batches.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// From state.normed to state.delta.
void AppendGatedDeltaSteps(int layer, std::vector<Step>* steps);
void AppendLightningSteps(int layer, std::vector<Step>* steps);

}  // namespace frugal
