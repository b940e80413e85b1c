#include "model/gguf_plan.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"
#include "model/arch/family.h"
#include "model/gguf_keys.h"
#include "model/spec_difference.h"

namespace frugal {
namespace {

// As GGUF's own readers see the file: keys, and tensors by name and shape.
Result<Checkpoint> Preview(const std::string& path, const Metadata& metadata,
                           const std::vector<TensorDesc>& table, const TensorReader& reader) {
  Checkpoint preview;
  preview.container = Container::kGguf;
  preview.path = path;
  preview.metadata = metadata;
  std::set<std::string> names;
  for (const TensorDesc& desc : table) {
    const bool there =
        reader.Find(desc.role, desc.layer) != nullptr || desc.role == Role::kMlaKBTransposed;
    if (desc.gguf.name.empty() || !there || !names.insert(desc.gguf.name).second) continue;
    preview.tensors.tensors.push_back(
        {.name = desc.gguf.name, .view = {.dtype = DType::kF32, .shape = desc.shape}});
  }
  RETURN_IF_ERROR(IndexTensors(&preview.tensors));
  return preview;
}

// The order of rope's pairs in this tensor, between two specs of the same model.
RopeOrder OrderOf(Role role, const LayerSpec& layer, const std::vector<RopeSpec>& from,
                  const std::vector<RopeSpec>& to) {
  const auto order = [&](int rope, int64_t head, int64_t offset) -> RopeOrder {
    if (rope < 0 || from[rope].interleaved == to[rope].interleaved) return {};
    return {.head = head,
            .offset = offset,
            .rotary = from[rope].rotary_dim,
            .to_neighbours = to[rope].interleaved};
  };
  if (const auto* gqa = std::get_if<GqaSpec>(&layer.mixer)) {
    switch (role) {
      case Role::kAttnQ:
      case Role::kAttnK:
      case Role::kAttnQBias:
      case Role::kAttnKBias:
      case Role::kAttnQNorm:
      case Role::kAttnKNorm:
        return order(gqa->rope, gqa->head_dim, 0);
      default:
        return {};
    }
  }
  if (const MlaSpec* mla = layer.mla()) {
    switch (role) {
      case Role::kAttnQ:
      case Role::kMlaQB:
        return order(mla->rope, mla->qk_head_dim(), mla->qk_nope_head_dim);
      case Role::kMlaKvA:
      case Role::kMlaKvABias:
        return order(mla->rope, mla->latent_dim(), mla->kv_lora_rank);
      default:
        return {};
    }
  }
  return {};
}

// One over each column's length over all rows of the head.
std::vector<float> ColumnScales(const SourceTensor& head) {
  std::vector<double> squares(head.k);
  std::vector<float> row(head.k);
  for (int64_t v = 0; v < head.n; ++v) {
    ReadRows(head, 0, v, 1, row.data());
    for (int64_t c = 0; c < head.k; ++c) squares[c] += double{row[c]} * row[c];
  }
  std::vector<float> scales(head.k);
  for (int64_t c = 0; c < head.k; ++c) {
    scales[c] = 1.0f / std::max(1e-7f, static_cast<float>(std::sqrt(squares[c])));
  }
  return scales;
}

class Planner {
 public:
  Planner(const Checkpoint& source, const ModelSpec& spec, const TensorReader& reader)
      : source_(source), spec_(spec), reader_(reader) {}

  Result<GgufPlan> Plan(const Metadata& extra) {
    if (source_.container == Container::kGguf) {
      plan_.arch = *source_.metadata.GetString("general.architecture");
      plan_.metadata = source_.metadata;
      std::erase_if(plan_.metadata.values,
                    [](const auto& item) { return item.first.starts_with("split."); });
      gguf_spec_ = spec_;
    } else {
      RETURN_IF_ERROR(SetSpec(extra));
    }
    for (const TensorDesc& desc : ModelTensors(gguf_spec_)) RETURN_IF_ERROR(AddTensor(desc));
    for (const auto& [key, tensor] : reader_.tensors) {
      if (used_.contains(key)) continue;
      return Error(StatusCode::kUnsupported,
                   "{}: GGUF's architecture '{}' has no place for tensor '{}'", source_.path,
                   plan_.arch, tensor.stored->name);
    }
    return std::move(plan_);
  }

