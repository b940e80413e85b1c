// Weight formats. Each is one file, kernels/codec/<name>.h, and one line in codec/list.h.
//
// A quantised format is a struct of constants and one function, and every use (the scalar decode
// that is the oracle, the float matmul, the int8 matmul) is written once over it:
//
//   struct CodecQ4_K {
//     static constexpr DType kDType = DType::kQ4_K;
//     static constexpr int kBlock = 256;    // elements per block
//     static constexpr int kBytes = 144;    // bytes per block
//     static constexpr int kGroup = 32;     // elements that share a scale (16 or 32)
//     static constexpr bool kHasMin = true; // value = scale·code + bias, else scale·code
//     // codes[kBlock], scales[kBlock/kGroup], biases[kBlock/kGroup] (unused without kHasMin)
//     static void Unpack(const uint8_t* block, int8_t* codes, float* scales, float* biases);
//   };
//
// scale·code (+ bias), each operation rounded to float32, must give the bits that the `gguf`
// Python package's dequantize gives. Every published GGUF format fits: grids and ternary
// formats have integer codes too, once a power of two has moved into the scale.
//
// A format that can be written also has
//   static void Encode(const float* x, uint8_t* block);      // x[kBlock]
//
// Float formats (F32, F16, BF16) are plain conversions, in half.h. FP8 is a float under a scale, in
// f8_blocks.h. The formats that are in no file are what packed safetensors become in memory
// (model/stored_matrix.h makes them).
//
// A codec's header opens namespace frugal::FRUGAL_ISA_NS and includes nothing that could emit
// inline functions outside it: the headers are compiled once per instruction set, and no object
// may share an inline symbol with another set's. Tables of the formats (iq_tables.cc) are
// ordinary constants.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace frugal {

// True for the formats DecodeRow knows.
bool HasCodec(DType dtype);

// n elements (a multiple of the block size) to float32, scalar, exact. `src` may be unaligned.
// HasCodec(dtype) must hold.
void DecodeRow(DType dtype, const uint8_t* src, int64_t n, float* dst);

// True for the formats EncodeRow knows: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K,
// Q6_K, MXFP4.
bool HasEncoder(DType dtype);

// n float32 elements (a multiple of the block size) to `dtype`, scalar: the bytes that the `gguf`
// Python package's quantize gives, or, where it cannot (the K formats), k_encode.h's search. The
// quantised formats want finite values; what others become is unspecified, but harmless. `dst` may
// be unaligned. HasEncoder(dtype) must hold.
void EncodeRow(DType dtype, const float* src, int64_t n, uint8_t* dst);

}  // namespace frugal
