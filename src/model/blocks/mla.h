// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): per position the cache holds one
// normed latent of kv_lora_rank elements and one roped key, shared by all heads.
//
// Absorbed, k_b moves to the query and v_b behind the mean: attention runs over the latents
// themselves, like multi-query attention with wide heads. Expanded, each head's keys and values of
// the whole context are formed first, which is cheaper for many queries at once.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// From state.normed to state.delta.
void AppendMlaSteps(int layer, std::vector<Step>* steps);

// Room for the expanded keys and values of the batch at hand; before its steps run.
void PrepareExpansion(ForwardState* state);

// Query heads that attend over the latents together.
constexpr int kMlaHeadGroup = 8;

}  // namespace frugal
