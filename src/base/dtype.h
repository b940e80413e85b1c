// Element types of tensors as checkpoints store them, with their block geometry.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace frugal {

// Values of the GGUF types equal ggml's type numbers (gguf/constants.py, GGMLQuantizationType).
enum class DType : int32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ2_XXS = 16,
  kIQ2_XS = 17,
  kIQ3_XXS = 18,
  kIQ1_S = 19,
  kIQ4_NL = 20,
  kIQ3_S = 21,
  kIQ2_S = 22,
  kIQ4_XS = 23,
  kI8 = 24,
  kI16 = 25,
  kI32 = 26,
  kI64 = 27,
  kF64 = 28,
  kIQ1_M = 29,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
  // Safetensors only.
  kBool = 100,
  kU8 = 101,
  kU16 = 102,
  kU32 = 103,
  kU64 = 104,
  kF8_E4M3 = 105,
  kF8_E5M2 = 106,
  // Never in a file: what packed safetensors weights become in memory (kernels/codec/f8_blocks.h,
  // i4_groups.h, i8_groups.h). Rows end in a partial block where the block does not divide them.
  kF8_G128 = 200,
  kF8_G32 = 201,
  kI4_G128 = 202,
  kI4_G32 = 203,
  kI4_BF16 = 204,
  kI8_G128 = 205,
  kI8_G32 = 206,
};

// A tensor's innermost dimension is cut into blocks of `block_size` elements, each stored in
// `block_bytes` bytes; plain types have block_size 1.
struct DTypeInfo {
  DType dtype;
  const char* name;  // GGUF's name ("Q4_K"), safetensors' ("BF16") or ours
  int block_size;    // elements
  int block_bytes;
  bool in_gguf;
  bool in_safetensors;

  // Blocks that hold a row of `cols` elements.
  int64_t Blocks(int64_t cols) const { return (cols + block_size - 1) / block_size; }
};

// Null when `dtype` is not one of the enumerators (it may come from a file).
const DTypeInfo* FindDType(DType dtype);
const DTypeInfo* FindDType(std::string_view name);

// For enumerators only.
const DTypeInfo& GetDType(DType dtype);

// Bytes of `rows` rows of `cols` elements; nullopt when cols is negative or not a multiple of the
// block, or when the size would overflow int64.
std::optional<int64_t> TensorBytes(DType dtype, int64_t rows, int64_t cols);

}  // namespace frugal
