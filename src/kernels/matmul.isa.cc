// Matrix products for any number of rows and any weight format.
//
// A panel (16 outputs) is taken in tiles of 256 columns. A tile is unpacked once into a buffer
// that stays in the first cache, then all rows of x run over it, a few at a time in registers;
// the running totals wait beside it. The order of every output's additions is that of the columns,
// so it depends on neither the rows at hand nor the split into panels.
#include "kernels/isa.h"
#include "kernels/matmul_few_rows.h"
#include "kernels/matmul_frame.h"
#include "kernels/matmul_int8.h"
#include "kernels/panel_unpack.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

namespace {

// ---- float32: w is [columns][16] --------------------------------------------------------------

// The sum of 32 columns goes into the total, times its scale where w has scales, [columns/32][16].
inline F32 AddGroup(F32 total, F32 sum, const float* scales, int64_t column) {
  if (scales == nullptr) return Add(total, sum);
  return Fma(sum, Load(scales + column / 32 * kRows), total);
}

// Sums of 32 columns are formed apart and then added to the total: the rounding error grows with
// the number of groups, not of columns. w and scales are those of kP panels.
template <int kP, int kM>
void FloatRows(const Job& job, int64_t row, const float* const* w, const float* const* scales,
               const float* x, int64_t x_stride) {
  F32 total[kP][kM];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) total[p][i] = LoadTotal(job, p, row + i);
  }
  for (int64_t c = 0; c < job.columns; c += 32) {
    F32 acc[kP][kM];
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) {
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) acc[p][i] = Zero();
    }
    for (int64_t j = c; j < c + 32; ++j) {
      F32 weight[kP];
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) weight[p] = Load(w[p] + j * kRows);
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) {
        const F32 value = Set(x[i * x_stride + j]);
        FRUGAL_UNROLL
        for (int p = 0; p < kP; ++p) acc[p][i] = Fma(weight[p], value, acc[p][i]);
      }
    }
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) {
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) total[p][i] = AddGroup(total[p][i], acc[p][i], scales[p], c);
    }
  }
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) StoreTotal(job, p, row + i, total[p][i]);
  }
}

// ---- bf16: w is [columns/2][16][2] ------------------------------------------------------------

#if FRUGAL_HAS_BF16_DOT
// Values that bfloat16 holds exactly, the even column's in the low halves.
inline I32 Bf16Pairs(F32 even, F32 odd) {
  return OrI(ShrI<16>(Bits(even)), AndI(Bits(odd), SetI(static_cast<int32_t>(0xffff0000u))));
}

template <int kP, int kM>
void Bf16Rows(const Job& job, int64_t row, const uint8_t* const* w, const float* const* scales,
              const uint8_t* x, int64_t x_stride) {
  F32 total[kP][kM];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) total[p][i] = LoadTotal(job, p, row + i);
  }
  for (int64_t c = 0; c < job.columns; c += 32) {
    F32 acc[kP][kM];
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) {
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) acc[p][i] = Zero();
    }
    for (int64_t j = c; j < c + 32; j += 2) {
      I32 weight[kP];
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) weight[p] = LoadI(w[p] + j * kRows * 2);
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) {
        const uint8_t* pair = x + i * x_stride + 2 * j;
        FRUGAL_UNROLL
        for (int p = 0; p < kP; ++p) acc[p][i] = DotBf16(acc[p][i], weight[p], pair);
      }
    }
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) {
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) total[p][i] = AddGroup(total[p][i], acc[p][i], scales[p], c);
    }
  }
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) StoreTotal(job, p, row + i, total[p][i]);
  }
}
#endif

// ---- Tiles --------------------------------------------------------------------------------------

// f(Int<panels>(), Int<rows>(), row) for all rows of the job.
template <typename F>
inline void ForEachFloatRows(const Job& job, const F& f) {
  if (job.panels == 1) {
    ForEachRows<kFloatRows>(job.rows, [&](auto rows, int64_t row) { f(Int<1>(), rows, row); });
    return;
  }
  if constexpr (kFloatPanels > 1) {
    ForEachRows<kFloatRows>(job.rows,
                            [&](auto rows, int64_t row) { f(Int<kFloatPanels>(), rows, row); });
  }
}

inline int64_t FloatPanelsAtATime(int64_t m) { return m < 3 ? 1 : kFloatPanels; }
static_assert(kFloatPanels <= kMaxPanels);

// ---- Tiles of float32 -------------------------------------------------------------------------

