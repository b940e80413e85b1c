#include "model/stored_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "kernels/codec/codec.h"
#include "model/stored_rows.h"

namespace frugal {
namespace {

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

class Finder {
 public:
  Finder(const Checkpoint& checkpoint, const QuantScheme& scheme, const std::string& name,
         const Shape& shape, std::vector<std::string>* used)
      : checkpoint_(checkpoint), scheme_(scheme), name_(name), shape_(shape), used_(used) {
    module_ = name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
  }

  Result<StoredMatrix> Find() {
    m_.experts = shape_.size() == 3 ? shape_[0] : 1;
    m_.n = shape_[shape_.size() - 2];
    m_.k = shape_.back();
    RETURN_IF_ERROR(FindForm());
    return std::move(m_);
  }

 private:
  Status FindForm() {
    switch (scheme_.method) {
      case QuantMethod::kMxfp4:
        if (Get(module_ + "_blocks") != nullptr) return FindMxfp4();
        break;
      case QuantMethod::kAwq:
      case QuantMethod::kGptq:
        if (Get(module_ + ".qweight") != nullptr) return FindQweight();
        break;
      case QuantMethod::kCompressedTensors:
        if (Get(module_ + ".weight_packed") != nullptr) return FindPackedRows();
        break;
      case QuantMethod::kFp8:
      case QuantMethod::kNone:
        break;
    }
    const NamedTensor* weight = Get(name_);
    if (weight == nullptr) {
      return Error(StatusCode::kNotFound, "{}: tensor '{}' {} is missing", checkpoint_.path, name_,
                   ShapeToString(shape_));
    }
    RETURN_IF_ERROR(Use(name_, weight->view.dtype, shape_, &m_.weight));
    const DType dtype = weight->view.dtype;
    const bool compressed = scheme_.method == QuantMethod::kCompressedTensors;
    if (dtype == DType::kF8_E4M3 && (compressed || scheme_.method == QuantMethod::kFp8)) {
      return FindScaled(StoredForm::kFp8, 1);
    }
    if (dtype == DType::kI8 && compressed) return FindScaled(StoredForm::kInt8, 8);
    if (!HasCodec(dtype)) {
      return Error(StatusCode::kUnsupported,
                   "{}: tensor '{}': element type {} is not a weight format Frugal reads{}",
                   FileOf(*weight), name_, GetDType(dtype).name,
                   scheme_.method == QuantMethod::kNone
                       ? "; config.json has no quantization_config that says how"
                       : " under this quantization_config");
    }
    m_.dtype = dtype;
    return OkStatus();
  }

  // ---- Forms

  // A code for each element, and scales.
  Status FindScaled(StoredForm form, int bits) {
    m_.form = form;
    m_.bits = bits;
    if (shape_.size() != 2) return Refuse(name_, "packed in three dimensions");
    // Both names are of factors, "inv" being the quantiser's view.
    std::string scale = module_ + ".weight_scale";
    if (Get(scale) == nullptr && scheme_.method == QuantMethod::kFp8) scale += "_inv";
    RETURN_IF_ERROR(UseScale(scale));
    ASSIGN_OR_RETURN(const QuantGroup group, Choose(scale, [&](const QuantGroup& candidate) {
                       return candidate.is_float == (form == StoredForm::kFp8) &&
                              (candidate.is_float || candidate.bits == 8) && candidate.symmetric;
                     }));
    SetGrid(group, m_.scale.shape);
    RETURN_IF_ERROR(FindColumnOrder(module_ + ".weight_g_idx"));
    return form == StoredForm::kFp8 ? ChooseBlock(DType::kF8_G128, DType::kF8_G32)
                                    : ChooseBlock(DType::kI8_G128, DType::kI8_G32);
  }

