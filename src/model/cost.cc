#include "model/cost.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "model/tensor_reader.h"

namespace frugal {
namespace {

// In the file; of a tensor that is some rows of a stored one, its share.
int64_t StoredBytes(const SourceTensor& tensor) {
  int64_t bytes = 0;
  for (const StoredMatrix& m : tensor.matrices) {
    bytes += m.weight.bytes + m.scale.bytes + m.zero.bytes + m.group_index.bytes;
  }
  for (const TensorView& vector : tensor.vectors) bytes += vector.bytes;
  const RowSelect& rows = tensor.stored->rows;
  return rows.whole() ? bytes : bytes * rows.count / rows.stride;
}

Arithmetic RoleArithmetic(Role role, const SourceTensor& tensor, bool exact) {
  // Routers are held in float32 whatever they were.
  const bool router = role == Role::kRouter || role == Role::kSharedExpertGate;
  if (router || tensor.matrices.empty()) return Arithmetic::kF32;
  return ArithmeticOf(ActivationKind(tensor.matrices[0].dtype, exact));
}

// Of `n` experts, how many `rows` tokens choose that take `k` each.
double DistinctExperts(int n, int k, double rows) {
  return n * (1.0 - std::pow(1.0 - static_cast<double>(k) / n, rows));
}

}  // namespace

int64_t TokenParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table) {
  const int64_t unread = spec.tied_embedding ? 0 : (spec.vocab - 1) * spec.hidden;
  return CountActiveParameters(spec, table) - unread;
}

Result<WeightCost> CountWeights(const Checkpoint& checkpoint, const ModelSpec& spec, bool exact) {
  ASSIGN_OR_RETURN(const TensorReader reader, OpenTensors(checkpoint, spec));
  WeightCost cost;
  std::vector<WeightCost::Experts> experts(spec.n_layers());
  for (const auto& [key, tensor] : reader.tensors) {
    const auto [role, layer] = key;
    if (layer >= spec.n_layers()) continue;  // multi-token prediction
    const int64_t bytes = StoredBytes(tensor);
    const int kind = static_cast<int>(RoleArithmetic(role, tensor, exact));
    const double operations = tensor.vector ? 0.0
                                            : 2.0 * static_cast<double>(tensor.experts) *
                                                  static_cast<double>(tensor.n) *
                                                  static_cast<double>(tensor.k);
    const bool head = role == Role::kOutput || role == Role::kOutputBias ||
                      (role == Role::kEmbedding && spec.tied_embedding);
    if (head) {
      cost.head_bytes += bytes;
      cost.head_operations[kind] += operations;
    } else if (role == Role::kEmbedding) {
      cost.embedding_bytes = bytes / spec.vocab;
    } else if (IsPerExpert(role)) {
      const MoeSpec& moe = *spec.layer(layer).moe();
      experts[layer].n_experts = moe.n_experts;
      experts[layer].top_k = moe.top_k;
      experts[layer].bytes += bytes / moe.n_experts;
      cost.layer_operations[kind] += operations / moe.n_experts * moe.top_k;
    } else {
      cost.layer_bytes += bytes;
      cost.layer_operations[kind] += operations;
    }
  }
  std::ranges::copy_if(experts, std::back_inserter(cost.experts),
                       [](const WeightCost::Experts& e) { return e.n_experts > 0; });
  return cost;
}

int64_t TokenWeightBytes(const WeightCost& weights) {
  int64_t bytes = weights.layer_bytes + weights.head_bytes + weights.embedding_bytes;
  for (const WeightCost::Experts& e : weights.experts) bytes += e.top_k * e.bytes;
  return bytes;
}

double KvReadBytes(const ModelSpec& spec, KvType type, double context) {
  double bytes = 0.0;
  for (const LayerSpec& layer : spec.layers) {
    CacheSpec cache = LayerCache(layer);
    const auto* gqa = std::get_if<GqaSpec>(&layer.mixer);
    if (gqa != nullptr && gqa->kv_layer >= 0) cache = LayerCache(spec.layers[gqa->kv_layer]);
    const double elements = static_cast<double>(cache.kv_heads) * (cache.k_dim + cache.v_dim);
    const double positions =
        cache.window > 0 ? std::min(context, static_cast<double>(cache.window)) : context;
    bytes += positions * elements * static_cast<double>(KvElementBytes(type)) +
             static_cast<double>(cache.state_floats) * sizeof(float);
  }
  return bytes;
}

PassCost CostOfPass(const WeightCost& weights, const ModelSpec& spec, KvType kv_type,
                    const Pass& pass) {
  const auto sequences = static_cast<double>(pass.sequences);
  const double rows = sequences * static_cast<double>(pass.rows);
  const auto logit_rows = static_cast<double>(pass.logit_rows);
  PassCost cost;
  cost.bytes = static_cast<double>(weights.layer_bytes) +
               rows * static_cast<double>(weights.embedding_bytes) +
               sequences * KvReadBytes(spec, kv_type, pass.context);
  if (pass.logit_rows > 0) cost.bytes += static_cast<double>(weights.head_bytes);
  for (const WeightCost::Experts& e : weights.experts) {
    cost.bytes += DistinctExperts(e.n_experts, e.top_k, rows) * static_cast<double>(e.bytes);
  }
  for (int kind = 0; kind < kNumArithmetics; ++kind) {
    cost.operations[kind] =
        rows * weights.layer_operations[kind] + logit_rows * weights.head_operations[kind];
  }
  return cost;
}

}  // namespace frugal
