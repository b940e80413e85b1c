#include "model/weight_bytes.h"

namespace frugal {
namespace {

int64_t Parts(int64_t n, int64_t size) { return size > 0 ? (n + size - 1) / size : 1; }

bool NeverPacked(const TensorDesc& desc) {
  switch (desc.role) {
    case Role::kEmbedding:
    case Role::kOutput:
    case Role::kRouter:
    case Role::kSharedExpertGate:
    case Role::kDeltaConv:
      return true;
    default:
      return desc.shape.size() < 2;
  }
}

bool IsExpert(const TensorDesc& desc) {
  return desc.role == Role::kExpertGate || desc.role == Role::kExpertUp ||
         desc.role == Role::kExpertDown;
}

// The module that a tensor's name belongs to; of experts the first.
std::string ModuleOf(std::string name) {
  if (const size_t at = name.find("{e}"); at != std::string::npos) name.replace(at, 3, "0");
  constexpr std::string_view kWeight = ".weight";
  if (name.ends_with(kWeight)) name.resize(name.size() - kWeight.size());
  return name;
}

int64_t PackedBytes(const QuantScheme& scheme, int64_t matrices, int64_t n, int64_t k) {
  if (scheme.method == QuantMethod::kMxfp4) return matrices * n * Parts(k, 32) * 17;
  const QuantGroup& group = scheme.groups.front();
  int64_t scales = n;
  if (group.sharing == ScaleSharing::kTensor) scales = 1;
  if (group.sharing == ScaleSharing::kGroup) scales = n * Parts(k, group.group_size);
  if (group.sharing == ScaleSharing::kBlock) {
    scales = Parts(n, group.block_rows) * Parts(k, group.block_cols);
  }
  const int bits = group.is_float ? 8 : group.bits;
  int64_t bytes = n * k * bits / 8 + scales * (group.is_float ? 4 : 2);
  if (!group.symmetric) bytes += scales * bits / 8;
  if (scheme.method == QuantMethod::kGptq) bytes += 4 * k;  // the columns' groups
  return matrices * bytes;
}

const char* PackedName(const QuantScheme& scheme) {
  if (scheme.method == QuantMethod::kMxfp4) return "MXFP4";
  if (scheme.groups.front().is_float) return "FP8";
  return scheme.groups.front().bits == 4 ? "int4" : "int8";
}

}  // namespace

std::map<std::string, int64_t> EstimateWeightBytes(const Metadata& config,
                                                   const std::vector<TensorDesc>& table,
                                                   const QuantScheme& scheme) {
  Result<std::string> named = config.GetString("torch_dtype");
  if (!named.ok()) named = config.GetString("dtype");
  const bool f32 = named.ok() && *named == "float32";
  const char* plain = f32 ? "F32" : named.ok() && *named == "float16" ? "F16" : "BF16";
  std::map<std::string, int64_t> bytes;
  for (const TensorDesc& desc : table) {
    if (desc.hf.name.empty()) continue;
    const bool packed = scheme.method != QuantMethod::kNone && !NeverPacked(desc) &&
                        (scheme.method != QuantMethod::kMxfp4 || IsExpert(desc)) &&
                        Packs(scheme, ModuleOf(desc.hf.name));
    if (packed) {
      const size_t rank = desc.shape.size();
      const int64_t n = desc.shape[rank - 2];
      const int64_t k = desc.shape[rank - 1];
      bytes[PackedName(scheme)] += PackedBytes(scheme, NumElements(desc.shape) / (n * k), n, k);
    } else {
      bytes[plain] += NumElements(desc.shape) * (f32 ? 4 : 2);
    }
  }
  return bytes;
}

}  // namespace frugal
