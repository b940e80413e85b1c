#include "model/weights.h"

#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <set>

#include "formats/utf8.h"
#include "kernels/codec/codec.h"
#include "model/arch/family.h"
#include "model/tensor_table.h"

namespace frugal {
namespace {

const std::string& NameIn(const TensorDesc& desc, Container container) {
  return container == Container::kGguf ? desc.gguf_name : desc.hf_name;
}

class Binder {
 public:
  Binder(const Checkpoint& checkpoint, ThreadTeam& team, Weights* weights)
      : checkpoint_(checkpoint), team_(team), weights_(weights) {}

  // Finds every tensor of the table; checks shape, element type and that nothing is left over.
  Status Find(const std::vector<TensorDesc>& table) {
    std::set<std::string> used;
    for (const TensorDesc& desc : table) {
      const std::string& name = NameIn(desc, checkpoint_.container);
      if (name.empty()) continue;
      const NamedTensor* tensor = checkpoint_.tensors.Find(name);
      if (tensor == nullptr) {
        if (!desc.required) continue;
        return Error(StatusCode::kCorrupt, "{}: tensor '{}' {} is missing", checkpoint_.path, name,
                     ShapeToString(desc.shape));
      }
      if (tensor->view.shape != desc.shape) {
        return Error(StatusCode::kCorrupt,
                     "{}: tensor '{}': expected {}, found {}; does the configuration belong to "
                     "these weights?",
                     FileOf(*tensor), name, ShapeToString(desc.shape),
                     ShapeToString(tensor->view.shape));
      }
      if (!HasCodec(tensor->view.dtype)) {
        return Error(StatusCode::kUnsupported,
                     "{}: tensor '{}': element type {} is not a weight format Frugal reads",
                     FileOf(*tensor), name, GetDType(tensor->view.dtype).name);
      }
      used.insert(name);
      found_[{desc.role, desc.layer}] = tensor;
    }
    return CheckLeftOver(used);
  }

  bool Has(Role role, int layer) const { return found_.contains({role, layer}); }
  const TensorView& View(Role role, int layer) const { return found_.at({role, layer})->view; }

  // A vector as float32, or null when the model has none.
  const float* Vector(Role role, int layer) {
    if (!Has(role, layer)) return nullptr;
    const TensorView& view = View(role, layer);
    const int64_t n = NumElements(view.shape);
    float* data = reinterpret_cast<float*>(Allocate(n * sizeof(float)));
    DecodeRow(view.dtype, view.data, n, data);
    return data;
  }

  // The divisors of the rope's frequencies, or null.
  Result<const float*> RopeFactors() {
    const float* factors = Vector(Role::kRopeFactors, -1);
    if (factors == nullptr) return factors;
    const NamedTensor& tensor = *found_.at({Role::kRopeFactors, -1});
    for (int64_t i = 0; i < NumElements(tensor.view.shape); ++i) {
      if (!(factors[i] > 0.0f) || std::isinf(factors[i])) {
        return Error(StatusCode::kCorrupt,
                     "{}: tensor '{}', element {}: expected a positive number, found {}",
                     FileOf(tensor), tensor.name, i, factors[i]);
      }
    }
    return factors;
  }

  Linear Matrix(Role role, Role bias, int layer) {
    return {.w = Pack(View(role, layer)), .bias = Vector(bias, layer)};
  }

  PackedMatrix Pack(const TensorView& view) {
    PackedMatrix packed{.dtype = view.dtype, .n = view.rows(), .k = view.cols()};
    packed.panel_bytes = PackedPanelBytes(view.dtype, packed.k);
    uint8_t* data = Allocate(packed.panels() * packed.panel_bytes);
    packed.data = data;
    const int64_t row_bytes = *TensorBytes(view.dtype, 1, packed.k);
    team_.Run([&](int thread) {
      const Range part = SplitEvenly(packed.panels(), thread, team_.size());
      for (int64_t p = part.begin; p < part.end; ++p) {
        PackPanel(view.dtype, packed.k, PanelRows(view.data, row_bytes, packed.n, p).rows,
                  data + p * packed.panel_bytes);
      }
    });
    return packed;
  }

