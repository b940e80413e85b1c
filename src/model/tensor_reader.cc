#include "model/tensor_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "formats/utf8.h"
#include "kernels/codec/codec.h"
#include "model/arch/family.h"
#include "model/config_reader.h"
#include "model/quant_scheme.h"

namespace frugal {
namespace {

class Finder {
 public:
  Finder(const Checkpoint& checkpoint, const ModelSpec& spec, TensorReader* reader)
      : checkpoint_(checkpoint), spec_(spec), reader_(reader) {}

  Status Find() {
    const bool gguf = checkpoint_.container == Container::kGguf;
    if (!gguf) {
      ConfigReader config(checkpoint_, spec_.family);
      scheme_ = ReadQuantScheme(config);
      RETURN_IF_ERROR(config.status());
    }
    for (const TensorDesc& desc : ModelTensors(spec_)) {
      SourceTensor& tensor = reader_->tensors[{desc.role, desc.layer}];
      tensor.desc = desc;
      tensor.stored = gguf ? &tensor.desc.gguf : &tensor.desc.hf;
      tensor.load = gguf ? desc.gguf_load : desc.hf_load;
      bool found = !tensor.stored->name.empty();
      if (found) {
        ASSIGN_OR_RETURN(found, FindOne(&tensor));
      }
      if (!found) reader_->tensors.erase({desc.role, desc.layer});
    }
    return CheckLeftOver();
  }

 private:
  // False where an optional tensor is not there.
  Result<bool> FindOne(SourceTensor* tensor) {
    const TensorDesc& desc = tensor->desc;
    const StoredName& stored = *tensor->stored;
    const bool per_expert = IsPerExpert(desc.role);
    tensor->vector = desc.shape.size() == (per_expert ? 2u : 1u);
    tensor->k = desc.shape.back();
    if (tensor->vector) {
      tensor->experts = per_expert ? desc.shape[0] : 1;
    } else {
      tensor->experts = desc.shape.size() == 3 ? desc.shape[0] : 1;
      tensor->n = desc.shape[desc.shape.size() - 2];
    }
    const size_t mark = stored.name.find("{e}");
    const bool own = mark != std::string::npos;
    Shape shape = desc.shape;
    if (own) shape.erase(shape.begin());
    if (!stored.rows.whole()) {
      shape[shape.size() - (tensor->vector ? 1 : 2)] = stored.rows.groups * stored.rows.stride;
    }
    if (stored.transposed) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
    const auto name_of = [&](int64_t e) {
      std::string name = stored.name;
      if (own) name.replace(mark, 3, std::to_string(e));
      return name;
    };
    const bool split = stored.pieces != Pieces::kNone &&
                       checkpoint_.tensors.Find(name_of(0)) == nullptr &&
                       checkpoint_.tensors.Find(PieceName(name_of(0), 0)) != nullptr;
    if (split) RETURN_IF_ERROR(SplitShape(name_of(0), stored.pieces, &shape, &tensor->pieces));
    const int64_t count = (own ? tensor->experts : 1) * tensor->pieces;
    for (int64_t i = 0; i < count; ++i) {
      std::string name = name_of(i / tensor->pieces);
      if (split) name = PieceName(name, i % tensor->pieces);
      const bool plain = tensor->vector || stored.extra_dim;
      const Status status = plain ? AddPlain(name, shape, tensor) : AddMatrix(name, shape, tensor);
      if (status.code() == StatusCode::kNotFound) {
        if (!desc.required && i == 0) return false;
        return Error(StatusCode::kCorrupt, "{}: tensor '{}' {} is missing", checkpoint_.path, name,
                     ShapeToString(shape));
      }
      RETURN_IF_ERROR(status);
    }
    return true;
  }

  static std::string PieceName(const std::string& name, int64_t piece) {
    return fmt::format("{}#TP-{:03}", name, piece);
  }

  // How many pieces `name` has, and the shape of each.
  Status SplitShape(const std::string& name, Pieces along, Shape* shape, int64_t* pieces) const {
    while (checkpoint_.tensors.Find(PieceName(name, *pieces)) != nullptr) ++*pieces;
    int64_t& dim = (*shape)[shape->size() - (along == Pieces::kColumns ? 1 : 2)];
    if (dim % *pieces != 0) {
      return Error(StatusCode::kCorrupt, "{}: tensor '{}' {}: cannot be in {} equal pieces",
                   checkpoint_.path, name, ShapeToString(*shape), *pieces);
    }
    dim /= *pieces;
    return OkStatus();
  }