  Status FindPackedRows() {
    m_.form = StoredForm::kPackedRows;
    if (shape_.size() != 2) return Refuse(module_ + ".weight_packed", "packed in three dimensions");
    const std::string packed = module_ + ".weight_packed";
    const std::string scale = module_ + ".weight_scale";
    const std::string zero = module_ + ".weight_zero_point";
    RETURN_IF_ERROR(CheckWeightShape());
    RETURN_IF_ERROR(UseScale(scale));
    const bool symmetric = Get(zero) == nullptr;
    const NamedTensor& words = *Get(packed);
    ASSIGN_OR_RETURN(const QuantGroup group, Choose(scale, [&](const QuantGroup& candidate) {
                       return !candidate.is_float && candidate.symmetric == symmetric &&
                              words.view.cols() == CeilDiv(m_.k, 32 / candidate.bits);
                     }));
    m_.bits = group.bits;
    RETURN_IF_ERROR(Use(packed, DType::kI32, {m_.n, CeilDiv(m_.k, 32 / m_.bits)}, &m_.weight));
    SetGrid(group, m_.scale.shape);
    if (!symmetric) {
      const Shape zeros = {CeilDiv(m_.n, 32 / m_.bits), CeilDiv(m_.k, m_.group)};
      RETURN_IF_ERROR(Use(zero, DType::kI32, zeros, &m_.zero));
    }
    RETURN_IF_ERROR(FindColumnOrder(module_ + ".weight_g_idx"));
    if (m_.bits == 8) return ChooseBlock(DType::kI8_G128, DType::kI8_G32);
    RETURN_IF_ERROR(ChooseBlock(DType::kI4_G128, DType::kI4_G32));
    if (m_.dtype == DType::kI4_G32 && symmetric) {
      if (m_.scale.dtype == DType::kBF16) m_.dtype = DType::kI4_BF16;
      if (m_.scale.dtype == DType::kF16 && m_.k % 32 == 0) m_.dtype = DType::kQ4_0;
    }
    return OkStatus();
  }

  // AWQ and GPTQ: columns of the weight are rows of the tensor.
  Status FindQweight() {
    const bool awq = scheme_.method == QuantMethod::kAwq;
    m_.form = awq ? StoredForm::kAwq : StoredForm::kGptq;
    if (shape_.size() != 2) return Refuse(module_ + ".qweight", "packed in three dimensions");
    const QuantGroup& group = scheme_.groups[0];
    m_.bits = group.bits;
    m_.zero_offset = awq || scheme_.gptq_zero_as_is ? 0 : 1;
    const int64_t per_word = 32 / m_.bits;
    m_.group = group.sharing == ScaleSharing::kGroup ? group.group_size : m_.k;
    const int64_t groups = CeilDiv(m_.k, m_.group);
    m_.row_stride = 1;
    m_.group_stride = m_.n;
    const Shape words =
        awq ? Shape{m_.k, CeilDiv(m_.n, per_word)} : Shape{CeilDiv(m_.k, per_word), m_.n};
    const Shape zeros = {groups, CeilDiv(m_.n, per_word)};
    RETURN_IF_ERROR(Use(module_ + ".qweight", DType::kI32, words, &m_.weight));
    RETURN_IF_ERROR(Use(module_ + ".qzeros", DType::kI32, zeros, &m_.zero));
    RETURN_IF_ERROR(UseScale(module_ + ".scales"));
    RETURN_IF_ERROR(CheckShape(module_ + ".scales", {groups, m_.n}));
    if (!awq) {
      RETURN_IF_ERROR(FindColumnOrder(module_ + ".g_idx"));
      UseZeroBias();
    }
    if (m_.bits == 4) return ChooseBlock(DType::kI4_G128, DType::kI4_G32);
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t row = 0; row < m_.n; ++row) {
        if (ZeroAt(m_, row, g) == 128) continue;
        return Refuse(module_ + ".qzeros", "8-bit zero points other than 128");
      }
    }
    return ChooseBlock(DType::kI8_G128, DType::kI8_G32);
  }

  Status FindMxfp4() {
    m_.form = StoredForm::kMxfp4;
    m_.dtype = DType::kMXFP4;
    m_.group = 32;
    const std::string blocks = module_ + "_blocks";
    const std::string scales = module_ + "_scales";
    if (m_.k % 32 != 0) return Refuse(blocks, "rows that are no multiple of 32");
    Shape shape = shape_;
    shape.back() /= 32;
    RETURN_IF_ERROR(Use(scales, DType::kU8, shape, &m_.scale));
    shape.push_back(16);
    RETURN_IF_ERROR(Use(blocks, DType::kU8, shape, &m_.weight));
    const uint8_t* nan = std::find(m_.scale.data, m_.scale.data + m_.scale.bytes, 255);
    if (nan == m_.scale.data + m_.scale.bytes) return OkStatus();
    return Error(StatusCode::kCorrupt,
                 "{}: tensor '{}', element {}: expected an exponent, found "
                 "255, which means not a number",
                 FileOf(*Get(scales)), scales, nan - m_.scale.data);
  }

  // ---- Parts

