// Rows a few at a time, in registers.
#pragma once

#include <cstdint>

namespace frugal::FRUGAL_ISA_NS {

// Loops over rows held in registers: unrolled early, or GCC clears arrays of them by memset.
#define FRUGAL_UNROLL _Pragma("GCC unroll 8")

template <int kValue>
struct Int {
  static constexpr int value = kValue;
};

// f(Int<0>()), f(Int<1>()), …, kCount of them.
template <int kCount, int kFirst = 0, typename F>
[[gnu::always_inline]] inline void ForLines(const F& f) {
  if constexpr (kFirst < kCount) {
    f(Int<kFirst>());
    ForLines<kCount, kFirst + 1>(f);
  }
}

// Calls f(Int<rows>(), row) until `m` rows are done, kMax or a little less at a time: the counts
// differ by at most one.
template <int kMax, typename F>
inline void ForEachRows(int64_t m, const F& f) {
  static_assert(kMax <= 8);
  for (int64_t parts = (m + kMax - 1) / kMax, row = 0; parts > 0; --parts) {
    const int64_t rows = (m - row + parts - 1) / parts;
    switch (rows) {
#define FRUGAL_CASE(n)                         \
  case n:                                      \
    if constexpr (n <= kMax) f(Int<n>(), row); \
    break;
      FRUGAL_CASE(1)
      FRUGAL_CASE(2)
      FRUGAL_CASE(3)
      FRUGAL_CASE(4)
      FRUGAL_CASE(5)
      FRUGAL_CASE(6)
      FRUGAL_CASE(7)
      FRUGAL_CASE(8)
#undef FRUGAL_CASE
    }
    row += rows;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
