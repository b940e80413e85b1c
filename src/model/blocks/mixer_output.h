// The end of every token mixer: its output projection.
#pragma once

#include <vector>

#include "model/forward_state.h"

namespace frugal {

// Rows of state.attended, as they are, through o into state.delta. Two steps.
void AppendMixerOutput(int layer, std::vector<Step>* steps);

// Elements of a row of state.attended, and the projection that reads it.
int64_t MixerDim(const LayerSpec& layer);
const Linear& OutputProjection(const LayerWeights& layer);

}  // namespace frugal