  // The group of the scheme that fits the tensors at hand: all but the scale's shape by `fits`.
  template <typename Fits>
  Result<QuantGroup> Choose(const std::string& scale, const Fits& fits) const {
    const QuantGroup* chosen = nullptr;
    for (const QuantGroup& group : scheme_.groups) {
      if (!fits(group) || !Shares(group, m_.scale.shape)) continue;
      if (chosen != nullptr &&
          (chosen->bits != group.bits || chosen->sharing != group.sharing ||
           chosen->group_size != group.group_size || chosen->block_rows != group.block_rows ||
           chosen->block_cols != group.block_cols)) {
        return Refuse(scale, "a shape that fits several groups of quantization_config");
      }
      chosen = &group;
    }
    if (chosen != nullptr) return *chosen;
    return Error(StatusCode::kCorrupt,
                 "{}: tensor '{}' {}: no description in quantization_config fits it and the "
                 "weight's shape {}",
                 FileOf(*Get(scale)), scale, ShapeToString(m_.scale.shape), ShapeToString(shape_));
  }

  // Whether scales shared this way have this shape.
  bool Shares(const QuantGroup& group, const Shape& shape) const {
    const bool scalar = NumElements(shape) == 1;
    const bool rows = shape == Shape{m_.n} || shape == Shape{m_.n, 1};
    switch (group.sharing) {
      case ScaleSharing::kTensor:
        return scalar;
      case ScaleSharing::kChannel:
        return rows;
      case ScaleSharing::kTensorOrChannel:
        return scalar || rows;
      case ScaleSharing::kGroup:
        return shape == Shape{m_.n, CeilDiv(m_.k, group.group_size)};
      case ScaleSharing::kBlock:
        return shape == Shape{CeilDiv(m_.n, group.block_rows), CeilDiv(m_.k, group.block_cols)};
    }
    return false;
  }

  // `Shares` holds.
  void SetGrid(const QuantGroup& group, const Shape& shape) {
    m_.group = m_.k;
    if (group.sharing == ScaleSharing::kGroup || group.sharing == ScaleSharing::kBlock) {
      const bool block = group.sharing == ScaleSharing::kBlock;
      m_.scale_rows = block ? group.block_rows : 1;
      m_.group = block ? group.block_cols : group.group_size;
      m_.row_stride = shape[1];
      m_.group_stride = 1;
    } else {
      m_.row_stride = NumElements(shape) == m_.n ? 1 : 0;
    }
  }

  // The format's block must lie within one group of columns.
  Status ChooseBlock(DType large, DType small) {
    int64_t unit = m_.group >= m_.k ? 0 : m_.group;
    if (!m_.column_order.empty()) unit = CommonGroupSize();
    if (unit % 32 != 0) {
      return Refuse(
          name_, fmt::format("a scale for every {} columns; Frugal reads multiples of 32", unit));
    }
    m_.dtype = unit % 128 == 0 ? large : small;
    return OkStatus();
  }

  // The largest number that divides the size of every group but the last in column_order.
  int64_t CommonGroupSize() const {
    int64_t unit = 0;
    int64_t begin = 0;
    for (int64_t p = 1; p < m_.k; ++p) {
      if (GroupOf(m_, p) == GroupOf(m_, p - 1)) continue;
      unit = std::gcd(unit, p - begin);
      begin = p;
    }
    return unit;
  }

