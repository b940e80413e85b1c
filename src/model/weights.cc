#include "model/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <set>

#include "formats/utf8.h"
#include "kernels/codec/codec.h"
#include "model/arch/family.h"
#include "model/quant_scheme.h"
#include "model/stored_matrix.h"
#include "model/tensor_table.h"

namespace frugal {
namespace {

// A tensor of the table as the checkpoint stores it: one stored tensor, or one per expert, each in
// `pieces` of equal shape. Vectors are `tensors`, matrices `matrices`.
struct Found {
  const TensorDesc* desc = nullptr;
  const StoredName* stored = nullptr;
  int64_t pieces = 1;
  std::vector<const NamedTensor*> tensors;
  std::vector<StoredMatrix> matrices;
};

bool IsExpertBias(Role role) {
  return role == Role::kExpertGateBias || role == Role::kExpertUpBias ||
         role == Role::kExpertDownBias;
}

// Whether the rows may be packed in one of the makers' schemes.
bool IsMatrix(const TensorDesc& desc, const StoredName& stored) {
  return desc.shape.size() >= 2 && !IsExpertBias(desc.role) && !stored.extra_dim;
}

int64_t Experts(const TensorDesc& desc) { return desc.shape.size() == 3 ? desc.shape[0] : 1; }

// The shape the container is to have: that of the table before rows are selected, per expert.
Shape StoredShape(const TensorDesc& desc, const StoredName& stored, bool per_expert) {
  Shape shape = desc.shape;
  if (per_expert) shape.erase(shape.begin());
  if (!stored.rows.whole()) {
    // The rows are a vector's elements, or a matrix's next to last dimension.
    const bool vector = shape.size() == (!per_expert && IsPerExpert(desc.role) ? 2u : 1u);
    shape[shape.size() - (vector ? 1 : 2)] = stored.rows.groups * stored.rows.stride;
  }
  if (stored.transposed) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  if (stored.extra_dim) shape.insert(shape.end() - 1, 1);
  return shape;
}

class Binder {
 public:
  Binder(const Checkpoint& checkpoint, const ModelSpec& spec, ThreadTeam& team, Weights* weights)
      : checkpoint_(checkpoint), spec_(spec), team_(team), weights_(weights) {}

  // Finds every tensor of the table; checks shape, element type and that nothing is left over.
  Status Find() {
    ConfigReader config(checkpoint_, "");
    scheme_ = ReadQuantScheme(config);
    RETURN_IF_ERROR(config.status());
    table_ = ModelTensors(spec_);
    for (const TensorDesc& desc : table_) RETURN_IF_ERROR(FindOne(desc));
    return CheckLeftOver();
  }

  bool Has(Role role, int layer) const { return found_.contains({role, layer}); }

  const TensorView& View(Role role, int layer) const {
    return found_.at({role, layer}).matrices[0].weight;
  }

  // A vector (or a matrix of them) as float32, or null when the model has none.
  float* Vector(Role role, int layer) {
    if (!Has(role, layer)) return nullptr;
    const Found& found = found_.at({role, layer});
    const bool gguf = checkpoint_.container == Container::kGguf;
    const int64_t n = NumElements(found.desc->shape);
    float* data = reinterpret_cast<float*>(Allocate(n * sizeof(float)));
    const int64_t parts = static_cast<int64_t>(found.tensors.size());
    for (int64_t i = 0; i < parts; ++i) {
      ReadElements(found, *found.tensors[i], n / parts, data + i * (n / parts));
    }
    if (parts == 0) ReadRows(found, data);
    switch (gguf ? found.desc->gguf_load : found.desc->hf_load) {
      case Load::kAsIs:
        break;
      case Load::kPlusOne:
        for (int64_t i = 0; i < n; ++i) data[i] += 1.0f;
        break;
      case Load::kNegExp:
        for (int64_t i = 0; i < n; ++i) data[i] = -std::exp(data[i]);
        break;
    }
    return data;
  }

