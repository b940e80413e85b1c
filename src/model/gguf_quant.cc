#include "model/gguf_quant.h"

#include <fmt/core.h>

namespace frugal {
namespace {

// general.file_type: llama.cpp's llama_ftype.
struct FileType {
  DType dtype;
  int64_t number;
};
constexpr FileType kFileTypes[] = {{DType::kF32, 0},   {DType::kF16, 1},   {DType::kBF16, 32},
                                   {DType::kQ8_0, 7},  {DType::kQ4_0, 2},  {DType::kQ4_1, 3},
                                   {DType::kQ5_0, 8},  {DType::kQ5_1, 9},  {DType::kQ4_K, 14},
                                   {DType::kQ5_K, 16}, {DType::kQ6_K, 18}, {DType::kMXFP4, 38}};

// Matrices that are small and decide much, or that readers expect in float32.
bool StaysFloat(const PlanTensor& tensor) {
  switch (tensor.role) {
    case Role::kRouter:
    case Role::kSharedExpertGate:
    case Role::kDeltaConv:
      return true;
    default:
      return tensor.vector || !tensor.values.empty();
  }
}

// Where the block does not divide a row.
DType Fitting(DType type, int64_t k) {
  const auto fits = [&](DType t) { return k % GetDType(t).block_size == 0; };
  if (fits(type)) return type;
  const DType next = type == DType::kQ4_K   ? DType::kQ5_0
                     : type == DType::kQ5_K ? DType::kQ5_1
                     : type == DType::kQ6_K ? DType::kQ8_0
                                            : DType::kF16;
  return fits(next) ? next : DType::kF16;
}

// Before rows that do not fit are seen to.
DType Wanted(std::optional<DType> asked, const ModelSpec& spec, const PlanTensor& tensor) {
  if (!asked) {
    const DType* own = OwnType(tensor);
    const bool has = own != nullptr && GetDType(*own).in_gguf;
    return has ? *own : DType::kBF16;
  }
  if (*asked == DType::kMXFP4) {
    const bool packed = MoeLayers(spec) > 0 ? IsPerExpert(tensor.role) : tensor.layer >= 0;
    return packed ? DType::kMXFP4 : DType::kQ8_0;
  }
  const bool head = tensor.role == (spec.tied_embedding ? Role::kEmbedding : Role::kOutput);
  switch (*asked) {
    case DType::kQ4_0:
    case DType::kQ4_1:
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ4_K:
    case DType::kQ5_K:
      return head ? DType::kQ6_K : *asked;
    default:
      return *asked;
  }
}

}  // namespace

const DType* OwnType(const PlanTensor& tensor) {
  const DType* type = nullptr;
  for (const PlanPart& part : tensor.parts) {
    const DType* own = part.transposed_heads ? nullptr : CopyType(*part.source);
    if (own == nullptr || (type != nullptr && *own != *type)) return nullptr;
    type = own;
  }
  return tensor.column_scales.empty() ? type : nullptr;
}

std::vector<DType> GgufExportTypes() {
  std::vector<DType> types;
  for (const FileType& type : kFileTypes) types.push_back(type.dtype);
  return types;
}

GgufTypes ChooseTypes(std::optional<DType> asked, const ModelSpec& spec, GgufPlan* plan) {
  GgufTypes chosen;
  GgufExportSummary& summary = chosen.summary;
  summary.arch = plan->arch;
  summary.tensors = static_cast<int64_t>(plan->tensors.size());
  DType embedding = DType::kF32;
  bool quantized = false;
  for (const PlanTensor& tensor : plan->tensors) {
    const int64_t k = tensor.shape.back();
    const DType wanted = StaysFloat(tensor) ? DType::kF32 : Wanted(asked, spec, tensor);
    const DType type = Fitting(wanted, k);
    if (type != wanted) {
      ++summary.fallbacks[fmt::format("{} → {}", GetDType(wanted).name, GetDType(type).name)];
    }
    ++summary.types[GetDType(type).name];
    summary.bytes += *TensorBytes(type, NumElements(tensor.shape) / k, k);
    if (tensor.role == Role::kEmbedding) embedding = type;
    quantized = quantized || GetDType(type).block_size > 1;
    chosen.tensors.push_back({tensor.name, type, tensor.shape});
  }
  const DType file_type = asked.value_or(embedding);
  for (const FileType& known : kFileTypes) {
    if (known.dtype == file_type) plan->metadata.values["general.file_type"] = known.number;
  }
  if (quantized) plan->metadata.values["general.quantization_version"] = int64_t{2};
  return chosen;
}

}  // namespace frugal
