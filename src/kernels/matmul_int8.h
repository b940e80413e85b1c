// Products of int8 activations with quantised weights: exact integer sums within a group of
// columns, then one fma for the group.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/matmul_frame.h"
#include "kernels/panel_unpack.h"
#include "kernels/panel_unpack_k.h"
#include "kernels/simd/simd.h"
#include "kernels/tile_dots.h"

namespace frugal::FRUGAL_ISA_NS {

// Panels at a time: with few rows one, which is read as one stream; with more, loads of x serve
// all. (Only formats without a product of their own for few rows, matmul_few_rows.h, come here with
// m < 3.)
inline int64_t PanelsAtATime(int64_t m) { return m < 3 ? 1 : kDotPanels; }
static_assert(kDotPanels <= kMaxPanels);

// ---- Groups of 32 (Q8Group) -------------------------------------------------------------------

template <int kP, int kM, int kGroup, bool kHasMin, bool kRaw>
void QuantRows(const Job& job, int64_t row, const QuantTile* tiles, const Q8Group* x,
               int64_t x_stride) {
  constexpr int kParts = 32 / kGroup;
  F32 total[kP][kM];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) total[p][i] = LoadTotal(job, p, row + i);
  }
  for (int64_t g = 0; g < job.columns / 32; ++g) {
    for (int part = 0; part < kParts; ++part) {
      const int64_t group = g * kParts + part;
      I32 acc[kP][kM];
      if constexpr (kHasTileDot && kM > 1) {
        const uint8_t* w[kP];
        for (int p = 0; p < kP; ++p) w[p] = tiles[p].codes + group * tiles[p].group_bytes;
        const int8_t* codes[kM];
        for (int i = 0; i < kM; ++i) codes[i] = x[i * x_stride + g].codes + part * kGroup;
        TileDots<kP, kM, kGroup>(w, codes, acc);
      } else {
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) {
          const Q8Group& xg = x[i * x_stride + g];
          const I32 shift = SetI(kDotOffset == 0 ? 0 : kParts == 1 ? xg.shift : xg.shift16[part]);
          FRUGAL_UNROLL
          for (int p = 0; p < kP; ++p) acc[p][i] = shift;
        }
        FRUGAL_UNROLL
        for (int u = 0; u < kGroup / 4; ++u) {
          I32 w[kP];
          FRUGAL_UNROLL
          for (int p = 0; p < kP; ++p) {
            w[p] = LoadI(tiles[p].codes + group * tiles[p].group_bytes + 64 * u);
            if constexpr (kRaw) w[p] = FlipCodes(w[p]);
          }
          FRUGAL_UNROLL
          for (int i = 0; i < kM; ++i) {
            const auto codes = Broadcast4(x[i * x_stride + g].codes + part * kGroup + 4 * u);
            FRUGAL_UNROLL
            for (int p = 0; p < kP; ++p) acc[p][i] = Dot(acc[p][i], w[p], codes);
          }
        }
      }
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) {
        const F32 scale = Load(tiles[p].scales + group * kRows);
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) {
          const F32 both = Mul(scale, Set(x[i * x_stride + g].scale));
          total[p][i] = Fma(ToF32(acc[p][i]), both, total[p][i]);
        }
        if constexpr (kHasMin) {
          const F32 bias = Load(tiles[p].biases + group * kRows);
          FRUGAL_UNROLL
          for (int i = 0; i < kM; ++i) {
            const Q8Group& xg = x[i * x_stride + g];
            total[p][i] = Fma(bias, Set(kParts == 1 ? xg.sum : xg.sum16[part]), total[p][i]);
          }
        }
      }
    }
  }
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) StoreTotal(job, p, row + i, total[p][i]);
  }
}

template <int kP, int kGroup, bool kHasMin, bool kRaw>
void QuantTileRows(const Job& job, const QuantTile* tiles, const Q8Group* x, int64_t x_stride) {
  ForEachRows<kDotRows>(job.rows, [&](auto rows, int64_t row) {
    QuantRows<kP, decltype(rows)::value, kGroup, kHasMin, kRaw>(job, row, tiles, x + row * x_stride,
                                                                x_stride);
  });
}

using QuantRowsFn = void (*)(const Job& job, const QuantTile* tiles, const Q8Group* x,
                             int64_t x_stride);

template <int kP>
QuantRowsFn FindQuantRows(const QuantFormat& format) {
  if (format.raw) return QuantTileRows<kP, 32, false, true>;
  if (format.group == 32) {
    return format.has_min ? QuantTileRows<kP, 32, true, false>
                          : QuantTileRows<kP, 32, false, false>;
  }
  return format.has_min ? QuantTileRows<kP, 16, true, false> : QuantTileRows<kP, 16, false, false>;
}