  // The divisors of the rope's frequencies, or null.
  Result<const float*> RopeFactors() {
    const float* factors = Vector(Role::kRopeFactors, -1);
    if (factors == nullptr) return factors;
    const NamedTensor& tensor = *found_.at({Role::kRopeFactors, -1}).tensors[0];
    for (int64_t i = 0; i < NumElements(tensor.view.shape); ++i) {
      if (!(factors[i] > 0.0f) || std::isinf(factors[i])) {
        return Error(StatusCode::kCorrupt,
                     "{}: tensor '{}', element {}: expected a positive number, found {}",
                     FileOf(tensor), tensor.name, i, factors[i]);
      }
    }
    return factors;
  }

  // None when the model has no such tensor.
  Linear Matrix(Role role, int layer, Role bias, int expert = 0) {
    Linear linear = Matrix(role, layer, expert);
    if (float* data = BiasOf(bias, layer)) {
      linear.bias = data + expert * linear.w.n;
    }
    return linear;
  }
  Linear Matrix(Role role, int layer, int expert = 0) {
    if (!Has(role, layer)) return {};
    const Found& found = found_.at({role, layer});
    const int64_t k = found.desc->shape.back();
    const int64_t n = NumElements(found.desc->shape) / k / Experts(*found.desc);
    return {.w = Pack(found, expert, 0, n), .order = Order(found, expert)};
  }

  // `heads` matrices of equal height, from one of (heads·n, k) or (heads, n, k).
  std::vector<PackedMatrix> HeadMatrices(Role role, int layer, int heads) {
    const Found& found = found_.at({role, layer});
    const bool split = found.desc->shape.size() == 3;
    const int64_t n = split ? found.desc->shape[1] : found.desc->shape[0] / heads;
    std::vector<PackedMatrix> matrices;
    for (int h = 0; h < heads; ++h) {
      matrices.push_back(Pack(found, split ? h : 0, split ? 0 : h * n, n));
    }
    return matrices;
  }

  // A small matrix held in float32 whatever it is stored in: routers, which choose by small
  // differences.
  Linear FloatMatrix(Role role, int layer, Role bias) {
    Linear linear = FloatMatrix(role, layer);
    linear.bias = Vector(bias, layer);
    return linear;
  }
  Linear FloatMatrix(Role role, int layer) {
    if (!Has(role, layer)) return {};
    const Shape& shape = found_.at({role, layer}).desc->shape;
    float* rows = Vector(role, layer);
    PackedMatrix packed = NewPacked(DType::kF32, shape[0], shape[1]);
    PackPanels(packed, [&](int64_t first, int64_t count, uint8_t*, const uint8_t** to) {
      for (int64_t i = 0; i < count; ++i) {
        to[i] = reinterpret_cast<const uint8_t*>(rows + (first + i) * shape[1]);
      }
    });
    return {.w = packed};
  }

  XieluParams Xielu(int layer) {
    if (!Has(Role::kXieluAlphaP, layer)) return {};
    const auto softplus = [](float x) { return x > 20.0f ? x : std::log1p(std::exp(x)); };
    // Constants, which older exports do not repeat.
    const float* stored_beta = Vector(Role::kXieluBeta, layer);
    const float* stored_eps = Vector(Role::kXieluEps, layer);
    const float beta = stored_beta != nullptr ? *stored_beta : 0.5f;
    return {.alpha_p = softplus(*Vector(Role::kXieluAlphaP, layer)),
            .alpha_n = beta + softplus(*Vector(Role::kXieluAlphaN, layer)),
            .beta = beta,
            .eps = stored_eps != nullptr ? *stored_eps : -1e-6f};
  }

  // The head's columns divided by their length are the head with its inputs so divided, and those
  // are what the output norm's weights multiply.
  void NormalizeHead(Role role, float* output_norm) {
    const TensorView& head = View(role, -1);
    const int64_t d = head.cols();
    std::vector<double> squares(d);
    std::vector<float> row(d);
    const int64_t row_bytes = *TensorBytes(head.dtype, 1, d);
    for (int64_t v = 0; v < head.rows(); ++v) {
      DecodeRow(head.dtype, head.data + v * row_bytes, d, row.data());
      for (int64_t c = 0; c < d; ++c) squares[c] += double{row[c]} * row[c];
    }
    for (int64_t c = 0; c < d; ++c) {
      output_norm[c] /= static_cast<float>(std::sqrt(squares[c])) + 1e-7f;
    }
  }

