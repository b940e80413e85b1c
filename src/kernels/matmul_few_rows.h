// Products of one or two int8 rows with quantised weights: decoding. All that counts here is that
// memory never waits, so codes go from the panel to the dot product in registers, without a tile:
// a panel is one stream from its front to its end, which the processor's prefetcher follows (asking
// for bytes ahead by instructions made it slower: docs/performance.md). The sums are formed in the
// order of matmul_int8.h: the results have the same bits.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/matmul_frame.h"
#include "kernels/matmul_int8.h"
#include "kernels/panel_unpack.h"
#include "kernels/panel_unpack_k.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// Calls add(panel, total), which makes the sums of kM rows, for every panel, and writes them.
template <int kM, typename F>
inline void ForEachPanel(const PackedMatrix& w, const float* bias, int64_t panel_begin,
                         int64_t panel_end, float* y, int64_t y_stride, const F& add) {
  for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
    F32 total[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) total[i] = Zero();
    add(w.data + panel * w.panel_bytes, total);
    const int64_t at = panel * kRows;
    const int64_t count = Min64(kRows, w.n - at);
    const F32 b = bias == nullptr ? Zero() : LoadN(bias + at, count);
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      if (bias != nullptr) total[i] = Add(total[i], b);
      StoreN(y + i * y_stride + at, total[i], count);
    }
  }
}

template <class Codec, int kM>
void FewRows(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
             int64_t panel_end, float* y, int64_t y_stride) {
  constexpr int kGroups = Codec::kBlock / 32;
  constexpr int64_t kBlockBytes = Codec::kBytes * kRows;
  const auto* rows = reinterpret_cast<const Q8Group*>(x.data);
  const int64_t x_stride = x.row_bytes / static_cast<int64_t>(sizeof(Q8Group));
  const int64_t groups = (x.k + 31) / 32;
  const auto add_group = [&](auto group, const uint8_t* src, F32 scale, int64_t g, F32* total) {
    I32 acc[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      acc[i] = SetI(kDotOffset == 0 ? 0 : rows[i * x_stride + g].shift);
    }
    Lines<Codec>::template Codes<group.value>(src, [&](auto line, I32 codes) {
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) {
        acc[i] = Dot(acc[i], codes, Broadcast4(rows[i * x_stride + g].codes + 4 * line.value));
      }
    });
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      const F32 both = Mul(scale, Set(rows[i * x_stride + g].scale));
      total[i] = Fma(ToF32(acc[i]), both, total[i]);
    }
  };
  ForEachPanel<kM>(w, bias, panel_begin, panel_end, y, y_stride,
                   [&](const uint8_t* src, F32* total) {
                     for (int64_t g = 0; g < groups; g += kGroups, src += kBlockBytes) {
                       const F32 scale = Lines<Codec>::Scale(src);
                       ForLines<kGroups>([&](auto group) {
                         // The last block may reach beyond the activations.
                         if (kGroups > 1 && g + group.value >= groups) return;
                         add_group(group, src, scale, g + group.value, total);
                       });
                     }
                   });
}

template <class Panel, int kM>
void KFewRows(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
              int64_t panel_end, float* y, int64_t y_stride) {
  constexpr int kGroup = Panel::kGroup;
  constexpr int kPartLines = 64 / Panel::kParts;
  constexpr int kPartGroups = kPartLines * 4 / kGroup;
  constexpr int64_t kBlockBytes = Panel::kBytes * kRows;
  const auto* rows = reinterpret_cast<const Q8Block*>(x.data);
  const int64_t x_stride = x.row_bytes / static_cast<int64_t>(sizeof(Q8Block));
  const int64_t blocks = (x.k + 255) / 256;
  const auto add_block = [&](const uint8_t* src, const Q8Block* block, F32* total) {
    KScales scales;
    Panel::Scales(src, &scales);
    F32 sum[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) sum[i] = Zero();
    ForLines<Panel::kParts>([&](auto part) {
      I32 acc[kPartGroups][kM];
      FRUGAL_UNROLL
      for (int g = 0; g < kPartGroups; ++g) {
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) acc[g][i] = SetI(0);
      }
      Panel::template Codes<part.value>(src, [&](auto line, I32 codes) {
        constexpr int kG = line.value * 4 / kGroup;
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) {
          const int8_t* at = block[i * x_stride].codes + 4 * (part.value * kPartLines + line.value);
          acc[kG][i] = DotU(acc[kG][i], codes, Broadcast4(at));
        }
      });
      FRUGAL_UNROLL
      for (int g = 0; g < kPartGroups; ++g) {
        const F32 scale = Load(scales.scales + (part.value * kPartGroups + g) * kRows);
        FRUGAL_UNROLL
        for (int i = 0; i < kM; ++i) sum[i] = Fma(ToF32(acc[g][i]), scale, sum[i]);
      }
    });
    I32 mins[kM];
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) mins[i] = SetI(0);
    FRUGAL_UNROLL
    for (int pair = 0; pair < 128 / kGroup; ++pair) {
      const I32 words = LoadI(scales.mins + pair * kRows * 2);
      FRUGAL_UNROLL
      for (int i = 0; i < kM; ++i) {
        const Q8Block& b = block[i * x_stride];
        const auto sums = Broadcast4((kGroup == 16 ? b.sums16 : b.sums32) + 2 * pair);
        mins[i] = DotPairs(mins[i], words, sums);
      }
    }
    const F32 min_scale = Load(scales.min_scale);
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      sum[i] = Fma(ToF32(mins[i]), min_scale, sum[i]);
      total[i] = Fma(sum[i], Set(block[i * x_stride].scale), total[i]);
    }
  };
  ForEachPanel<kM>(w, bias, panel_begin, panel_end, y, y_stride,
                   [&](const uint8_t* src, F32* total) {
                     for (int64_t b = 0; b < blocks; ++b, src += kBlockBytes) {
                       add_block(src, rows + b, total);
                     }
                   });
}

using FewRowsFn = void (*)(const PackedMatrix& w, const Activations& x, const float* bias,
                           int64_t panel_begin, int64_t panel_end, float* y, int64_t y_stride);

template <class Panel>
FewRowsFn FindKFewRows(int64_t m) {
  if constexpr (kFewRows > 0) {
    return m == 1 ? KFewRows<Panel, 1> : KFewRows<Panel, 2>;
  } else {
    return nullptr;
  }
}

template <class Codec>
FewRowsFn FindFewRowsOf(int64_t m) {
  if constexpr (kFewRows > 0 && Lines<Codec>::kFast) {
    return m == 1 ? FewRows<Codec, 1> : FewRows<Codec, 2>;
  } else {
    return nullptr;
  }
}

// Null for the formats that have no such product, and for more than kFewRows rows.
inline FewRowsFn FindFewRows(DType dtype, int64_t m) {
  if (m > kFewRows) return nullptr;
  switch (dtype) {
    case DType::kQ2_K:
      return FindKFewRows<Q2KPanel>(m);
    case DType::kQ3_K:
      return FindKFewRows<Q3KPanel>(m);
    case DType::kQ4_K:
      return FindKFewRows<Q4KPanel>(m);
    case DType::kQ5_K:
      return FindKFewRows<Q5KPanel>(m);
    case DType::kQ6_K:
      return FindKFewRows<Q6KPanel>(m);
    default:
      break;
  }
  switch (dtype) {
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return FindFewRowsOf<Codec>(m);
    FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      return nullptr;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
