#include "model/blocks/ffn.h"

#include <algorithm>

namespace frugal {
namespace {

DenseFfn Dense(const ForwardState& s, int layer) {
  return FindDenseFfn(s.layer_spec(layer), s.layer_weights(layer));
}

void GateUp(ForwardState& s, int layer, int /*thread*/) {
  const DenseFfn ffn = Dense(s, layer);
  const MatmulJob jobs[] = {{&ffn.weights->gate, &s.normed, s.gate.data(), ffn.spec->d_ff},
                            {&ffn.weights->up, &s.normed, s.up.data(), ffn.spec->d_ff}};
  RunMatmuls(s, layer, jobs, s.rows());
}

void ActivateRows(ForwardState& s, int layer, int thread) {
  const DenseFfn ffn = Dense(s, layer);
  const int64_t f = ffn.spec->d_ff;
  // Parts of rows, so that a row alone keeps all threads busy; whole ones where columns have an
  // order.
  const int64_t step = s.activated.Ordered(layer) ? f : kActivationPart;
  const int64_t parts = (f + step - 1) / step;
  const Range items = SplitEvenly(s.rows() * parts, thread, s.threads());
  for (int64_t item = items.begin; item < items.end; ++item) {
    const int64_t r = item / parts;
    const int64_t begin = item % parts * step;
    const int64_t end = std::min(f, begin + step);
    float* gate = s.gate.data() + r * f;
    Activate(s.kernels, *ffn.spec, *ffn.weights, s.up.data() + r * f + begin, end - begin,
             gate + begin);
    if (step == f) {
      s.activated.Store(s.kernels, layer, gate, f, r, s.ordered[thread].data());
    } else {
      s.activated.StorePart(s.kernels, layer, gate, f, r, begin, end);
    }
  }
}

void Down(ForwardState& s, int layer, int /*thread*/) {
  const MatmulJob job{&Dense(s, layer).weights->down, &s.activated, s.delta.data(),
                      s.model.spec.hidden};
  RunMatmuls(s, layer, {&job, 1}, s.rows());
}

}  // namespace

DenseFfn FindDenseFfn(const LayerSpec& spec, const LayerWeights& weights) {
  if (const auto* ffn = std::get_if<FfnSpec>(&spec.ffn)) {
    return {ffn, &std::get<FfnWeights>(weights.ffn)};
  }
  const MoeSpec& moe = std::get<MoeSpec>(spec.ffn);
  if (!moe.shared) return {};
  return {&*moe.shared, &*std::get<MoeWeights>(weights.ffn).shared};
}

void Activate(const Kernels& kernels, const FfnSpec& spec, const FfnWeights& weights,
              const float* up, int64_t n, float* gate) {
  if (spec.gated()) {
    kernels.glu(spec.activation, gate, up, n, gate);
  } else {
    kernels.xielu(weights.xielu, up, n, gate);
  }
}

void AppendFfnSteps(int layer, std::vector<Step>* steps) {
  for (StepFn step : {GateUp, ActivateRows, Down}) steps->push_back({step, layer});
}

}  // namespace frugal
