// How the bytes of 16 rows lie in a panel (PackedMatrix).
//
// Float formats, columns padded with zeros to a multiple of kColumnPad:
//   F32, F16   [k][16]          one element of each row
//   BF16       [k/2][16][2]     two neighbouring elements of each row, the bf16 dot's unit
// Quantised formats and FP8, for each block column: the 16 rows' blocks cut into words of 4 bytes,
//   [kBytes/4][16][4]           word u of every row
// and the kBytes mod 4 odd bytes of every row, [16][kBytes mod 4], before the words, or behind
// them for the formats whose odd bytes come last. So 4 codes of each of the 16 rows make one
// vector in dot order, the scales of 16 rows another, and no kernel ever transposes.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace frugal {

constexpr int kColumnPad = 32;

// True when the block's scale (its odd bytes) stands at the end.
constexpr bool OddBytesLast(DType dtype) {
  return dtype == DType::kQ3_K || dtype == DType::kQ6_K || dtype == DType::kTQ1_0 ||
         dtype == DType::kTQ2_0;
}

}  // namespace frugal