 private:
  Status FindOne(const TensorDesc& desc) {
    const StoredName& stored = checkpoint_.container == Container::kGguf ? desc.gguf : desc.hf;
    if (stored.name.empty()) return OkStatus();
    Found found{.desc = &desc, .stored = &stored};
    const size_t mark = stored.name.find("{e}");
    const bool per_expert = mark != std::string::npos;
    Shape shape = StoredShape(desc, stored, per_expert);
    const auto name_of = [&](int64_t e) {
      std::string name = stored.name;
      if (per_expert) name.replace(mark, 3, std::to_string(e));
      return name;
    };
    const bool split = stored.pieces != Pieces::kNone && IsSplit(name_of(0));
    if (split) RETURN_IF_ERROR(SplitShape(name_of(0), stored.pieces, &shape, &found.pieces));
    const int64_t count = (per_expert ? desc.shape[0] : 1) * found.pieces;
    for (int64_t i = 0; i < count; ++i) {
      std::string name = name_of(i / found.pieces);
      if (split) name = PieceName(name, i % found.pieces);
      const Status status = IsMatrix(desc, stored) ? FindMatrix(name, shape, &found)
                                                   : FindVector(name, shape, &found);
      if (status.code() == StatusCode::kNotFound) {
        if (!desc.required) return OkStatus();
        return Error(StatusCode::kCorrupt, "{}: tensor '{}' {} is missing", checkpoint_.path, name,
                     ShapeToString(shape));
      }
      RETURN_IF_ERROR(status);
    }
    found_[{desc.role, desc.layer}] = std::move(found);
    return OkStatus();
  }

  Status FindMatrix(const std::string& name, const Shape& shape, Found* found) {
    std::vector<std::string> used;
    ASSIGN_OR_RETURN(StoredMatrix matrix,
                     FindStoredMatrix(checkpoint_, scheme_, name, shape, &used));
    used_.insert(used.begin(), used.end());
    const bool plain = GetDType(matrix.dtype).block_size == 1;
    const bool embedding = found->desc->role == Role::kEmbedding;
    if ((embedding && matrix.form != StoredForm::kPlain) ||
        ((found->stored->transposed || found->pieces > 1) &&
         !(plain && matrix.form == StoredForm::kPlain))) {
      return Error(StatusCode::kUnsupported, "{}: tensor '{}': expected a plain float type here",
                   checkpoint_.path, name);
    }
    if (found->matrices.size() % found->pieces != 0 &&
        matrix.dtype != found->matrices.back().dtype) {
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}': expected {} like the piece before, found {}", checkpoint_.path,
                   name, GetDType(found->matrices.back().dtype).name, GetDType(matrix.dtype).name);
    }
    found->matrices.push_back(std::move(matrix));
    return OkStatus();
  }