 private:
  // The model as the GGUF file will describe it.
  Status SetSpec(const Metadata& extra) {
    Result<std::string> arch = GgufArch(spec_);
    if (!arch.ok()) return arch.status().WithContext(source_.path);
    plan_.arch = *arch;
    plan_.metadata = MakeGgufKeys(spec_, *arch);
    for (const auto& [key, value] : extra.values) plan_.metadata.values[key] = value;
    AddXielu();
    // llama.cpp wants latent attention's two halves apart.
    ModelSpec split = spec_;
    for (std::vector<LayerSpec>* layers : {&split.layers, &split.mtp_layers}) {
      for (LayerSpec& layer : *layers) {
        if (auto* mla = std::get_if<MlaSpec>(&layer.mixer)) mla->split_kv_b = true;
      }
    }
    ASSIGN_OR_RETURN(const Checkpoint preview,
                     Preview(source_.path, plan_.metadata, ModelTensors(split), reader_));
    const auto cannot = [&](const std::string& why) {
      return Error(StatusCode::kUnsupported,
                   "{}: GGUF's architecture '{}' cannot express this model: {}", source_.path,
                   plan_.arch, why);
    };
    Result<ModelSpec> parsed = ParseModelSpec(preview);
    if (!parsed.ok()) return cannot(parsed.status().message());
    gguf_spec_ = *std::move(parsed);
    for (size_t i = 0; i < std::min(spec_.ropes.size(), gguf_spec_.ropes.size()); ++i) {
      gguf_spec_.ropes[i].freq_factors = GgufRopeFactors(spec_.ropes[i]);
    }
    const std::string difference = SpecDifference(spec_, gguf_spec_);
    return difference.empty() ? OkStatus() : cannot(difference);
  }

  // GGUF has the parameters of xIELU among its keys.
  void AddXielu() {
    if (reader_.Find(Role::kXieluAlphaP, 0) == nullptr) return;
    const auto add = [&](const char* key, Role role, float constant) {
      std::vector<double> values;
      for (int l = 0; l < spec_.n_layers(); ++l) {
        float value = constant;
        if (const SourceTensor* tensor = reader_.Find(role, l)) {
          ReadRows(*tensor, 0, 0, 1, &value);
          used_.insert({role, l});
        }
        values.push_back(value);
      }
      plan_.metadata.values[key] = std::move(values);
    };
    add("xielu.alpha_p", Role::kXieluAlphaP, 0.0f);
    add("xielu.alpha_n", Role::kXieluAlphaN, 0.0f);
    // Constants, which older exports do not repeat.
    add("xielu.beta", Role::kXieluBeta, 0.5f);
    add("xielu.eps", Role::kXieluEps, -1e-6f);
  }

  Status AddTensor(const TensorDesc& desc) {
    if (desc.gguf.name.empty()) return OkStatus();
    PlanPart part{.rows = desc.gguf.rows};
    Role role = desc.role;
    if (role == Role::kMlaKBTransposed && reader_.Find(role, desc.layer) == nullptr) {
      role = Role::kMlaKB;
      part.transposed_heads = true;
    }
    part.source = reader_.Find(role, desc.layer);
    if (part.source == nullptr) {
      if (role == Role::kRopeFactors && !gguf_spec_.ropes[0].freq_factors.empty()) {
        New(desc).values = gguf_spec_.ropes[0].freq_factors;
      } else if (desc.required) {
        return Error(StatusCode::kUnsupported,
                     "{}: GGUF's architecture '{}' wants a tensor '{}', which this model has not",
                     source_.path, plan_.arch, desc.gguf.name);
      }
      return OkStatus();
    }
    used_.insert({role, desc.layer});
    CHECK(desc.gguf_load == Load::kAsIs);  // what is read has its load behind it
    if (desc.layer >= 0) {
      part.order = OrderOf(role, spec_.layer(desc.layer), spec_.ropes, gguf_spec_.ropes);
    }
    auto tensor = std::ranges::find(plan_.tensors, desc.gguf.name, &PlanTensor::name);
    if (tensor == plan_.tensors.end()) {
      New(desc);
      tensor = plan_.tensors.end() - 1;
    }
    if (role == Role::kOutput && spec_.norm_head)
      tensor->column_scales = ColumnScales(*part.source);
    tensor->parts.push_back(part);
    return OkStatus();
  }

  PlanTensor& New(const TensorDesc& desc) {
    PlanTensor tensor{.name = desc.gguf.name, .shape = desc.shape, .role = desc.role};
    tensor.layer = desc.layer;
    tensor.vector = desc.shape.size() == (IsPerExpert(desc.role) ? 2u : 1u);
    if (!desc.gguf.rows.whole()) {
      tensor.shape[desc.shape.size() - (tensor.vector ? 1 : 2)] =
          desc.gguf.rows.groups * desc.gguf.rows.stride;
    }
    plan_.tensors.push_back(std::move(tensor));
    return plan_.tensors.back();
  }

  const Checkpoint& source_;
  const ModelSpec& spec_;
  const TensorReader& reader_;
  ModelSpec gguf_spec_;
  GgufPlan plan_;
  std::set<std::pair<Role, int>> used_;
};

}  // namespace

int64_t RopeOrder::SourceRow(int64_t row) const {
  if (head == 0) return row;
  const int64_t place = row % head - offset;
  if (place < 0 || place >= rotary) return row;
  const int64_t half = rotary / 2;
  const int64_t source = to_neighbours  ? place % 2 * half + place / 2
                         : place < half ? 2 * place
                                        : 2 * (place - half) + 1;
  return row - place + source;
}

Result<GgufPlan> PlanGguf(const Checkpoint& source, const ModelSpec& spec,
                          const TensorReader& reader, const Metadata& extra) {
  return Planner(source, spec, reader).Plan(extra);
}

}  // namespace frugal
