#include "model/blocks/mixer_output.h"

namespace frugal {
namespace {

int64_t Dim(const GqaSpec& gqa) { return gqa.q_dim(); }
int64_t Dim(const MlaSpec& mla) { return int64_t{mla.n_heads} * mla.v_head_dim; }
int64_t Dim(const GatedDeltaSpec& delta) { return delta.v_dim(); }
int64_t Dim(const LightningSpec& lightning) { return lightning.dim(); }

void StoreMixed(ForwardState& s, int layer, int thread) {
  const int64_t dim = MixerDim(s.layer_spec(layer));
  const Range rows = s.ThreadRows(thread);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    s.mixed.Store(s.kernels, layer, s.attended.data() + r * dim, dim, r, s.ordered[thread].data());
  }
}

void Output(ForwardState& s, int layer, int /*thread*/) {
  const MatmulJob job{&OutputProjection(s.layer_weights(layer)), &s.mixed, s.delta.data(),
                      s.model.spec.hidden};
  RunMatmuls(s, layer, {&job, 1}, s.rows());
}

}  // namespace

int64_t MixerDim(const LayerSpec& layer) {
  return std::visit([](const auto& mixer) { return Dim(mixer); }, layer.mixer);
}

const Linear& OutputProjection(const LayerWeights& layer) {
  return std::visit([](const auto& mixer) -> const Linear& { return mixer.o; }, layer.mixer);
}

void AppendMixerOutput(int layer, std::vector<Step>* steps) {
  steps->push_back({StoreMixed, layer});
  steps->push_back({Output, layer});
}

}  // namespace frugal