  Status FindVector(const std::string& name, const Shape& shape, Found* found) {
    const NamedTensor* tensor = checkpoint_.tensors.Find(name);
    if (tensor == nullptr) return Error(StatusCode::kNotFound, "{}", name);
    // A single number may be stored without a dimension.
    if (tensor->view.shape != shape && !(shape == Shape{1} && tensor->view.shape.empty())) {
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}': expected {}, found {}; does the configuration belong to "
                   "these weights?",
                   FileOf(*tensor), name, ShapeToString(shape), ShapeToString(tensor->view.shape));
    }
    if (!HasCodec(tensor->view.dtype) || GetDType(tensor->view.dtype).block_size != 1) {
      return Error(StatusCode::kUnsupported,
                   "{}: tensor '{}': expected a plain float type here, found {}", FileOf(*tensor),
                   name, GetDType(tensor->view.dtype).name);
    }
    used_.insert(name);
    found->tensors.push_back(tensor);
    return OkStatus();
  }

  static std::string PieceName(const std::string& name, int64_t piece) {
    return fmt::format("{}#TP-{:03}", name, piece);
  }
  bool IsSplit(const std::string& name) const {
    return checkpoint_.tensors.Find(name) == nullptr &&
           checkpoint_.tensors.Find(PieceName(name, 0)) != nullptr;
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

  const std::string& FileOf(const NamedTensor& tensor) const {
    return checkpoint_.tensors.files[tensor.file].path();
  }

  uint8_t* Allocate(int64_t bytes) {
    weights_->storage.emplace_back(bytes);
    weights_->bytes += bytes;
    return weights_->storage.back().data();
  }

  // One bias vector serves all experts of a layer.
  float* BiasOf(Role role, int layer) {
    const auto [it, added] = biases_.try_emplace({role, layer}, nullptr);
    if (added) it->second = Vector(role, layer);
    return it->second;
  }

  // Which stored matrix holds an expert, and which of its own experts that is.
  static const StoredMatrix& MatrixOf(const Found& found, int64_t* expert) {
    if (found.matrices.size() == 1) return found.matrices[0];
    const StoredMatrix& matrix = found.matrices[*expert * found.pieces];
    *expert = 0;
    return matrix;
  }

  // All rows of a matrix as float32.
  void ReadRows(const Found& found, float* dst) const {
    const int64_t k = found.desc->shape.back();
    const int64_t n = NumElements(found.desc->shape) / k / Experts(*found.desc);
    for (int64_t e = 0; e < Experts(*found.desc); ++e) {
      for (int64_t row = 0; row < n; ++row, dst += k) ReadRow(found, e, row, dst);
    }
  }

  void ReadRow(const Found& found, int64_t expert, int64_t row, float* dst) const {
    const StoredMatrix& matrix = MatrixOf(found, &expert);
    const int64_t at = found.stored->rows.StoredRow(row);
    if (found.stored->transposed) {
      for (int64_t c = 0; c < matrix.n; ++c) {
        DecodeRow(matrix.dtype, Element(matrix, expert, c, at), 1, dst + c);
      }
      return;
    }
    std::vector<uint8_t> bytes(StoredRowBytes(matrix));
    ReadStoredRow(matrix, expert, at, bytes.data());
    std::vector<float> values(bytes.size() / GetDType(matrix.dtype).block_bytes *
                              GetDType(matrix.dtype).block_size);
    DecodeRow(matrix.dtype, bytes.data(), static_cast<int64_t>(values.size()), values.data());
    std::copy_n(values.begin(), matrix.k, dst);
  }

  // Of a plain matrix.
  static const uint8_t* Element(const StoredMatrix& m, int64_t expert, int64_t row, int64_t col) {
    return m.weight.data + ((expert * m.n + row) * m.k + col) * GetDType(m.dtype).block_bytes;
  }

  // Equal orders are kept once, so that weights that share an input share its form.
  const int32_t* Order(const Found& found, int64_t expert) {
    const std::vector<int32_t>& order = MatrixOf(found, &expert).column_order;
    if (order.empty()) return nullptr;
    for (const std::vector<int32_t>& known : weights_->orders) {
      if (known == order) return known.data();
    }
    weights_->orders.push_back(order);
    return weights_->orders.back().data();
  }

  // The selected elements of a stored vector, or rows of a stored convolution, as float32.
  void ReadElements(const Found& found, const NamedTensor& tensor, int64_t n, float* dst) const {
    const TensorView& view = tensor.view;
    const Shape& shape = found.desc->shape;
    if (found.stored->transposed) {
      const int64_t k = shape.back();
      const int64_t unit = *TensorBytes(view.dtype, 1, 1);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t from = i % k * (n / k) + i / k;
        DecodeRow(view.dtype, view.data + from * unit, 1, dst + i);
      }
      return;
    }
    if (found.stored->rows.whole()) {
      DecodeRow(view.dtype, view.data, n, dst);
      return;
    }
    // A vector's rows are single elements; leading dimensions repeat.
    const bool vector = shape.size() == 1 || IsPerExpert(found.desc->role);
    const int64_t cols = vector ? 1 : shape.back();
    const int64_t rows = found.stored->rows.groups * found.stored->rows.count;
    const int64_t stored_rows = found.stored->rows.groups * found.stored->rows.stride;
    const int64_t row_bytes = *TensorBytes(view.dtype, 1, cols);
    for (int64_t at = 0; at < n / cols; ++at) {
      const int64_t from = at / rows * stored_rows + found.stored->rows.StoredRow(at % rows);
      DecodeRow(view.dtype, view.data + from * row_bytes, cols, dst + at * cols);
    }
  }

  PackedMatrix NewPacked(DType dtype, int64_t n, int64_t k) {
    PackedMatrix packed{.dtype = dtype, .n = n, .k = k};
    packed.panel_bytes = PackedPanelBytes(dtype, k);
    packed.data = Allocate(packed.panels() * packed.panel_bytes);
    return packed;
  }

  // `rows(first, count, temporary, to)` gives the bytes of `count` rows, which it may write to
  // `temporary`.
  template <typename Rows>
  void PackPanels(const PackedMatrix& packed, const Rows& rows) {
    const DTypeInfo& info = GetDType(packed.dtype);
    const int64_t blocks = (packed.k + info.block_size - 1) / info.block_size;
    uint8_t* data = const_cast<uint8_t*>(packed.data);
    team_.Run([&](int thread) {
      const Range part = SplitEvenly(packed.panels(), thread, team_.size());
      std::vector<uint8_t> temporary(kPanelRows * blocks * info.block_bytes);
      for (int64_t p = part.begin; p < part.end; ++p) {
        const uint8_t* pointers[kPanelRows] = {};
        const int64_t first = p * kPanelRows;
        rows(first, std::min<int64_t>(kPanelRows, packed.n - first), temporary.data(), pointers);
        PackPanel(packed.dtype, packed.k, pointers, data + p * packed.panel_bytes);
      }
    });
  }

  // Rows [first, first + n) of an expert's (or the only) matrix.
  PackedMatrix Pack(const Found& found, int64_t expert, int64_t first, int64_t n) {
    const StoredMatrix& matrix = MatrixOf(found, &expert);
    const StoredMatrix* pieces = &matrix;
    const RowSelect& select = found.stored->rows;
    const int64_t k = found.desc->shape.back();
    const PackedMatrix packed = NewPacked(matrix.dtype, n, k);
    if (found.stored->transposed) {
      const int64_t unit = GetDType(matrix.dtype).block_bytes;
      PackPanels(packed, [&](int64_t row, int64_t count, uint8_t* temporary, const uint8_t** to) {
        for (int64_t i = 0; i < count; ++i) {
          to[i] = temporary + i * k * unit;
          const int64_t at = select.StoredRow(first + row + i);
          for (int64_t c = 0; c < k; ++c) {
            std::memcpy(temporary + (i * k + c) * unit, Element(matrix, expert, c, at), unit);
          }
        }
      });
      return packed;
    }
    if (found.pieces > 1) {
      PackPanels(packed, [&](int64_t row, int64_t count, uint8_t* temporary, const uint8_t** to) {
        const int64_t bytes = k * GetDType(matrix.dtype).block_bytes;
        for (int64_t i = 0; i < count; ++i) {
          to[i] = PieceRow(pieces, found.pieces, found.stored->pieces,
                           select.StoredRow(first + row + i), temporary + i * bytes);
        }
      });
      return packed;
    }
    const int64_t row_bytes = StoredRowBytes(matrix);
    PackPanels(packed, [&](int64_t row, int64_t count, uint8_t* temporary, const uint8_t** to) {
      if (StoredRow(matrix, expert, 0) != nullptr) {
        for (int64_t i = 0; i < count; ++i) {
          to[i] = StoredRow(matrix, expert, select.StoredRow(first + row + i));
        }
        return;
      }
      for (int64_t i = 0; i < count; ++i) to[i] = temporary + i * row_bytes;
      if (select.whole()) {
        ReadStoredRows(matrix, expert, first + row, count, temporary);
        return;
      }
      for (int64_t i = 0; i < count; ++i) {
        ReadStoredRow(matrix, expert, select.StoredRow(first + row + i), temporary + i * row_bytes);
      }
    });
    return packed;
  }

  // One row of a matrix in pieces: where it lies, or put together.
  static const uint8_t* PieceRow(const StoredMatrix* pieces, int64_t count, Pieces along,
                                 int64_t row, uint8_t* temporary) {
    const int64_t rows = pieces[0].n;
    if (along == Pieces::kRows) return StoredRow(pieces[row / rows], 0, row % rows);
    const int64_t bytes = StoredRowBytes(pieces[0]);
    for (int64_t p = 0; p < count; ++p) {
      std::memcpy(temporary + p * bytes, StoredRow(pieces[p], 0, row), bytes);
    }
    return temporary;
  }

  Status CheckLeftOver() const {
    for (const NamedTensor& tensor : checkpoint_.tensors.tensors) {
      if (used_.contains(tensor.name) || LeavesOut(spec_, tensor.name)) continue;
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
  const ModelSpec& spec_;
  ThreadTeam& team_;
  Weights* weights_;
  QuantScheme scheme_;
  std::vector<TensorDesc> table_;
  std::set<std::string> used_;
  std::map<std::pair<Role, int>, Found> found_;
  std::map<std::pair<Role, int>, float*> biases_;
};

// ---- Blocks -------------------------------------------------------------------------------------

GqaWeights Bind(Binder& b, const GqaSpec& spec, int l) {
  float* q_norm = b.Vector(Role::kAttnQNorm, l);
  float* k_norm = b.Vector(Role::kAttnKNorm, l);
  if (spec.k_norm_on_q) {
    for (int i = 0; i < spec.head_dim; ++i) {
      q_norm[i] *= k_norm[i];
      k_norm[i] = 1.0f;
    }
  }
  return {.q = b.Matrix(Role::kAttnQ, l, Role::kAttnQBias),
          .k = b.Matrix(Role::kAttnK, l, Role::kAttnKBias),
          .v = b.Matrix(Role::kAttnV, l, Role::kAttnVBias),
          .o = b.Matrix(Role::kAttnO, l, Role::kAttnOBias),
          .gate = b.Matrix(Role::kAttnGate, l),
          .q_norm = q_norm,
          .k_norm = k_norm,
          .sinks = b.Vector(Role::kAttnSinks, l)};
}

MlaWeights Bind(Binder& b, const MlaSpec& spec, int l) {
  const bool lora = spec.q_lora_rank > 0;
  const Role k_b = spec.split_kv_b ? Role::kMlaKBTransposed : Role::kMlaKB;
  return {.q = lora ? b.Matrix(Role::kMlaQB, l) : b.Matrix(Role::kAttnQ, l),
          .q_a = b.Matrix(Role::kMlaQA, l, Role::kMlaQABias),
          .q_a_norm = b.Vector(Role::kMlaQANorm, l),
          .kv_a = b.Matrix(Role::kMlaKvA, l, Role::kMlaKvABias),
          .kv_a_norm = b.Vector(Role::kMlaKvANorm, l),
          .k_b = b.HeadMatrices(k_b, l, spec.n_heads),
          .v_b = b.HeadMatrices(Role::kMlaVB, l, spec.n_heads),
          .k_b_transposed = spec.split_kv_b,
          .o = b.Matrix(Role::kAttnO, l, Role::kAttnOBias)};
}

GatedDeltaWeights Bind(Binder& b, const GatedDeltaSpec&, int l) {
  return {.q = b.Matrix(Role::kAttnQ, l),
          .k = b.Matrix(Role::kAttnK, l),
          .v = b.Matrix(Role::kAttnV, l),
          .z = b.Matrix(Role::kAttnGate, l),
          .b = b.Matrix(Role::kDeltaB, l),
          .a = b.Matrix(Role::kDeltaA, l),
          .conv = b.Vector(Role::kDeltaConv, l),
          .decay = b.Vector(Role::kDeltaALog, l),
          .dt_bias = b.Vector(Role::kDeltaDtBias, l),
          .norm = b.Vector(Role::kAttnOutNorm, l),
          .o = b.Matrix(Role::kAttnO, l)};
}

LightningWeights Bind(Binder& b, const LightningSpec&, int l) {
  return {.q = b.Matrix(Role::kAttnQ, l),
          .k = b.Matrix(Role::kAttnK, l),
          .v = b.Matrix(Role::kAttnV, l),
          .gate = b.Matrix(Role::kAttnGate, l),
          .norm = b.Vector(Role::kAttnOutNorm, l),
          .o = b.Matrix(Role::kAttnO, l)};
}

FfnWeights Bind(Binder& b, const FfnSpec& spec, int l) {
  return {.gate = b.Matrix(Role::kFfnGate, l, Role::kFfnGateBias),
          .up = b.Matrix(Role::kFfnUp, l, Role::kFfnUpBias),
          .down = b.Matrix(Role::kFfnDown, l, Role::kFfnDownBias),
          .xielu = spec.xielu ? *spec.xielu : b.Xielu(l)};
}

MoeWeights Bind(Binder& b, const MoeSpec& spec, int l) {
  MoeWeights w{.router = b.FloatMatrix(Role::kRouter, l, Role::kRouterBias),
               .select_bias = b.Vector(Role::kRouterSelectBias, l)};
  for (int e = 0; e < spec.n_experts; ++e) {
    w.experts.push_back({.gate = b.Matrix(Role::kExpertGate, l, Role::kExpertGateBias, e),
                         .up = b.Matrix(Role::kExpertUp, l, Role::kExpertUpBias, e),
                         .down = b.Matrix(Role::kExpertDown, l, Role::kExpertDownBias, e)});
  }
  if (spec.shared) {
    w.shared = FfnWeights{.gate = b.Matrix(Role::kSharedGate, l, Role::kSharedGateBias),
                          .up = b.Matrix(Role::kSharedUp, l, Role::kSharedUpBias),
                          .down = b.Matrix(Role::kSharedDown, l, Role::kSharedDownBias)};
  }
  w.shared_gate = b.FloatMatrix(Role::kSharedExpertGate, l);
  return w;
}

LayerWeights BindLayer(Binder& b, const LayerSpec& spec, int l) {
  LayerWeights layer{.mixer_norm = b.Vector(Role::kMixerNorm, l),
                     .post_mixer_norm = b.Vector(Role::kPostMixerNorm, l),
                     .ffn_norm = b.Vector(Role::kFfnNorm, l),
                     .post_ffn_norm = b.Vector(Role::kPostFfnNorm, l)};
  std::visit([&](const auto& mixer) { layer.mixer = Bind(b, mixer, l); }, spec.mixer);
  std::visit([&](const auto& ffn) { layer.ffn = Bind(b, ffn, l); }, spec.ffn);
  return layer;
}

}  // namespace