  Status AddPlain(const std::string& name, Shape shape, SourceTensor* tensor) {
    if (tensor->stored->extra_dim) shape.insert(shape.end() - 1, 1);
    const NamedTensor* found = checkpoint_.tensors.Find(name);
    if (found == nullptr) return Status(StatusCode::kNotFound, name);
    // A single number may be stored without a dimension.
    if (found->view.shape != shape && !(shape == Shape{1} && found->view.shape.empty())) {
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}': expected {}, found {}; does the configuration belong to these "
                   "weights?",
                   FileOf(*found), name, ShapeToString(shape), ShapeToString(found->view.shape));
    }
    if (!HasCodec(found->view.dtype) || GetDType(found->view.dtype).block_size != 1) {
      return Error(StatusCode::kUnsupported,
                   "{}: tensor '{}': expected a plain float type here, found {}", FileOf(*found),
                   name, GetDType(found->view.dtype).name);
    }
    tensor->vectors.push_back(found->view);
    used_.insert(name);
    return OkStatus();
  }

  Status AddMatrix(const std::string& name, const Shape& shape, SourceTensor* tensor) {
    std::vector<std::string> used;
    ASSIGN_OR_RETURN(StoredMatrix matrix,
                     FindStoredMatrix(checkpoint_, scheme_, name, shape, &used));
    if ((tensor->stored->transposed || tensor->pieces > 1) &&
        (matrix.form != StoredForm::kPlain || GetDType(matrix.dtype).block_size != 1)) {
      return Error(StatusCode::kUnsupported,
                   "{}: tensor '{}': expected a plain float type here, found {}", checkpoint_.path,
                   name, GetDType(matrix.dtype).name);
    }
    if (tensor->pieces > 1 && !tensor->matrices.empty() &&
        matrix.dtype != tensor->matrices[0].dtype) {
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}': expected {} like the piece before, found {}", checkpoint_.path,
                   name, GetDType(tensor->matrices[0].dtype).name, GetDType(matrix.dtype).name);
    }
    tensor->matrices.push_back(std::move(matrix));
    used_.insert(used.begin(), used.end());
    return OkStatus();
  }

  const std::string& FileOf(const NamedTensor& tensor) const {
    return checkpoint_.tensors.files[tensor.file].path();
  }

  Status CheckLeftOver() const {
    for (const NamedTensor& tensor : checkpoint_.tensors.tensors) {
      if (used_.contains(tensor.name)) continue;
      // Older exports keep the rope's frequencies, which the configuration gives anyway.
      if (tensor.name.ends_with(".rotary_emb.inv_freq")) continue;
      if (LeavesOut(spec_, tensor.name)) continue;
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
    const SourceTensor* embedding = reader_->Find(Role::kEmbedding, -1);
    if (embedding == nullptr || embedding->matrices.empty()) return false;
    const TensorView& view = embedding->matrices[0].weight;
    return view.dtype == tensor.view.dtype && view.bytes == tensor.view.bytes &&
           std::memcmp(view.data, tensor.view.data, view.bytes) == 0;
  }

  const Checkpoint& checkpoint_;
  const ModelSpec& spec_;
  TensorReader* reader_;
  QuantScheme scheme_;
  std::set<std::string> used_;
};

void Apply(Load load, int64_t n, float* data) {
  if (load == Load::kPlusOne) {
    for (int64_t i = 0; i < n; ++i) data[i] += 1.0f;
  } else if (load == Load::kNegExp) {
    for (int64_t i = 0; i < n; ++i) data[i] = -std::exp(data[i]);
  }
}

// A vector, or a matrix of a plain type whose stored shape has a dimension more.
void ReadPlain(const SourceTensor& tensor, int64_t expert, int64_t row, int64_t count, float* dst) {
  const bool own = tensor.vectors.size() > 1;
  const TensorView& view = tensor.vectors[own ? expert : 0];
  const RowSelect& rows = tensor.stored->rows;
  const int64_t width = GetDType(view.dtype).block_bytes;
  const int64_t k = tensor.k;
  if (!tensor.vector) {
    for (int64_t r = 0; r < count; ++r) {
      DecodeRow(view.dtype, view.data + rows.StoredRow(row + r) * k * width, k, dst + r * k);
    }
    return;
  }
  const int64_t stored = rows.whole() ? k : rows.groups * rows.stride;
  const uint8_t* base = view.data + (own ? 0 : expert * stored) * width;
  if (rows.whole()) {
    DecodeRow(view.dtype, base, k, dst);
    return;
  }
  for (int64_t i = 0; i < k; ++i) {
    DecodeRow(view.dtype, base + rows.StoredRow(i) * width, 1, dst + i);
  }
}

