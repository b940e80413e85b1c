#include "base/dtype.h"

#include <cstddef>

#include "base/check.h"

namespace frugal {
namespace {

constexpr DTypeInfo kTypes[] = {
    {DType::kF32, "F32", 1, 4, true, true},
    {DType::kF16, "F16", 1, 2, true, true},
    {DType::kBF16, "BF16", 1, 2, true, true},
    {DType::kF64, "F64", 1, 8, true, true},
    {DType::kI8, "I8", 1, 1, true, true},
    {DType::kI16, "I16", 1, 2, true, true},
    {DType::kI32, "I32", 1, 4, true, true},
    {DType::kI64, "I64", 1, 8, true, true},
    {DType::kQ4_0, "Q4_0", 32, 18, true, false},
    {DType::kQ4_1, "Q4_1", 32, 20, true, false},
    {DType::kQ5_0, "Q5_0", 32, 22, true, false},
    {DType::kQ5_1, "Q5_1", 32, 24, true, false},
    {DType::kQ8_0, "Q8_0", 32, 34, true, false},
    {DType::kQ2_K, "Q2_K", 256, 84, true, false},
    {DType::kQ3_K, "Q3_K", 256, 110, true, false},
    {DType::kQ4_K, "Q4_K", 256, 144, true, false},
    {DType::kQ5_K, "Q5_K", 256, 176, true, false},
    {DType::kQ6_K, "Q6_K", 256, 210, true, false},
    {DType::kIQ2_XXS, "IQ2_XXS", 256, 66, true, false},
    {DType::kIQ2_XS, "IQ2_XS", 256, 74, true, false},
    {DType::kIQ2_S, "IQ2_S", 256, 82, true, false},
    {DType::kIQ3_XXS, "IQ3_XXS", 256, 98, true, false},
    {DType::kIQ3_S, "IQ3_S", 256, 110, true, false},
    {DType::kIQ1_S, "IQ1_S", 256, 50, true, false},
    {DType::kIQ1_M, "IQ1_M", 256, 56, true, false},
    {DType::kIQ4_NL, "IQ4_NL", 32, 18, true, false},
    {DType::kIQ4_XS, "IQ4_XS", 256, 136, true, false},
    {DType::kTQ1_0, "TQ1_0", 256, 54, true, false},
    {DType::kTQ2_0, "TQ2_0", 256, 66, true, false},
    {DType::kMXFP4, "MXFP4", 32, 17, true, false},
    {DType::kBool, "BOOL", 1, 1, false, true},
    {DType::kU8, "U8", 1, 1, false, true},
    {DType::kU16, "U16", 1, 2, false, true},
    {DType::kU32, "U32", 1, 4, false, true},
    {DType::kU64, "U64", 1, 8, false, true},
    {DType::kF8_E4M3, "F8_E4M3", 1, 1, false, true},
    {DType::kF8_E5M2, "F8_E5M2", 1, 1, false, true},
    {DType::kF8_G128, "F8_G128", 128, 132, false, false},
    {DType::kF8_G32, "F8_G32", 32, 36, false, false},
    {DType::kI4_G128, "I4_G128", 128, 69, false, false},
    {DType::kI4_G32, "I4_G32", 32, 21, false, false},
    {DType::kI4_BF16, "I4_BF16", 32, 18, false, false},
    {DType::kI8_G128, "I8_G128", 128, 132, false, false},
    {DType::kI8_G32, "I8_G32", 32, 36, false, false},
};

}  // namespace

const DTypeInfo* FindDType(DType dtype) {
  for (const DTypeInfo& info : kTypes) {
    if (info.dtype == dtype) return &info;
  }
  return nullptr;
}

const DTypeInfo* FindDType(std::string_view name) {
  for (const DTypeInfo& info : kTypes) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

const DTypeInfo& GetDType(DType dtype) {
  const DTypeInfo* info = FindDType(dtype);
  CHECK(info != nullptr);
  return *info;
}

std::optional<int64_t> TensorBytes(DType dtype, int64_t rows, int64_t cols) {
  const DTypeInfo* info = FindDType(dtype);
  if (info == nullptr || rows < 0 || cols < 0 || cols % info->block_size != 0) return std::nullopt;
  int64_t bytes = 0;
  if (__builtin_mul_overflow(cols / info->block_size, int64_t{info->block_bytes}, &bytes) ||
      __builtin_mul_overflow(bytes, rows, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace frugal