Result<Weights> BindWeights(const Checkpoint& checkpoint, const ModelSpec& spec,
                            ThreadTeam& team) try {
  Weights weights;
  Binder binder(checkpoint, spec, team, &weights);
  RETURN_IF_ERROR(binder.Find());

  weights.embedding = binder.View(Role::kEmbedding, -1);
  float* output_norm = binder.Vector(Role::kOutputNorm, -1);
  const Role head = spec.tied_embedding ? Role::kEmbedding : Role::kOutput;
  if (spec.norm_head) binder.NormalizeHead(head, output_norm);
  weights.output_norm = output_norm;
  weights.output = binder.Matrix(head, -1, Role::kOutputBias);
  ASSIGN_OR_RETURN(weights.rope_factors, binder.RopeFactors());
  for (int l = 0; l < spec.n_layers(); ++l) {
    weights.layers.push_back(BindLayer(binder, spec.layers[l], l));
  }
  for (size_t i = 0; i < spec.mtp_layers.size(); ++i) {
    const int l = spec.n_layers() + static_cast<int>(i);
    weights.mtp.push_back({.token_norm = binder.Vector(Role::kMtpTokenNorm, l),
                           .hidden_norm = binder.Vector(Role::kMtpHiddenNorm, l),
                           .projection = binder.Matrix(Role::kMtpProjection, l),
                           .norm = binder.Vector(Role::kMtpNorm, l),
                           .layer = BindLayer(binder, spec.mtp_layers[i], l)});
  }
  return weights;
} catch (const std::bad_alloc&) {
  return Error(StatusCode::kResourceExhausted, "{}: not enough memory for the packed weights",
               checkpoint.path);
}

}  // namespace frugal
