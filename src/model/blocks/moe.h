// Mixture of experts: every token is sent to the few experts that a router scores highest, and
// each expert runs once over all tokens that chose it.
#pragma once

#include <span>
#include <vector>

#include "model/forward_state.h"

namespace frugal {

constexpr int kMaxExperts = 1024;  // of one layer

// From state.normed to state.delta. `shared`: the layer has shared experts, which run too.
void AppendMoeSteps(int layer, bool shared, std::vector<Step>* steps);

// One token's choice. logits (E) are overwritten; select_bias (E) or null; chosen and weights
// (top_k), by ascending expert.
void Route(const MoeSpec& spec, const float* select_bias, std::span<float> logits, int32_t* chosen,
           float* weights);

// Whether an expert's gate reads its input in another order than its up.
bool HasOwnGateInput(const FfnWeights& expert);

}  // namespace frugal
