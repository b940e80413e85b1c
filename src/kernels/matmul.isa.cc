// Matrix products for any number of rows and any weight format.
//
// A panel (16 outputs) is taken in tiles of 256 columns. A tile is unpacked once into a buffer
// that stays in the first cache, then all rows of x run over it, a few at a time in registers;
// y holds the running totals between tiles. The order of every output's additions is that of
// the columns, so it depends on neither the rows at hand nor the split into panels.
#include "kernels/isa.h"
#include "kernels/panel_unpack.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// Loops over rows held in registers: unrolled early, or GCC clears arrays of them by memset.
#define FRUGAL_UNROLL _Pragma("GCC unroll 8")

namespace {

// One tile's place in the product.
struct Job {
  int64_t columns;    // of this tile, a multiple of 32
  int64_t count;      // outputs that exist in this panel, 1–16
  bool first, last;   // tile of the row
  const float* bias;  // of this panel's outputs, or null
  float* y;           // output 0 of this panel in row 0
  int64_t y_stride;
};

template <int kM>
inline void LoadTotals(const Job& job, int64_t row, F32* total) {
  FRUGAL_UNROLL
  for (int i = 0; i < kM; ++i) total[i] = Zero();
  if (job.first) return;
  FRUGAL_UNROLL
  for (int i = 0; i < kM; ++i) total[i] = LoadN(job.y + (row + i) * job.y_stride, job.count);
}

inline void StoreTotal(const Job& job, int64_t row, F32 total) {
  if (job.last && job.bias != nullptr) total = Add(total, LoadN(job.bias, job.count));
  StoreN(job.y + row * job.y_stride, total, job.count);
}

// ---- float32: w is [columns][16] --------------------------------------------------------------

// The sum of 32 columns goes into the total, times its scale where w has scales, [columns/32][16].
inline F32 AddGroup(F32 total, F32 sum, const float* scales, int64_t column) {
  if (scales == nullptr) return Add(total, sum);
  return Fma(sum, Load(scales + column / 32 * kRows), total);
}

// Sums of 32 columns are formed apart and then added to the total: the rounding error grows with
// the number of groups, not of columns.
template <int kM>
void FloatRows(const Job& job, int64_t row, const float* w, const float* scales, const float* x,
               int64_t x_stride) {
  F32 total[kM];
  LoadTotals<kM>(job, row, total);
  for (int64_t c = 0; c < job.columns; c += 32) {
    F32 acc[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) acc[i] = Zero();
    for (int64_t j = c; j < c + 32; ++j) {
      const F32 weight = Load(w + j * kRows);
      for (int i = 0; i < kM; ++i) acc[i] = Fma(weight, Set(x[i * x_stride + j]), acc[i]);
    }
    for (int i = 0; i < kM; ++i) total[i] = AddGroup(total[i], acc[i], scales, c);
  }
  for (int i = 0; i < kM; ++i) StoreTotal(job, row + i, total[i]);
}

// ---- bf16: w is [columns/2][16][2] ------------------------------------------------------------

#if defined(FRUGAL_ISA_avx512bf16)
// Values that bfloat16 holds exactly, the even column's in the low halves.
inline I32 Bf16Pairs(F32 even, F32 odd) {
  return OrI(ShrI<16>(Bits(even)), AndI(Bits(odd), SetI(static_cast<int32_t>(0xffff0000u))));
}

template <int kM>
void Bf16Rows(const Job& job, int64_t row, const uint8_t* w, const float* scales, const uint8_t* x,
              int64_t x_stride) {
  F32 total[kM];
  LoadTotals<kM>(job, row, total);
  for (int64_t c = 0; c < job.columns; c += 32) {
    F32 acc[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) acc[i] = Zero();
    for (int64_t j = c; j < c + 32; j += 2) {
      const I32 weight = LoadI(w + j * kRows * 2);
      for (int i = 0; i < kM; ++i) acc[i] = DotBf16(acc[i], weight, x + i * x_stride + 2 * j);
    }
    for (int i = 0; i < kM; ++i) total[i] = AddGroup(total[i], acc[i], scales, c);
  }
  for (int i = 0; i < kM; ++i) StoreTotal(job, row + i, total[i]);
}
#endif

// ---- int8 -------------------------------------------------------------------------------------

// Exact integer sums within a group, then one fma (two with a minimum) per group.
template <int kM, int kGroup, bool kHasMin>
void QuantRows(const Job& job, int64_t row, const QuantTile& tile, const Q8Group* x,
               int64_t x_stride) {
  constexpr int kParts = 32 / kGroup;
  F32 total[kM];
  LoadTotals<kM>(job, row, total);
  for (int64_t g = 0; g < job.columns / 32; ++g) {
    for (int part = 0; part < kParts; ++part) {
      const uint8_t* codes = tile.codes + (g * 32 + part * kGroup) * kRows;
      I32 acc[kM];
      for (int i = 0; i < kM; ++i) {
        const Q8Group& xg = x[i * x_stride + g];
        acc[i] = SetI(kDotOffset == 0 ? 0 : kParts == 1 ? xg.shift : xg.shift16[part]);
      }
      for (int u = 0; u < kGroup / 4; ++u) {
        const I32 w = LoadI(codes + 64 * u);
        for (int i = 0; i < kM; ++i) {
          acc[i] = Dot(acc[i], w, x[i * x_stride + g].codes + part * kGroup + 4 * u);
        }
      }
      const F32 scale = Load(tile.scales + (g * kParts + part) * kRows);
      for (int i = 0; i < kM; ++i) {
        total[i] = Fma(ToF32(acc[i]), Mul(scale, Set(x[i * x_stride + g].scale)), total[i]);
      }
      if constexpr (kHasMin) {
        const F32 bias = Load(tile.biases + (g * kParts + part) * kRows);
        for (int i = 0; i < kM; ++i) {
          const Q8Group& xg = x[i * x_stride + g];
          total[i] = Fma(bias, Set(kParts == 1 ? xg.sum : xg.sum16[part]), total[i]);
        }
      }
    }
  }
  for (int i = 0; i < kM; ++i) StoreTotal(job, row + i, total[i]);
}

// ---- Rows at a time ---------------------------------------------------------------------------

template <int kValue>
struct Int {
  static constexpr int value = kValue;
};

// Calls f(Int<kM>(), row) until `m` rows are done, kMax at a time and then the rest at once.
template <int kMax, typename F>
inline void ForEachRows(int64_t m, const F& f) {
  int64_t row = 0;
  for (; row + kMax <= m; row += kMax) f(Int<kMax>(), row);
  if constexpr (kMax > 1) {
    const int64_t rest = m - row;
    if constexpr (kMax > 7) {
      if (rest == 7) return f(Int<7>(), row);
    }
    if constexpr (kMax > 6) {
      if (rest == 6) return f(Int<6>(), row);
    }
    if constexpr (kMax > 5) {
      if (rest == 5) return f(Int<5>(), row);
    }
    if constexpr (kMax > 4) {
      if (rest == 4) return f(Int<4>(), row);
    }
    if constexpr (kMax > 3) {
      if (rest == 3) return f(Int<3>(), row);
    }
    if constexpr (kMax > 2) {
      if (rest == 2) return f(Int<2>(), row);
    }
    if (rest == 1) f(Int<1>(), row);
  }
}

void FloatTileRows(const Job& job, int64_t m, const float* w, const float* x, int64_t x_stride) {
  ForEachRows<kFloatRows>(m, [&](auto rows, int64_t row) {
    FloatRows<decltype(rows)::value>(job, row, w, nullptr, x + row * x_stride, x_stride);
  });
}

template <int kGroup, bool kHasMin>
void QuantTileRows(const Job& job, int64_t m, const QuantTile& tile, const Q8Group* x,
                   int64_t x_stride) {
  ForEachRows<kDotRows>(m, [&](auto rows, int64_t row) {
    QuantRows<decltype(rows)::value, kGroup, kHasMin>(job, row, tile, x + row * x_stride, x_stride);
  });
}

// ---- Tiles of float32 -------------------------------------------------------------------------

// scale·code (+ bias), each rounded, as the codec's scalar decode has it.
void ExpandTile(const QuantFormat& format, const QuantTile& tile, int64_t columns, float* out) {
  for (int64_t c = 0; c < columns; c += format.group) {
    const F32 scale = Load(tile.scales + c / format.group * kRows);
    for (int64_t j = c; j < c + format.group; j += 4) {
      const I32 codes = FlipCodes(LoadI(tile.codes + j * kRows));
      F32 values[4] = {ToF32(SarI<24>(ShlI<24>(codes))), ToF32(SarI<24>(ShlI<16>(codes))),
                       ToF32(SarI<24>(ShlI<8>(codes))), ToF32(SarI<24>(codes))};
      for (F32& value : values) value = Mul(scale, value);
      if (format.has_min) {
        const F32 bias = Load(tile.biases + c / format.group * kRows);
        for (F32& value : values) value = Add(value, bias);
      }
      for (int i = 0; i < 4; ++i) Store(out + (j + i) * kRows, values[i]);
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

inline int64_t Min64(int64_t a, int64_t b) { return a < b ? a : b; }

// The last block may reach beyond the columns, never beyond the tile.
inline int64_t Blocks(const QuantFormat& format, int64_t columns) {
  return (columns + format.block - 1) / format.block;
}

// A product's whole frame: calls tile(job, panel's bytes, first column) for every panel and tile.
template <typename F>
inline void ForEachTile(const PackedMatrix& w, const Activations& x, const float* bias,
                        int64_t panel_begin, int64_t panel_end, float* y, int64_t y_stride,
                        const F& tile) {
  const int64_t columns = (x.k + kColumnPad - 1) / kColumnPad * kColumnPad;
  for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
    const int64_t at = panel * kRows;
    int64_t c = 0;
    do {
      const int64_t here = Min64(kTileColumns, columns - c);
      const Job job = {here,
                       Min64(kRows, w.n - at),
                       c == 0,
                       c + here == columns,
                       bias == nullptr ? nullptr : bias + at,
                       y + at,
                       y_stride};
      tile(job, w.data + panel * w.panel_bytes, c);
      c += here;
    } while (c < columns);
  }
}

void MatmulF32(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
               int64_t panel_end, float* y, int64_t y_stride) {
  const QuantFormat* format = FindQuantFormat(w.dtype);
  alignas(64) float buffer[kTileColumns * kRows];
  QuantTile quant;
  ForEachTile(w, x, bias, panel_begin, panel_end, y, y_stride,
              [&](const Job& job, const uint8_t* panel, int64_t c) {
                const float* tile = buffer;
                if (w.dtype == DType::kF32) {
                  tile = reinterpret_cast<const float*>(panel) + c * kRows;
                } else if (w.dtype == DType::kF16) {
                  F16Tile(panel + c * kRows * 2, job.columns, buffer);
                } else if (w.dtype == DType::kBF16) {
                  Bf16Tile(panel + c * kRows * 2, job.columns, buffer);
                } else if (format == nullptr) {
                  F8Tile(F8Block(w.dtype), panel, c, job.columns, buffer);
                } else {
                  format->unpack(panel + c / format->block * format->bytes * kRows,
                                 Blocks(*format, job.columns), &quant);
                  ExpandTile(*format, quant, job.columns, buffer);
                }
                FloatTileRows(job, x.m, tile, reinterpret_cast<const float*>(x.data) + c,
                              x.row_bytes / 4);
              });
}

void MatmulBf16(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
                int64_t panel_end, float* y, int64_t y_stride) {
  const int f8_block = F8Block(w.dtype);
  alignas(64) float scales[kTileColumns / 32 * kRows];
  const float* scales_or_null = f8_block > 0 ? scales : nullptr;
#if defined(FRUGAL_ISA_avx512bf16)
  alignas(64) uint8_t buffer[kTileColumns * kRows * 2];
  ForEachTile(w, x, bias, panel_begin, panel_end, y, y_stride,
              [&](const Job& job, const uint8_t* panel, int64_t c) {
                const uint8_t* tile = panel + c * kRows * 2;
                if (f8_block > 0) {
                  tile = buffer;
                  UnpackF8(f8_block, panel, c, job.columns, scales, [&](int64_t j, const F32* v) {
                    StoreI(buffer + j * kRows * 2, Bf16Pairs(v[0], v[1]));
                    StoreI(buffer + (j + 2) * kRows * 2, Bf16Pairs(v[2], v[3]));
                  });
                }
                ForEachRows<kFloatRows>(x.m, [&](auto rows, int64_t row) {
                  Bf16Rows<decltype(rows)::value>(job, row, tile, scales_or_null,
                                                  x.data + row * x.row_bytes + 2 * c, x.row_bytes);
                });
              });
#else
  // Without the instruction both sides are widened, x again for each panel: a sixteenth of the
  // work, as 16 outputs share it.
  alignas(64) float buffer[kTileColumns * kRows];
  alignas(64) float wide[kFloatRows * kTileColumns];
  ForEachTile(w, x, bias, panel_begin, panel_end, y, y_stride,
              [&](const Job& job, const uint8_t* panel, int64_t c) {
                if (f8_block > 0) {
                  UnpackF8(f8_block, panel, c, job.columns, scales, [&](int64_t j, const F32* v) {
                    for (int i = 0; i < 4; ++i) Store(buffer + (j + i) * kRows, v[i]);
                  });
                } else {
                  Bf16Tile(panel + c * kRows * 2, job.columns, buffer);
                }
                ForEachRows<kFloatRows>(x.m, [&](auto rows, int64_t row) {
                  constexpr int kM = decltype(rows)::value;
                  for (int i = 0; i < kM; ++i) {
                    const uint8_t* from = x.data + (row + i) * x.row_bytes + 2 * c;
                    for (int64_t j = 0; j < job.columns; j += 16) {
                      Store(wide + i * kTileColumns + j, LoadBf16(from + 2 * j));
                    }
                  }
                  FloatRows<kM>(job, row, buffer, scales_or_null, wide, kTileColumns);
                });
              });
#endif
}

void MatmulQ8(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
              int64_t panel_end, float* y, int64_t y_stride) {
  const QuantFormat& format = *FindQuantFormat(w.dtype);
  const auto rows = format.group == 32
                        ? (format.has_min ? QuantTileRows<32, true> : QuantTileRows<32, false>)
                        : (format.has_min ? QuantTileRows<16, true> : QuantTileRows<16, false>);
  const int64_t x_stride = x.row_bytes / static_cast<int64_t>(sizeof(Q8Group));
  QuantTile tile;
  ForEachTile(w, x, bias, panel_begin, panel_end, y, y_stride,
              [&](const Job& job, const uint8_t* panel, int64_t c) {
                format.unpack(panel + c / format.block * format.bytes * kRows,
                              Blocks(format, job.columns), &tile);
                rows(job, x.m, tile, reinterpret_cast<const Q8Group*>(x.data) + c / 32, x_stride);
              });
}

}  // namespace

void Matmul(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
            int64_t panel_end, float* y, int64_t y_stride) {
  switch (x.kind) {
    case ActKind::kF32:
      return MatmulF32(w, x, bias, panel_begin, panel_end, y, y_stride);
    case ActKind::kBf16:
      return MatmulBf16(w, x, bias, panel_begin, panel_end, y, y_stride);
    case ActKind::kQ8:
      return MatmulQ8(w, x, bias, panel_begin, panel_end, y, y_stride);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
