#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/codec/codec.h"
#include "kernels/kernels.h"
#include "kernels/panel_layout.h"

namespace frugal {
namespace {

int64_t RoundUp(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }

bool IsFloat(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

// Copies a block between a row's own order and its place in the 16 interleaved blocks at
// `column`; `copy` is called with (row bytes, panel bytes, count).
template <typename Copy>
void ForEachPiece(DType dtype, int lane, int block_bytes, const Copy& copy) {
  const int odd = block_bytes % 4;
  const int words = block_bytes / 4;
  const bool odd_last = OddBytesLast(dtype);
  const int words_at = odd * kPanelRows;
  const int row_words = odd_last ? 0 : odd;
  if (odd > 0) copy(odd_last ? words * 4 : 0, lane * odd, odd);
  for (int u = 0; u < words; ++u) {
    copy(row_words + 4 * u, words_at + (PanelWord(dtype, u) * kPanelRows + lane) * 4, 4);
  }
}

// Elements of `size` bytes from `src` to every 16th unit of `unit` elements.
void InterleaveFloats(const uint8_t* src, int64_t k, int size, int unit, int lane, uint8_t* dst) {
  for (int64_t c = 0; c < k; ++c) {
    const int64_t at = (c / unit * kPanelRows + lane) * unit + c % unit;
    std::memcpy(dst + at * size, src + c * size, static_cast<size_t>(size));
  }
}

}  // namespace

int64_t PackedPanelBytes(DType dtype, int64_t k) {
  CHECK(HasCodec(dtype) && k >= 0);
  const DTypeInfo& info = GetDType(dtype);
  if (IsFloat(dtype)) return RoundUp(k, kColumnPad) * info.block_bytes * kPanelRows;
  return info.Blocks(k) * info.block_bytes * kPanelRows;
}

void PackPanel(DType dtype, int64_t k, const uint8_t* const rows[kPanelRows], uint8_t* dst) {
  const DTypeInfo& info = GetDType(dtype);
  std::memset(dst, 0, static_cast<size_t>(PackedPanelBytes(dtype, k)));
  for (int lane = 0; lane < kPanelRows; ++lane) {
    const uint8_t* row = rows[lane];
    if (row == nullptr) continue;
    if (IsFloat(dtype)) {
      InterleaveFloats(row, k, info.block_bytes, dtype == DType::kBF16 ? 2 : 1, lane, dst);
      continue;
    }
    for (int64_t b = 0; b < info.Blocks(k); ++b) {
      const uint8_t* from = row + b * info.block_bytes;
      uint8_t* to = dst + b * info.block_bytes * kPanelRows;
      ForEachPiece(dtype, lane, info.block_bytes, [&](int in_row, int in_panel, int count) {
        std::memcpy(to + in_panel, from + in_row, static_cast<size_t>(count));
      });
    }
  }
}

void UnpackRow(const PackedMatrix& w, int64_t row, float* dst) {
  const DTypeInfo& info = GetDType(w.dtype);
  const uint8_t* panel = w.data + row / kPanelRows * w.panel_bytes;
  const int lane = static_cast<int>(row % kPanelRows);
  if (IsFloat(w.dtype)) {
    const int unit = w.dtype == DType::kBF16 ? 2 : 1;
    for (int64_t c = 0; c < w.k; ++c) {
      const int64_t at = (c / unit * kPanelRows + lane) * unit + c % unit;
      DecodeRow(w.dtype, panel + at * info.block_bytes, 1, dst + c);
    }
    return;
  }
  uint8_t block[256];
  float values[256];
  CHECK(info.block_bytes <= static_cast<int>(sizeof(block)) && info.block_size <= 256);
  for (int64_t b = 0; b < info.Blocks(w.k); ++b) {
    const uint8_t* from = panel + b * info.block_bytes * kPanelRows;
    ForEachPiece(w.dtype, lane, info.block_bytes, [&](int in_row, int in_panel, int count) {
      std::memcpy(block + in_row, from + in_panel, static_cast<size_t>(count));
    });
    DecodeRow(w.dtype, block, info.block_size, values);
    const int64_t at = b * info.block_size;
    std::copy_n(values, std::min<int64_t>(info.block_size, w.k - at), dst + at);
  }
}

ActKind ActivationKind(DType weight, bool exact) {
  if (exact || weight == DType::kF32 || weight == DType::kF16) return ActKind::kF32;
  const bool bf16 = weight == DType::kBF16 || weight == DType::kF8_G128 || weight == DType::kF8_G32;
  if (bf16) return ActKind::kBf16;
  const bool k_quant = weight == DType::kQ2_K || weight == DType::kQ3_K || weight == DType::kQ4_K ||
                       weight == DType::kQ5_K || weight == DType::kQ6_K;
  return k_quant ? ActKind::kQ8Block : ActKind::kQ8;
}

Arithmetic ArithmeticOf(ActKind kind) {
  switch (kind) {
    case ActKind::kF32:
      return Arithmetic::kF32;
    case ActKind::kBf16:
      return Arithmetic::kBf16;
    case ActKind::kQ8:
    case ActKind::kQ8Block:
      break;
  }
  return Arithmetic::kInt8;
}

int64_t ActivationRowBytes(ActKind kind, int64_t k) {
  const int64_t columns = RoundUp(k, kColumnPad);
  switch (kind) {
    case ActKind::kF32:
      return columns * 4;
    case ActKind::kBf16:
      return columns * 2;
    case ActKind::kQ8:
      return columns / 32 * static_cast<int64_t>(sizeof(Q8Group));
    case ActKind::kQ8Block:
      return RoundUp(k, 256) / 256 * static_cast<int64_t>(sizeof(Q8Block));
  }
  CHECK(false);
  return 0;
}

int64_t KvElementBytes(KvType type) { return type == KvType::kF32 ? 4 : 2; }

int AttentionQueries(int group) { return std::max(1, 48 / group); }

// As the kernel lays it out: pointers to the queries, the queries, a block's keys and values, the
// scores, the running values, and three numbers for each row.
int64_t AttentionScratchFloats(int group, int head_dim, int v_head_dim) {
  const int64_t rows = int64_t{group} * AttentionQueries(group);
  const int64_t k = RoundUp(head_dim, 16);
  const int64_t v = RoundUp(v_head_dim, 16);
  return RoundUp(2 * rows, 16) + rows * k + kAttentionBlock * (k + v) +
         rows * (kAttentionBlock + v) + 3 * RoundUp(rows, 16);
}

}  // namespace frugal
