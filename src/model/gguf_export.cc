#include "model/gguf_export.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "formats/gguf.h"
#include "kernels/codec/codec.h"
#include "model/arch/family.h"
#include "model/gguf_plan.h"

namespace frugal {
namespace {

constexpr int64_t kBatchFloats = int64_t{1} << 22;  // weights in work at a time
constexpr float kMaxHalf = 65504.0f;

// One tensor of the file, made batch by batch.
class TensorStream {
 public:
  TensorStream(const PlanTensor& plan, DType dtype, ThreadTeam& team)
      : plan_(plan),
        dtype_(dtype),
        team_(team),
        k_(plan.shape.back()),
        rows_(NumElements(plan.shape) / plan.shape.back()),
        row_bytes_(*TensorBytes(dtype, 1, plan.shape.back())) {
    const DType* own = OwnType(plan);
    copies_ = own != nullptr && *own == dtype;
  }

  Status WriteTo(GgufWriter* writer) {
    const int64_t batch = std::clamp<int64_t>(kBatchFloats / k_, 1, rows_);
    std::vector<uint8_t> bytes(batch * row_bytes_);
    for (int64_t row = 0; row < rows_; row += batch) {
      const int64_t count = std::min(batch, rows_ - row);
      team_.Run([&](int thread) {
        const Range part = SplitEvenly(count, thread, team_.size());
        if (copies_) {
          CopyRows(row + part.begin, part.end - part.begin, bytes.data() + part.begin * row_bytes_);
        } else {
          EncodeRows(row + part.begin, part.end - part.begin,
                     bytes.data() + part.begin * row_bytes_);
        }
      });
      if (unfit_.load()) {
        return Error(StatusCode::kUnsupported,
                     "tensor '{}' holds values that {} cannot: not finite, or beyond its range",
                     plan_.name, GetDType(dtype_).name);
      }
      RETURN_IF_ERROR(writer->Write({bytes.data(), static_cast<size_t>(count * row_bytes_)}));
    }
    return OkStatus();
  }

 private:
  // The part that row `row` comes from, and its number there.
  const PlanPart& PartOf(int64_t row, int64_t* part_row) const {
    for (const PlanPart& part : plan_.parts) {
      const RowSelect& rows = part.rows;
      if (rows.whole()) {
        *part_row = row;
        return part;
      }
      const int64_t place = row % rows.stride - rows.begin;
      if (place < 0 || place >= rows.count) continue;
      *part_row = row / rows.stride * rows.count + place;
      return part;
    }
    *part_row = 0;
    return plan_.parts[0];
  }

  void CopyRows(int64_t row, int64_t count, uint8_t* dst) {
    std::vector<uint8_t> scratch;
    for (int64_t i = 0; i < count; ++i) {
      int64_t at = 0;
      const PlanPart& part = PartOf(row + i, &at);
      at = part.order.SourceRow(at);
      const SourceTensor& source = *part.source;
      std::memcpy(dst + i * row_bytes_, CopyRow(source, at / source.n, at % source.n, &scratch),
                  row_bytes_);
    }
  }

  void EncodeRows(int64_t row, int64_t count, uint8_t* dst) {
    constexpr int64_t kStep = 16;  // rows read together
    std::vector<float> values(kStep * k_);
    for (int64_t i = 0; i < count; i += kStep) {
      const int64_t step = std::min(kStep, count - i);
      if (plan_.vector || !plan_.values.empty()) {
        ReadVectors(row + i, step, values.data());
      } else {
        ReadMatrixRows(row + i, step, values.data());
      }
      for (int64_t r = 0; r < step; ++r) {
        float* out = values.data() + r * k_;
        for (size_t c = 0; c < plan_.column_scales.size(); ++c) out[c] *= plan_.column_scales[c];
        if (!Fits(out)) unfit_.store(true);
        EncodeRow(dtype_, out, k_, dst + (i + r) * row_bytes_);
      }
    }
  }

  bool Fits(const float* values) const {
    if (dtype_ == DType::kF32 || dtype_ == DType::kBF16) return true;
    const float bound = dtype_ == DType::kF16 ? kMaxHalf : INFINITY;
    return std::all_of(values, values + k_,
                       [&](float x) { return std::isfinite(x) && std::abs(x) <= bound; });
  }

