// How the bytes of 16 rows lie in a panel (PackedMatrix).
//
// Float formats, columns padded with zeros to a multiple of kColumnPad:
//   F32, F16   [k][16]          one element of each row
//   BF16       [k/2][16][2]     two neighbouring elements of each row, the bf16 dot's unit
// Quantised formats and FP8, for each block column: the 16 rows' blocks cut into words of 4 bytes,
//   [kBytes/4][16][4]           a word of every row, word u at PanelWord(u)
// and before them the kBytes mod 4 odd bytes of every row, [16][kBytes mod 4]. So 4 codes of each
// of the 16 rows make one vector in dot order, the scales of 16 rows another, and no kernel ever
// transposes. Words stand in the order in which they are used: the processor's prefetcher follows
// one stream through a panel.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace frugal {

constexpr int kColumnPad = 32;

// True when the odd bytes of a row's block, its scale, stand at the end.
constexpr bool OddBytesLast(DType dtype) {
  return dtype == DType::kQ3_K || dtype == DType::kQ6_K || dtype == DType::kTQ1_0 ||
         dtype == DType::kTQ2_0;
}

// The place in the panel of word u of a row's block (counted without the odd bytes).
constexpr int PanelWord(DType dtype, int u) {
  if (dtype == DType::kQ2_K) return u == 20 ? 0 : u + 1;       // the scale of all first
  if (dtype == DType::kQ3_K) return u >= 24 ? u - 24 : u + 3;  // scales first
  if (dtype != DType::kQ6_K) return u;
  if (u >= 48) return u - 48;                                     // scales first, then for each
  if (u >= 32) return 4 + 24 * ((u - 32) / 8) + 3 * (u % 8) + 2;  // half line by line: nibbles,
  return 4 + 24 * (u / 16) + 3 * (u % 8) + u % 16 / 8;            // nibbles, bit pairs
}

}  // namespace frugal
