#include "model/model.h"

#include "model/arch/family.h"

namespace frugal {
void RopeAngles(const RopeTable& table, int64_t position, float* cos, float* sin) {
  const int half = table.spec.rotary_dim / 2;
  if (table.spec.scaling == RopeScaling::kDynamic && position + 1 > table.spec.max_position) {
    std::vector<float> inv_freq(half);
    float scale = 1.0f;
    RopeInvFreq(table.spec, position + 1, inv_freq.data(), &scale);
    RopeCosSin(inv_freq.data(), half, position, scale, cos, sin);
    return;
  }
  RopeCosSin(table.inv_freq.data(), half, position, table.scale, cos, sin);
}

Result<std::unique_ptr<Model>> LoadModel(Checkpoint checkpoint, ThreadTeam& team) {
  auto model = std::make_unique<Model>();
  model->checkpoint = std::move(checkpoint);
  ASSIGN_OR_RETURN(model->spec, ParseModelSpec(model->checkpoint));
  ASSIGN_OR_RETURN(model->weights, BindWeights(model->checkpoint, model->spec, team));
  for (const RopeSpec& spec : model->spec.ropes) {
    RopeTable table{.spec = spec};
    table.inv_freq.resize(spec.rotary_dim / 2);
    if (const float* factors = model->weights.rope_factors; factors != nullptr) {
      table.spec.freq_factors.assign(factors, factors + table.inv_freq.size());
    }
    RopeInvFreq(table.spec, spec.max_position, table.inv_freq.data(), &table.scale);
    model->ropes.push_back(std::move(table));
  }
  return model;
}

}  // namespace frugal
