// The frame that all matrix products share: panels, and tiles of 256 columns.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/panel_layout.h"
#include "kernels/panel_unpack.h"
#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// Rows that go together over all tiles of a panel: their totals stay in the nearest caches, where
// the outputs, a matrix's width apart, would not.
constexpr int64_t kChunkRows = 120;

// One tile's place in the product: the same columns of one panel or of some neighbouring ones.
struct Job {
  const uint8_t* panel;  // the first one's bytes
  int64_t panel_bytes;
  int64_t panels;
  int64_t column;   // the tile's first
  int64_t columns;  // of this tile, a multiple of 32
  int64_t row;      // the first of the activations
  int64_t rows;
  bool first;     // tile of the rows
  float* totals;  // (rows, panels, 16), of the tiles before
};

inline F32 LoadTotal(const Job& job, int64_t p, int64_t row) {
  return job.first ? Zero() : Load(job.totals + (row * job.panels + p) * kRows);
}
inline void StoreTotal(const Job& job, int64_t p, int64_t row, F32 total) {
  Store(job.totals + (row * job.panels + p) * kRows, total);
}

inline int64_t Min64(int64_t a, int64_t b) { return a < b ? a : b; }

// Calls tile(job) for every tile, with up to `max_panels` (1 or kMaxPanels) panels at a time, and
// writes the outputs.
constexpr int64_t kMaxPanels = 2;
template <typename F>
inline void ForEachTile(const PackedMatrix& w, const Activations& x, const float* bias,
                        int64_t panel_begin, int64_t panel_end, int64_t max_panels, float* y,
                        int64_t y_stride, const F& tile) {
  alignas(64) float totals[kChunkRows * kMaxPanels * kRows];
  const int64_t columns = (x.k + kColumnPad - 1) / kColumnPad * kColumnPad;
  const int64_t chunks = (x.m + kChunkRows - 1) / kChunkRows;
  for (int64_t panel = panel_begin; panel < panel_end;) {
    const int64_t panels = Min64(max_panels, panel_end - panel);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      Job job = {.panel = w.data + panel * w.panel_bytes,
                 .panel_bytes = w.panel_bytes,
                 .panels = panels,
                 .column = 0,
                 .columns = 0,
                 .row = x.m * chunk / chunks,
                 .rows = x.m * (chunk + 1) / chunks - x.m * chunk / chunks,
                 .first = true,
                 .totals = totals};
      do {
        job.columns = Min64(kTileColumns, columns - job.column);
        tile(job);
        job.column += job.columns;
        job.first = false;
      } while (job.column < columns);
      for (int64_t p = 0; p < panels; ++p) {
        const int64_t at = (panel + p) * kRows;
        const int64_t count = Min64(kRows, w.n - at);
        const F32 b = bias == nullptr ? Zero() : LoadN(bias + at, count);
        for (int64_t i = 0; i < job.rows; ++i) {
          F32 total = LoadTotal(job, p, i);
          if (bias != nullptr) total = Add(total, b);
          StoreN(y + (job.row + i) * y_stride + at, total, count);
        }
      }
    }
    panel += panels;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
