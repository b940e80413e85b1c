#include "model/gguf_synth.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/codec/codec.h"
#include "model/arch/family.h"
#include "model/tensor_reader.h"

namespace frugal {
namespace {

// ---- The plan -----------------------------------------------------------------------------------

// xIELU's learned parameters go among the keys, so these are read: as Apertus starts training.
constexpr float kXieluAlpha = 0.8f;

// Every tensor that the table wants is there; of no other than xIELU's is there more than the name.
void ListTensors(const ModelSpec& spec, TensorReader* reader) {
  for (const TensorDesc& desc : ModelTensors(spec)) {
    if (desc.hf.name.empty() || !desc.required) continue;
    SourceTensor& tensor = reader->tensors[{desc.role, desc.layer}];
    tensor.desc = desc;
    tensor.stored = &tensor.desc.hf;
    if (desc.role != Role::kXieluAlphaP && desc.role != Role::kXieluAlphaN) continue;
    tensor.vector = true;
    tensor.k = 1;
    tensor.vectors.push_back({.dtype = DType::kF32,
                              .shape = {1},
                              .data = reinterpret_cast<const uint8_t*>(&kXieluAlpha),
                              .bytes = sizeof(kXieluAlpha)});
  }
}

Status KeepLayers(const std::string& path, int layers, ModelSpec* spec) {
  if (layers < 0 || layers > spec->n_layers()) {
    return Error(StatusCode::kInvalidArgument, "{}: layers: expected 1 to {}, found {}", path,
                 spec->n_layers(), layers);
  }
  const auto sparse = std::ranges::find_if(
      spec->layers, [](const LayerSpec& layer) { return layer.moe() != nullptr; });
  const auto first = static_cast<int>(sparse - spec->layers.begin()) + 1;
  if (layers > 0 && sparse != spec->layers.end() && layers < first) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: layers: the first with experts is number {}; keep at least that many, found "
                 "{}",
                 path, first, layers);
  }
  if (layers > 0) spec->layers.resize(layers);
  return OkStatus();
}

// ---- Random numbers -----------------------------------------------------------------------------

// splitmix64 (Steele, Lea, Flood 2014) at a counter.
uint64_t Random(uint64_t seed, uint64_t counter) {
  uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Nearly normal, of mean 0 and variance 1: the sum of eight uniform 16-bit numbers, so that no
// library's logarithm decides a bit.
float Normal(uint64_t seed, uint64_t counter) {
  int32_t sum = 0;
  for (const uint64_t word : {Random(seed, 2 * counter), Random(seed, 2 * counter + 1)}) {
    for (int shift = 0; shift < 64; shift += 16)
      sum += static_cast<int32_t>(word >> shift & 0xffff);
  }
  constexpr float kMean = 8 * 65535 / 2.0f;
  constexpr float kDeviation = 53509.9f;  // √(8·(2^32 − 1) / 12)
  return (static_cast<float>(sum) - kMean) / kDeviation;
}

// What a tensor's numbers are like.
struct Kind {
  DType type = DType::kF32;
  float mean = 0.0f;
  float deviation = 0.0f;

  auto operator<=>(const Kind&) const = default;
};

Kind KindOf(const PlanTensor& tensor, DType type) {
  if (!tensor.vector) {
    return {type, 0.0f, 1.0f / std::sqrt(static_cast<float>(tensor.shape.back()))};
  }
  switch (tensor.role) {
    case Role::kOutputNorm:
    case Role::kMixerNorm:
    case Role::kPostMixerNorm:
    case Role::kFfnNorm:
    case Role::kPostFfnNorm:
    case Role::kAttnQNorm:
    case Role::kAttnKNorm:
    case Role::kAttnOutNorm:
    case Role::kMlaQANorm:
    case Role::kMlaKvANorm:
      return {type, 1.0f, 0.05f};
    case Role::kDeltaALog:  // −e^A_log there: it must be negative, or states grow
      return {type, -1.0f, 0.1f};
    case Role::kAttnSinks:
      return {type, 0.0f, 1.0f};
    default:  // biases
      return {type, 0.0f, 0.02f};
  }
}

// ---- The bytes ----------------------------------------------------------------------------------

// Encoding K formats takes far longer than writing them, so each kind is encoded once, into a pool
// of this many numbers at most, and a tensor is a row of pieces from random places of its pool.
constexpr int64_t kPoolElements = int64_t{1} << 20;

struct Pool {
  int64_t elements = 0;
  std::vector<uint8_t> bytes;
};

void Fill(const Kind& kind, uint64_t seed, ThreadTeam& team, Pool* pool) {
  const DTypeInfo& info = GetDType(kind.type);
  const int64_t blocks = pool->elements / info.block_size;
  pool->bytes.resize(blocks * info.block_bytes);
  team.Run([&](int thread) {
    constexpr int64_t kStep = 4096;  // elements at a time: whole blocks
    std::vector<float> values(kStep);
    const Range part = SplitEvenly((pool->elements + kStep - 1) / kStep, thread, team.size());
    for (int64_t at = part.begin * kStep; at < std::min(part.end * kStep, pool->elements);
         at += kStep) {
      const int64_t count = std::min(kStep, pool->elements - at);
      for (int64_t i = 0; i < count; ++i) {
        values[i] = kind.mean + kind.deviation * Normal(seed, at + i);
      }
      EncodeRow(kind.type, values.data(), count,
                pool->bytes.data() + at / info.block_size * info.block_bytes);
    }
  });
}

Status WriteTensor(const Pool& pool, const DTypeInfo& info, int64_t elements, uint64_t seed,
                   GgufWriter* writer) {
  const int64_t pool_blocks = pool.elements / info.block_size;
  const int64_t most = std::max<int64_t>(1, pool_blocks / 4);
  int64_t left = elements / info.block_size;
  for (uint64_t piece = 0; left > 0; ++piece) {
    const int64_t count = std::min(left, most);
    const auto places = static_cast<uint64_t>(pool_blocks - count + 1);
    const auto first = static_cast<int64_t>(Random(seed, piece) % places);
    RETURN_IF_ERROR(writer->Write({pool.bytes.data() + first * info.block_bytes,
                                   static_cast<size_t>(count * info.block_bytes)}));
    left -= count;
  }
  return OkStatus();
}

}  // namespace

