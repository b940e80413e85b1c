// The frame that all matrix products share: panels, and tiles of 256 columns.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/panel_layout.h"
#include "kernels/panel_unpack.h"
#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// One tile's place in the product: the same columns of one panel or of some neighbouring ones.
struct Job {
  const uint8_t* panel;  // the first one's bytes
  int64_t panel_bytes;
  int64_t panels;
  int64_t column;     // the tile's first
  int64_t columns;    // of this tile, a multiple of 32
  int64_t count;      // outputs that exist in the last of the panels, 1–16
  bool first, last;   // tile of the row
  const float* bias;  // of the panels' outputs, or null
  float* y;           // output 0 of the first panel in row 0
  int64_t y_stride;

  int64_t Count(int64_t p) const { return p + 1 < panels ? kRows : count; }
};

inline F32 LoadTotal(const Job& job, int64_t p, int64_t row) {
  if (job.first) return Zero();
  return LoadN(job.y + row * job.y_stride + p * kRows, job.Count(p));
}

inline void StoreTotal(const Job& job, int64_t p, int64_t row, F32 total) {
  const int64_t count = job.Count(p);
  if (job.last && job.bias != nullptr) total = Add(total, LoadN(job.bias + p * kRows, count));
  StoreN(job.y + row * job.y_stride + p * kRows, total, count);
}

inline int64_t Min64(int64_t a, int64_t b) { return a < b ? a : b; }

// Calls tile(job) for every tile, with up to `max_panels` panels at a time.
template <typename F>
inline void ForEachTile(const PackedMatrix& w, const Activations& x, const float* bias,
                        int64_t panel_begin, int64_t panel_end, int64_t max_panels, float* y,
                        int64_t y_stride, const F& tile) {
  const int64_t columns = (x.k + kColumnPad - 1) / kColumnPad * kColumnPad;
  for (int64_t panel = panel_begin; panel < panel_end;) {
    const int64_t panels = Min64(max_panels, panel_end - panel);
    const int64_t at = panel * kRows;
    int64_t c = 0;
    do {
      const int64_t here = Min64(kTileColumns, columns - c);
      tile(Job{w.data + panel * w.panel_bytes, w.panel_bytes, panels, c, here,
               Min64(kRows, w.n - at - (panels - 1) * kRows), c == 0, c + here == columns,
               bias == nullptr ? nullptr : bias + at, y + at, y_stride});
      c += here;
    } while (c < columns);
    panel += panels;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