// scale·code (+ bias), each rounded, as the codec's scalar decode has it.
void ExpandTile(const QuantFormat& format, const QuantTile& tile, int64_t columns, float* out) {
  for (int64_t c = 0; c < columns; c += format.group) {
    const int64_t g = c / format.group;
    const F32 scale = Load(tile.scales + g * kRows);
    for (int64_t j = 0; j < format.group; j += 4) {
      I32 codes = LoadI(tile.codes + g * tile.group_bytes + j * kRows);
      if (!format.raw) codes = FlipCodes(codes);
      F32 values[4] = {ToF32(SarI<24>(ShlI<24>(codes))), ToF32(SarI<24>(ShlI<16>(codes))),
                       ToF32(SarI<24>(ShlI<8>(codes))), ToF32(SarI<24>(codes))};
      for (F32& value : values) value = Mul(scale, value);
      if (format.has_min) {
        const F32 bias = Load(tile.biases + g * kRows);
        for (F32& value : values) value = Add(value, bias);
      }
      for (int i = 0; i < 4; ++i) Store(out + (c + j + i) * kRows, values[i]);
    }
  }
}

void ExpandKTile(const KFormat& format, const KTile& tile, float* out) {
  const I32 offset = SetI(format.offset);
  for (int c = 0; c < 256; c += 4) {
    const int g = c / format.group;
    const F32 scale = Load(tile.scales + g * kRows);
    const I32 codes = LoadI(tile.codes + c * kRows);
    const I32 byte = SetI(255);
    const I32 parts[4] = {AndI(codes, byte), AndI(ShrI<8>(codes), byte),
                          AndI(ShrI<16>(codes), byte), ShrI<24>(codes)};
    F32 bias = Zero();
    if (format.offset == 0) {
      const I32 pair = LoadI(tile.mins + g / 2 * kRows * 2);
      bias =
          Mul(Load(tile.min_scale), ToF32(g % 2 == 0 ? SarI<16>(ShlI<16>(pair)) : SarI<16>(pair)));
    }
    for (int i = 0; i < 4; ++i) {
      F32 value = Mul(scale, ToF32(SubI(parts[i], offset)));
      if (format.offset == 0) value = Add(value, bias);
      Store(out + (c + i) * kRows, value);
    }
  }
}

void F16Tile(const uint8_t* src, int64_t columns, float* out) {
  for (int64_t c = 0; c < columns; ++c) Store(out + c * kRows, LoadF16(src + c * kRows * 2));
}

void Bf16Tile(const uint8_t* src, int64_t columns, float* out) {
  for (int64_t c = 0; c < columns; c += 2) {
    const I32 pairs = LoadI(src + c * kRows * 2);
    Store(out + c * kRows, FromBits(ShlI<16>(pairs)));
    Store(out + (c + 1) * kRows, FromBits(ShlI<16>(ShrI<16>(pairs))));
  }
}

// scale·code, rounded.
void F8Tile(int block, const uint8_t* panel, int64_t begin, int64_t columns, float* out) {
  alignas(64) float scales[kTileColumns / 32 * kRows];
  UnpackF8(block, panel, begin, columns, scales, [&](int64_t c, const F32* values) {
    const F32 scale = Load(scales + c / 32 * kRows);
    for (int i = 0; i < 4; ++i) Store(out + (c + i) * kRows, Mul(scale, values[i]));
  });
}

// ---- Products ---------------------------------------------------------------------------------

// The tile of a panel as [columns][16] floats: where it is, or expanded into `buffer`.
const float* FloatTile(const PackedMatrix& w, const uint8_t* panel, int64_t column, int64_t columns,
                       float* buffer) {
  if (w.dtype == DType::kF32) return reinterpret_cast<const float*>(panel) + column * kRows;
  if (w.dtype == DType::kF16) {
    F16Tile(panel + column * kRows * 2, columns, buffer);
  } else if (w.dtype == DType::kBF16) {
    Bf16Tile(panel + column * kRows * 2, columns, buffer);
  } else if (const KFormat* k_format = FindKFormat(w.dtype)) {
    KTile tile;
    k_format->unpack(panel + column / 256 * k_format->bytes * kRows, &tile);
    ExpandKTile(*k_format, tile, buffer);
  } else if (const QuantFormat* format = FindQuantFormat(w.dtype)) {
    QuantTile tile;
    format->unpack(panel + column / format->block * format->bytes * kRows, Blocks(*format, columns),
                   &tile);
    ExpandTile(*format, tile, columns, buffer);
  } else {
    F8Tile(F8Block(w.dtype), panel, column, columns, buffer);
  }
  return buffer;
}