Result<SynthModel> PlanSynth(const Checkpoint& shape, DType type, int layers,
                             const Metadata& metadata) {
  SynthModel model;
  ASSIGN_OR_RETURN(model.spec, ParseModelSpec(shape));
  RETURN_IF_ERROR(KeepLayers(shape.path, layers, &model.spec));
  model.spec.mtp_layers.clear();
  model.spec.norm_head = false;  // GGUF has the head with its columns' lengths divided out
  TensorReader reader;
  ListTensors(model.spec, &reader);
  ASSIGN_OR_RETURN(model.plan, PlanGguf(shape, model.spec, reader, metadata));
  for (PlanTensor& tensor : model.plan.tensors) tensor.parts.clear();
  model.types = ChooseTypes(type, model.spec, &model.plan);
  ASSIGN_OR_RETURN(model.file_bytes,
                   GgufFileBytes(shape.path, model.plan.metadata, model.types.tensors));
  return model;
}

Status WriteSynth(const SynthModel& model, const std::string& path, uint64_t seed,
                  const std::function<void(int64_t tensor, int64_t tensors)>& progress,
                  ThreadTeam& team) {
  const std::vector<GgufTensor>& header = model.types.tensors;
  ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::Create(path, model.plan.metadata, header));
  std::map<Kind, Pool> pools;
  for (size_t t = 0; t < header.size(); ++t) {
    const PlanTensor& tensor = model.plan.tensors[t];
    Pool& pool = pools[KindOf(tensor, header[t].dtype)];
    pool.elements = std::max(pool.elements, std::min(kPoolElements, NumElements(tensor.shape)));
  }
  uint64_t number = 0;
  for (auto& [kind, pool] : pools) Fill(kind, Random(seed, number++), team, &pool);
  for (size_t t = 0; t < header.size(); ++t) {
    if (progress) progress(static_cast<int64_t>(t), static_cast<int64_t>(header.size()));
    const PlanTensor& tensor = model.plan.tensors[t];
    if (!tensor.values.empty()) {
      RETURN_IF_ERROR(writer.Write({reinterpret_cast<const uint8_t*>(tensor.values.data()),
                                    tensor.values.size() * sizeof(float)}));
      continue;
    }
    RETURN_IF_ERROR(WriteTensor(pools[KindOf(tensor, header[t].dtype)], GetDType(header[t].dtype),
                                NumElements(tensor.shape), Random(seed, number++), &writer));
  }
  return writer.Commit();
}

}  // namespace frugal
