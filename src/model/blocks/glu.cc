#include "model/blocks/glu.h"

namespace frugal {
namespace {

void Norm(ForwardState& s, int layer, int thread) {
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    AddNormRow(s, r, /*add=*/true, s.model.weights.layers[layer].glu.norm, thread);
  }
}

void GateUp(ForwardState& s, int layer, int thread) {
  const int64_t d_ff = s.model.spec.layers[layer].glu.d_ff;
  const GluWeights& w = s.model.weights.layers[layer].glu;
  const MatmulJob jobs[] = {{&w.gate, &s.normed, s.gate.data(), d_ff},
                            {&w.up, &s.normed, s.up.data(), d_ff}};
  RunMatmuls(s, jobs, s.rows(), thread);
}

void Activate(ForwardState& s, int layer, int thread) {
  const GluSpec& spec = s.model.spec.layers[layer].glu;
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    float* gate = s.gate.data() + r * spec.d_ff;
    s.kernels.glu(spec.activation, gate, s.up.data() + r * spec.d_ff, spec.d_ff, gate);
    s.activated.Store(s.kernels, gate, spec.d_ff, r);
  }
}

void Down(ForwardState& s, int layer, int thread) {
  const MatmulJob job{&s.model.weights.layers[layer].glu.down, &s.activated, s.delta.data(),
                      s.model.spec.hidden};
  RunMatmuls(s, {&job, 1}, s.rows(), thread);
}

}  // namespace

void AppendGluSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {Norm, GateUp, Activate, Down}) steps->push_back({step, layer});
}

}  // namespace frugal