 private:
  const std::string& FileOf(const NamedTensor& tensor) const {
    return checkpoint_.tensors.files[tensor.file].path();
  }

  uint8_t* Allocate(int64_t bytes) {
    weights_->storage.emplace_back(bytes);
    weights_->bytes += bytes;
    return weights_->storage.back().data();
  }

  Status CheckLeftOver(const std::set<std::string>& used) const {
    for (const NamedTensor& tensor : checkpoint_.tensors.tensors) {
      if (used.contains(tensor.name)) continue;
      // Older exports keep the rope's frequencies, which the configuration gives anyway.
      if (tensor.name.ends_with(".rotary_emb.inv_freq")) continue;
      if (tensor.name == "lm_head.weight" && IsCopyOfEmbedding(tensor)) continue;
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}' {} has no place in this model; a setting that needs it may be "
                   "missing from the configuration",
                   FileOf(tensor), Printable(tensor.name), ShapeToString(tensor.view.shape));
    }
    return OkStatus();
  }

  // Some exports of tied models write the table twice.
  bool IsCopyOfEmbedding(const NamedTensor& tensor) const {
    if (!Has(Role::kEmbedding, -1)) return false;
    const TensorView& embedding = View(Role::kEmbedding, -1);
    return embedding.dtype == tensor.view.dtype && embedding.bytes == tensor.view.bytes &&
           std::memcmp(embedding.data, tensor.view.data, embedding.bytes) == 0;
  }

  const Checkpoint& checkpoint_;
  ThreadTeam& team_;
  Weights* weights_;
  std::map<std::pair<Role, int>, const NamedTensor*> found_;
};

}  // namespace

Result<Weights> BindWeights(const Checkpoint& checkpoint, const ModelSpec& spec,
                            ThreadTeam& team) try {
  Weights weights;
  Binder binder(checkpoint, team, &weights);
  RETURN_IF_ERROR(binder.Find(ModelTensors(spec)));

  weights.embedding = binder.View(Role::kEmbedding, -1);
  weights.output_norm = binder.Vector(Role::kOutputNorm, -1);
  weights.output.w =
      binder.Pack(binder.View(spec.tied_embedding ? Role::kEmbedding : Role::kOutput, -1));
  ASSIGN_OR_RETURN(weights.rope_factors, binder.RopeFactors());
  for (int l = 0; l < spec.n_layers(); ++l) {
    LayerWeights layer;
    layer.gqa = {.norm = binder.Vector(Role::kAttnNorm, l),
                 .q = binder.Matrix(Role::kAttnQ, Role::kAttnQBias, l),
                 .k = binder.Matrix(Role::kAttnK, Role::kAttnKBias, l),
                 .v = binder.Matrix(Role::kAttnV, Role::kAttnVBias, l),
                 .o = binder.Matrix(Role::kAttnO, Role::kAttnOBias, l),
                 .q_norm = binder.Vector(Role::kAttnQNorm, l),
                 .k_norm = binder.Vector(Role::kAttnKNorm, l)};
    layer.glu = {.norm = binder.Vector(Role::kFfnNorm, l),
                 .gate = binder.Matrix(Role::kFfnGate, Role::kFfnGateBias, l),
                 .up = binder.Matrix(Role::kFfnUp, Role::kFfnUpBias, l),
                 .down = binder.Matrix(Role::kFfnDown, Role::kFfnDownBias, l)};
    weights.layers.push_back(layer);
  }
  return weights;
} catch (const std::bad_alloc&) {
  return Error(StatusCode::kResourceExhausted, "{}: not enough memory for the packed weights",
               checkpoint.path);
}

}  // namespace frugal
