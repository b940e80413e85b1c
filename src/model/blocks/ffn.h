// Feed-forward block: down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// From state.normed to state.delta: the layer's own block, or its shared experts.
void AppendFfnSteps(int layer, std::vector<Step>* steps);

// The block that every token of the layer passes; null when it has routed experts alone.
struct DenseFfn {
  const FfnSpec* spec = nullptr;
  const FfnWeights* weights = nullptr;
};
DenseFfn FindDenseFfn(const LayerSpec& spec, const LayerWeights& weights);

// gate = act(gate)·up, or act(up), of n neighbouring elements.
void Activate(const Kernels& kernels, const FfnSpec& spec, const FfnWeights& weights,
              const float* up, int64_t n, float* gate);

}  // namespace frugal