  // Row e is expert e's vector; one without experts is row 0.
  void ReadVectors(int64_t row, int64_t count, float* dst) const {
    for (int64_t r = 0; r < count; ++r) {
      if (!plan_.values.empty()) {
        std::copy(plan_.values.begin(), plan_.values.end(), dst + r * k_);
        continue;
      }
      for (const PlanPart& part : plan_.parts) {
        std::vector<float> own(part.source->k);
        ReadRows(*part.source, row + r, 0, 1, own.data());
        for (int64_t i = 0; i < part.source->k; ++i) {
          dst[r * k_ + part.rows.StoredRow(i)] = own[part.order.SourceRow(i)];
        }
      }
    }
  }

  void ReadMatrixRows(int64_t row, int64_t count, float* dst) const {
    for (int64_t i = 0; i < count;) {
      int64_t at = 0;
      const PlanPart& part = PartOf(row + i, &at);
      const SourceTensor& source = *part.source;
      // As many rows as stand together in the source.
      int64_t together = 1;
      if (part.transposed_heads) {
        const int64_t rank = plan_.shape[plan_.shape.size() - 2];
        together = std::min(count - i, rank - at % rank);
        ReadTransposedHead(source, at / rank, at % rank, together, dst + i * k_);
      } else {
        if (part.rows.whole() && part.order.head == 0) {
          together = std::min(count - i, source.n - at % source.n);
        }
        const int64_t from = part.order.SourceRow(at);
        ReadRows(source, from / source.n, from % source.n, together, dst + i * k_);
      }
      i += together;
    }
  }

  // Columns [first, first + count) of head `head`'s block of k_ rows.
  void ReadTransposedHead(const SourceTensor& source, int64_t head, int64_t first, int64_t count,
                          float* dst) const {
    std::vector<float> block(k_ * source.k);
    ReadRows(source, 0, head * k_, k_, block.data());
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t c = 0; c < k_; ++c) dst[r * k_ + c] = block[c * source.k + first + r];
    }
  }

  const PlanTensor& plan_;
  const DType dtype_;
  ThreadTeam& team_;
  const int64_t k_;
  const int64_t rows_;
  const int64_t row_bytes_;
  bool copies_ = false;
  std::atomic<bool> unfit_{false};
};

// Ids of start and ends that the vocabulary's own keys do not have. GGUF has names for three ends.
void AddTokenIds(const ModelSpec& spec, Metadata* metadata) {
  auto& values = metadata->values;
  const std::string prefix = "tokenizer.ggml.";
  if (spec.bos_id >= 0) values.try_emplace(prefix + "bos_token_id", int64_t{spec.bos_id});
  std::vector<int32_t> ends = spec.stop_ids;
  if (const auto eos = metadata->GetInt(prefix + "eos_token_id"); eos.ok()) {
    std::erase(ends, static_cast<int32_t>(*eos));
  }
  size_t next = 0;
  for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"}) {
    if (next < ends.size() && values.try_emplace(prefix + key, int64_t{ends[next]}).second) ++next;
  }
}

}  // namespace

Result<GgufExportSummary> ExportGguf(const Checkpoint& source, const std::string& path,
                                     const GgufExportOptions& options, ThreadTeam& team) {
  ASSIGN_OR_RETURN(const ModelSpec spec, ParseModelSpec(source));
  ASSIGN_OR_RETURN(const TensorReader reader, OpenTensors(source, spec));
  Metadata extra = options.metadata;
  AddTokenIds(spec, &extra);
  ASSIGN_OR_RETURN(GgufPlan plan, PlanGguf(source, spec, reader, extra));

  const GgufTypes types = ChooseTypes(options.type, spec, &plan);
  ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::Create(path, plan.metadata, types.tensors));
  for (size_t t = 0; t < plan.tensors.size(); ++t) {
    if (options.progress) options.progress(static_cast<int64_t>(t), types.summary.tensors);
    RETURN_IF_ERROR(TensorStream(plan.tensors[t], types.tensors[t].dtype, team).WriteTo(&writer));
  }
  RETURN_IF_ERROR(writer.Commit());
  return types.summary;
}

}  // namespace frugal