inline void MatmulQ8(const PackedMatrix& w, const Activations& x, const float* bias,
                     int64_t panel_begin, int64_t panel_end, float* y, int64_t y_stride) {
  const QuantFormat& format = *FindQuantFormat(w.dtype);
  const QuantRowsFn one = FindQuantRows<1>(format);
  const QuantRowsFn all = FindQuantRows<kDotPanels>(format);
  const int64_t x_stride = x.row_bytes / static_cast<int64_t>(sizeof(Q8Group));
  QuantTile tiles[kDotPanels];
  ForEachTile(
      w, x, bias, panel_begin, panel_end, PanelsAtATime(x.m), y, y_stride, [&](const Job& job) {
        for (int64_t p = 0; p < job.panels; ++p) {
          format.unpack(
              job.panel + p * job.panel_bytes + job.column / format.block * format.bytes * kRows,
              Blocks(format, job.columns), &tiles[p]);
        }
        const auto* groups =
            reinterpret_cast<const Q8Group*>(x.data) + job.row * x_stride + job.column / 32;
        (job.panels == 1 ? one : all)(job, tiles, groups, x_stride);
      });
}

// ---- Blocks of 256 (Q8Block) ------------------------------------------------------------------

template <int kP, int kM, int kGroup>
void KRows(const Job& job, int64_t row, const KTile* tiles, const Q8Block* x, int64_t x_stride) {
  F32 sum[kP][kM];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) sum[p][i] = Zero();
  }
  for (int g = 0; g < 256 / kGroup; ++g) {
    I32 acc[kP][kM];
    if constexpr (kHasTileDot && kM > 1) {
      const uint8_t* w[kP];
      for (int p = 0; p < kP; ++p) w[p] = tiles[p].codes + g * kGroup * kRows;
      const int8_t* codes[kM];
      for (int i = 0; i < kM; ++i) codes[i] = x[i * x_stride].codes + g * kGroup;
      TileDots<kP, kM, kGroup>(w, codes, acc);
    } else {
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) {
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) acc[p][i] = SetI(0);
      }
      FRUGAL_UNROLL
      for (int u = 0; u < kGroup / 4; ++u) {
        const int at = g * kGroup + 4 * u;
        I32 w[kP];
        FRUGAL_UNROLL
        for (int p = 0; p < kP; ++p) w[p] = LoadI(tiles[p].codes + at * kRows);
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) {
          const auto codes = Broadcast4(x[i * x_stride].codes + at);
          FRUGAL_UNROLL
          for (int p = 0; p < kP; ++p) acc[p][i] = DotU(acc[p][i], w[p], codes);
        }
      }
    }
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) {
      const F32 scale = Load(tiles[p].scales + g * kRows);
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) sum[p][i] = Fma(ToF32(acc[p][i]), scale, sum[p][i]);
    }
  }
  I32 mins[kP][kM];
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) mins[p][i] = SetI(0);
  }
  for (int pair = 0; pair < 128 / kGroup; ++pair) {
    I32 w[kP];
    FRUGAL_UNROLL
    for (int p = 0; p < kP; ++p) w[p] = LoadI(tiles[p].mins + pair * kRows * 2);
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      const Q8Block& block = x[i * x_stride];
      const auto sums = Broadcast4((kGroup == 16 ? block.sums16 : block.sums32) + 2 * pair);
      FRUGAL_UNROLL
      for (int p = 0; p < kP; ++p) mins[p][i] = DotPairs(mins[p][i], w[p], sums);
    }
  }
  FRUGAL_UNROLL
  for (int p = 0; p < kP; ++p) {
    const F32 min_scale = Load(tiles[p].min_scale);
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      sum[p][i] = Fma(ToF32(mins[p][i]), min_scale, sum[p][i]);
      const F32 scale = Set(x[i * x_stride].scale);
      StoreTotal(job, p, row + i, Fma(sum[p][i], scale, LoadTotal(job, p, row + i)));
    }
  }
}

template <int kP, int kGroup>
void KTileRows(const Job& job, const KTile* tiles, const Q8Block* x, int64_t x_stride) {
  ForEachRows<kDotRows>(job.rows, [&](auto rows, int64_t row) {
    KRows<kP, decltype(rows)::value, kGroup>(job, row, tiles, x + row * x_stride, x_stride);
  });
}

inline void MatmulQ8Block(const PackedMatrix& w, const Activations& x, const float* bias,
                          int64_t panel_begin, int64_t panel_end, float* y, int64_t y_stride) {
  const KFormat& format = *FindKFormat(w.dtype);
  const auto one = format.group == 32 ? KTileRows<1, 32> : KTileRows<1, 16>;
  const auto all = format.group == 32 ? KTileRows<kDotPanels, 32> : KTileRows<kDotPanels, 16>;
  const int64_t x_stride = x.row_bytes / static_cast<int64_t>(sizeof(Q8Block));
  KTile tiles[kDotPanels];
  ForEachTile(
      w, x, bias, panel_begin, panel_end, PanelsAtATime(x.m), y, y_stride, [&](const Job& job) {
        const int64_t block = job.column / 256;
        for (int64_t p = 0; p < job.panels; ++p) {
          format.unpack(job.panel + p * job.panel_bytes + block * format.bytes * kRows, &tiles[p]);
        }
        const auto* blocks = reinterpret_cast<const Q8Block*>(x.data) + job.row * x_stride + block;
        (job.panels == 1 ? one : all)(job, tiles, blocks, x_stride);
      });
}

}  // namespace frugal::FRUGAL_ISA_NS