void MatmulF32(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
               int64_t panel_end, float* y, int64_t y_stride) {
  alignas(64) float buffer[kFloatPanels][kTileColumns * kRows];
  const int64_t x_stride = x.row_bytes / 4;
  ForEachTile(w, x, bias, panel_begin, panel_end, FloatPanelsAtATime(x.m), y, y_stride,
              [&](const Job& job) {
                const float* tiles[kFloatPanels];
                const float* no_scales[kFloatPanels] = {};
                for (int64_t p = 0; p < job.panels; ++p) {
                  tiles[p] = FloatTile(w, job.panel + p * job.panel_bytes, job.column, job.columns,
                                       buffer[p]);
                }
                const float* from = reinterpret_cast<const float*>(x.data) + job.column;
                ForEachFloatRows(job, [&](auto panels, auto rows, int64_t row) {
                  FloatRows<decltype(panels)::value, decltype(rows)::value>(
                      job, row, tiles, no_scales, from + (job.row + row) * x_stride, x_stride);
                });
              });
}

void MatmulBf16(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
                int64_t panel_end, float* y, int64_t y_stride) {
  const int f8_block = F8Block(w.dtype);
  alignas(64) float scales[kFloatPanels][kTileColumns / 32 * kRows];
  const float* all_scales[kFloatPanels] = {};
#if FRUGAL_HAS_BF16_DOT
  alignas(64) uint8_t buffer[kFloatPanels][kTileColumns * kRows * 2];
  ForEachTile(w, x, bias, panel_begin, panel_end, FloatPanelsAtATime(x.m), y, y_stride,
              [&](const Job& job) {
                const uint8_t* tiles[kFloatPanels];
                for (int64_t p = 0; p < job.panels; ++p) {
                  const uint8_t* panel = job.panel + p * job.panel_bytes;
                  tiles[p] = panel + job.column * kRows * 2;
                  if (f8_block == 0) continue;
                  tiles[p] = buffer[p];
                  all_scales[p] = scales[p];
                  UnpackF8(f8_block, panel, job.column, job.columns, scales[p],
                           [&](int64_t j, const F32* v) {
                             StoreI(buffer[p] + j * kRows * 2, Bf16Pairs(v[0], v[1]));
                             StoreI(buffer[p] + (j + 2) * kRows * 2, Bf16Pairs(v[2], v[3]));
                           });
                }
                ForEachFloatRows(job, [&](auto panels, auto rows, int64_t row) {
                  Bf16Rows<decltype(panels)::value, decltype(rows)::value>(
                      job, row, tiles, all_scales,
                      x.data + (job.row + row) * x.row_bytes + 2 * job.column, x.row_bytes);
                });
              });
#else
  // Without the instruction both sides are widened, x again for each panel: a sixteenth of the
  // work, as 16 outputs share it.
  alignas(64) float buffer[kFloatPanels][kTileColumns * kRows];
  alignas(64) float wide[kFloatRows * kTileColumns];
  ForEachTile(
      w, x, bias, panel_begin, panel_end, FloatPanelsAtATime(x.m), y, y_stride,
      [&](const Job& job) {
        const float* tiles[kFloatPanels];
        for (int64_t p = 0; p < job.panels; ++p) {
          const uint8_t* panel = job.panel + p * job.panel_bytes;
          tiles[p] = buffer[p];
          if (f8_block == 0) {
            Bf16Tile(panel + job.column * kRows * 2, job.columns, buffer[p]);
            continue;
          }
          all_scales[p] = scales[p];
          UnpackF8(f8_block, panel, job.column, job.columns, scales[p],
                   [&](int64_t j, const F32* v) {
                     for (int i = 0; i < 4; ++i) Store(buffer[p] + (j + i) * kRows, v[i]);
                   });
        }
        ForEachFloatRows(job, [&](auto panels, auto rows, int64_t row) {
          constexpr int kM = decltype(rows)::value;
          for (int i = 0; i < kM; ++i) {
            const uint8_t* from = x.data + (job.row + row + i) * x.row_bytes + 2 * job.column;
            for (int64_t j = 0; j < job.columns; j += 16) {
              Store(wide + i * kTileColumns + j, LoadBf16(from + 2 * j));
            }
          }
          FloatRows<decltype(panels)::value, kM>(job, row, tiles, all_scales, wide, kTileColumns);
        });
      });
#endif
}

}  // namespace

void Matmul(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
            int64_t panel_end, float* y, int64_t y_stride) {
  const bool int8 = x.kind == ActKind::kQ8 || x.kind == ActKind::kQ8Block;
  if (const FewRowsFn few = int8 ? FindFewRows(w.dtype, x.m) : nullptr) {
    return few(w, x, bias, panel_begin, panel_end, y, y_stride);
  }
  switch (x.kind) {
    case ActKind::kF32:
      return MatmulF32(w, x, bias, panel_begin, panel_end, y, y_stride);
    case ActKind::kBf16:
      return MatmulBf16(w, x, bias, panel_begin, panel_end, y, y_stride);
    case ActKind::kQ8:
      return MatmulQ8(w, x, bias, panel_begin, panel_end, y, y_stride);
    case ActKind::kQ8Block:
      return MatmulQ8Block(w, x, bias, panel_begin, panel_end, y, y_stride);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
