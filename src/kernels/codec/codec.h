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
// Float formats (F32, F16, BF16) are plain conversions.
//
// The files are compiled once per instruction set, inside that set's namespace (FRUGAL_ISA_NS),
// so that no object shares an inline symbol with another set's. Tables of the formats
// (iq_tables.cc) are ordinary constants.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace frugal {

// True for the formats DecodeRow knows.
bool HasCodec(DType dtype);

// n elements (a multiple of the block size) to float32, scalar, exact. `src` may be unaligned.
// HasCodec(dtype) must hold.
void DecodeRow(DType dtype, const uint8_t* src, int64_t n, float* dst);

}  // namespace frugal