// Element (c, r) of the stored matrix is element (r, c) of the weight.
void ReadTransposed(const SourceTensor& tensor, const StoredMatrix& matrix, int64_t expert,
                    int64_t row, int64_t count, float* dst) {
  const RowSelect& rows = tensor.stored->rows;
  const int64_t width = GetDType(matrix.dtype).block_bytes;
  std::vector<uint8_t> scratch(StoredRowBytes(matrix));
  for (int64_t c = 0; c < tensor.k; ++c) {
    const uint8_t* stored = StoredRow(matrix, expert, c);
    if (stored == nullptr) {
      ReadStoredRow(matrix, expert, c, scratch.data());
      stored = scratch.data();
    }
    for (int64_t r = 0; r < count; ++r) {
      DecodeRow(matrix.dtype, stored + rows.StoredRow(row + r) * width, 1, dst + r * tensor.k + c);
    }
  }
}

// A matrix of a plain type in parts.
void ReadPieces(const SourceTensor& tensor, int64_t expert, int64_t row, int64_t count,
                float* dst) {
  const StoredMatrix* pieces = &tensor.matrices[expert * tensor.pieces];
  const DType dtype = pieces[0].dtype;
  for (int64_t r = row; r < row + count; ++r) {
    if (tensor.stored->pieces == Pieces::kRows) {
      DecodeRow(dtype, StoredRow(pieces[r / pieces[0].n], 0, r % pieces[0].n), tensor.k, dst);
      dst += tensor.k;
      continue;
    }
    for (int64_t p = 0; p < tensor.pieces; ++p) {
      DecodeRow(dtype, StoredRow(pieces[p], 0, r), pieces[p].k, dst);
      dst += pieces[p].k;
    }
  }
}

void ReadMatrix(const SourceTensor& tensor, int64_t expert, int64_t row, int64_t count,
                float* dst) {
  if (tensor.pieces > 1) return ReadPieces(tensor, expert, row, count, dst);
  const bool own = tensor.matrices.size() > 1;
  const StoredMatrix& matrix = tensor.matrices[own ? expert : 0];
  const int64_t e = own ? 0 : expert;
  if (tensor.stored->transposed) return ReadTransposed(tensor, matrix, e, row, count, dst);
  const RowSelect& rows = tensor.stored->rows;
  const DTypeInfo& info = GetDType(matrix.dtype);
  const int64_t padded = info.Blocks(tensor.k) * info.block_size;
  std::vector<uint8_t> scratch(StoredRowBytes(matrix));
  std::vector<float> values(padded);
  for (int64_t r = 0; r < count; ++r) {
    const uint8_t* stored = StoredRow(matrix, e, rows.StoredRow(row + r));
    if (stored == nullptr) {
      ReadStoredRow(matrix, e, rows.StoredRow(row + r), scratch.data());
      stored = scratch.data();
    }
    float* out = dst + r * tensor.k;
    const bool direct = padded == tensor.k && matrix.column_order.empty();
    DecodeRow(matrix.dtype, stored, padded, direct ? out : values.data());
    if (direct) continue;
    for (int64_t p = 0; p < tensor.k; ++p) {
      out[matrix.column_order.empty() ? p : matrix.column_order[p]] = values[p];
    }
  }
}

}  // namespace

const SourceTensor* TensorReader::Find(Role role, int layer) const {
  const auto it = tensors.find({role, layer});
  return it == tensors.end() ? nullptr : &it->second;
}

Result<TensorReader> OpenTensors(const Checkpoint& checkpoint, const ModelSpec& spec) {
  TensorReader reader;
  RETURN_IF_ERROR(Finder(checkpoint, spec, &reader).Find());
  return reader;
}

void ReadRows(const SourceTensor& tensor, int64_t expert, int64_t row, int64_t count, float* dst) {
  if (tensor.matrices.empty()) {
    ReadPlain(tensor, expert, row, count, dst);
  } else {
    ReadMatrix(tensor, expert, row, count, dst);
  }
  Apply(tensor.load, count * tensor.k, dst);
}

const DType* CopyType(const SourceTensor& tensor) {
  if (tensor.matrices.empty() || tensor.load != Load::kAsIs || tensor.stored->transposed ||
      tensor.pieces > 1) {
    return nullptr;
  }
  const DType& dtype = tensor.matrices[0].dtype;
  for (const StoredMatrix& matrix : tensor.matrices) {
    if (matrix.dtype != dtype || !matrix.column_order.empty()) return nullptr;
  }
  return &dtype;
}

const uint8_t* CopyRow(const SourceTensor& tensor, int64_t expert, int64_t row,
                       std::vector<uint8_t>* scratch) {
  const bool own = tensor.matrices.size() > 1;
  const StoredMatrix& matrix = tensor.matrices[own ? expert : 0];
  const int64_t stored_row = tensor.stored->rows.StoredRow(row);
  const uint8_t* stored = StoredRow(matrix, own ? 0 : expert, stored_row);
  if (stored != nullptr) return stored;
  scratch->resize(StoredRowBytes(matrix));
  ReadStoredRow(matrix, own ? 0 : expert, stored_row, scratch->data());
  return scratch->data();
}

}  // namespace frugal