  // The group of each column, where the file has it (act-order). −1 throughout means none.
  Status FindColumnOrder(const std::string& name) {
    if (Get(name) == nullptr) return OkStatus();
    TensorView index;
    RETURN_IF_ERROR(Use(name, DType::kI32, {m_.k}, &index));
    const int64_t groups = CeilDiv(m_.k, m_.group);
    bool in_order = true;
    bool unset = true;
    for (int64_t c = 0; c < m_.k; ++c) {
      const int32_t group = Int32At(index, c);
      in_order = in_order && group == c / m_.group;
      unset = unset && group == -1;
    }
    if (in_order || unset) return OkStatus();
    for (int64_t c = 0; c < m_.k; ++c) {
      const int32_t group = Int32At(index, c);
      if (group >= 0 && group < groups) continue;
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}', element {}: expected a group from 0 to {}, found {}",
                   FileOf(*Get(name)), name, c, groups - 1, group);
    }
    m_.column_order.resize(static_cast<size_t>(m_.k));
    std::iota(m_.column_order.begin(), m_.column_order.end(), 0);
    std::ranges::stable_sort(m_.column_order, {}, [&](int32_t c) { return Int32At(index, c); });
    m_.group_index = index;
    return OkStatus();
  }

  Status CheckWeightShape() {
    const std::string name = module_ + ".weight_shape";
    const NamedTensor* tensor = Get(name);
    TensorView view;
    RETURN_IF_ERROR(Use(
        name, tensor != nullptr && tensor->view.dtype == DType::kI32 ? DType::kI32 : DType::kI64,
        {2}, &view));
    int64_t dims[2];
    for (int i = 0; i < 2; ++i) {
      if (view.dtype == DType::kI32) {
        dims[i] = Int32At(view, i);
      } else {
        std::memcpy(&dims[i], view.data + 8 * i, 8);
      }
    }
    if (Shape{dims[0], dims[1]} == shape_) return OkStatus();
    return Error(StatusCode::kCorrupt, "{}: tensor '{}': expected {}, found {}", FileOf(*tensor),
                 name, ShapeToString(shape_), ShapeToString({dims[0], dims[1]}));
  }

  Status UseScale(const std::string& name) {
    const NamedTensor* tensor = Get(name);
    if (tensor == nullptr) {
      return Error(StatusCode::kCorrupt, "{}: tensor '{}', the scales of '{}', is missing",
                   checkpoint_.path, name, name_);
    }
    const DType dtype = tensor->view.dtype;
    if (dtype != DType::kF32 && dtype != DType::kBF16 && dtype != DType::kF16) {
      return Refuse(name, fmt::format("scales of type {}", GetDType(dtype).name));
    }
    m_.scale = tensor->view;
    used_->push_back(name);
    for (const char* hint : {".input_scale", ".activation_scale", ".output_scale",
                             ".input_zero_point", ".output_zero_point"}) {
      if (Get(module_ + hint) != nullptr) used_->push_back(module_ + hint);
    }
    for (int64_t i = 0; i < NumElements(m_.scale.shape); ++i) {
      const float scale = FloatAt(m_.scale, i);
      if (std::isfinite(scale)) continue;
      return Error(StatusCode::kCorrupt,
                   "{}: tensor '{}', element {}: expected a finite scale, found {}",
                   FileOf(*tensor), name, i, scale);
    }
    return OkStatus();
  }

  // Older writers give every module a bias, of zeros where the model has none.
  void UseZeroBias() {
    const NamedTensor* bias = Get(module_ + ".bias");
    if (bias == nullptr) return;
    const uint8_t* end = bias->view.data + bias->view.bytes;
    if (std::all_of(bias->view.data, end, [](uint8_t byte) { return byte == 0; })) {
      used_->push_back(bias->name);
    }
  }

  Status CheckShape(const std::string& name, const Shape& shape) const {
    const NamedTensor& tensor = *Get(name);
    if (tensor.view.shape == shape) return OkStatus();
    return Error(StatusCode::kCorrupt,
                 "{}: tensor '{}': expected {}, found {}; does the configuration belong to these "
                 "weights?",
                 FileOf(tensor), name, ShapeToString(shape), ShapeToString(tensor.view.shape));
  }

  // A tensor of this type and shape.
  Status Use(const std::string& name, DType dtype, const Shape& shape, TensorView* view) {
    const NamedTensor* tensor = Get(name);
    if (tensor == nullptr) {
      return Error(StatusCode::kCorrupt, "{}: tensor '{}' {}, a part of '{}', is missing",
                   checkpoint_.path, name, ShapeToString(shape), name_);
    }
    RETURN_IF_ERROR(CheckShape(name, shape));
    if (tensor->view.dtype != dtype) {
      return Error(StatusCode::kCorrupt, "{}: tensor '{}': expected elements of type {}, found {}",
                   FileOf(*tensor), name, GetDType(dtype).name, GetDType(tensor->view.dtype).name);
    }
    *view = tensor->view;
    used_->push_back(name);
    return OkStatus();
  }

  Status Refuse(const std::string& name, const std::string& what) const {
    const NamedTensor* tensor = Get(name);
    return Error(StatusCode::kUnsupported, "{}: tensor '{}' has {}",
                 tensor == nullptr ? checkpoint_.path : FileOf(*tensor), name, what);
  }

  const NamedTensor* Get(const std::string& name) const { return checkpoint_.tensors.Find(name); }

  const std::string& FileOf(const NamedTensor& tensor) const {
    return checkpoint_.tensors.files[static_cast<size_t>(tensor.file)].path();
  }

  const Checkpoint& checkpoint_;
  const QuantScheme& scheme_;
  const std::string& name_;
  const Shape& shape_;
  std::vector<std::string>* used_;
  std::string module_;
  StoredMatrix m_;
};

}  // namespace

Result<StoredMatrix> FindStoredMatrix(const Checkpoint& checkpoint, const QuantScheme& scheme,
                                      const std::string& name, const Shape& shape,
                                      std::vector<std::string>* used_names) {
  CHECK(shape.size() == 2 || shape.size() == 3);
  CHECK(std::ranges::all_of(shape, [](int64_t d) { return d > 0; }) && shape.back() <= INT32_MAX);
  return Finder(checkpoint, scheme, name, shape, used_names).Find();
}

}  // namespace frugal
