// Attention of some neighbouring queries over a paged context: softmax kept running over blocks of
// kAttentionBlock positions (the "online softmax" of FlashAttention, arXiv:2205.14135). A block's
// keys and values are brought into the order of the products once, for all queries and all heads
// that share them:
//   scores (rows, 64) = queries (rows, words) × keys (words, 64)
//   values (rows, v_head_dim) += weights (rows, words) × values (words, v_head_dim)
// A word is one float32, or two neighbouring bfloat16 where the machine multiplies these: then
// queries and weights are rounded to bfloat16 too. Every output is the sum over its words in their
// order, so that it depends on the query's own context alone.
#include "kernels/isa.h"
#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

namespace {

inline int64_t Up16(int64_t n) { return (n + 15) / 16 * 16; }
inline int64_t Within(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

// ---- Words ------------------------------------------------------------------------------------

template <KvType kType>
struct FloatWords {
  static constexpr int kPerWord = 1;
  static constexpr int kBytes = kType == KvType::kF32 ? 4 : 2;
  static constexpr bool kConvertsRows = false;

  // 16 words from n elements, zeros beyond.
  static I32 Load16(const uint8_t* p, int64_t n) {
    if constexpr (kType == KvType::kF32) {
      const auto* x = reinterpret_cast<const float*>(p);
      return Bits(n >= 16 ? Load(x) : LoadN(x, n));
    } else {
      return Bits(n >= 16 ? LoadBf16(p) : LoadBf16N(p, n));
    }
  }
  static F32 Multiply(F32 acc, I32 b, const float* a) { return Fma(Set(*a), FromBits(b), acc); }
};

#if FRUGAL_HAS_BF16_DOT
struct PairWords {
  static constexpr int kPerWord = 2;
  static constexpr int kBytes = 2;
  static constexpr bool kConvertsRows = true;

  static I32 Load16(const uint8_t* p, int64_t n) {
    if (n >= 32) return LoadI(p);
    alignas(64) uint8_t some[64] = {};
    __builtin_memcpy(some, p, static_cast<size_t>(2 * n));
    return LoadI(some);
  }
  static F32 Multiply(F32 acc, I32 b, const float* a) {
    return DotBf16(acc, b, reinterpret_cast<const uint8_t*>(a));
  }
};
#endif

// ---- One call's frame -------------------------------------------------------------------------

// A row is a head of a query: row i·group + h.
struct Frame {
  const AttentionArgs& a;
  int64_t rows;
  int64_t q_words;    // of a row of queries
  int64_t v_columns;  // v_head_dim, padded
  const float** q;    // (rows) words
  float* keys;        // (q_words, 64) words
  float* values;      // (64 / kPerWord, v_columns) words
  float* scores;      // (rows, 64), then the weights
  float* out;         // (rows, v_columns)
  float* maxima;      // (rows)
  float* sums;        // (rows)
  float* correction;  // (rows)
};

// Positions [first, last) of the block at `start` that query i attends.
struct Span {
  int64_t first, last;
};
inline Span Attended(const AttentionArgs& a, int64_t query, int64_t start) {
  const int64_t end = a.position + query + 1;
  const int64_t begin = a.window > 0 && end > a.window ? end - a.window : 0;
  return {Within(begin - start, 0, kAttentionBlock), Within(end - start, 0, kAttentionBlock)};
}

// c[i][16·j] for the rows and `kV` vectors at hand: store(i, j, Σ_k a[i][k]·b[k][16·j]).
template <class Words, int kM, int kV, typename F>
inline void Product(const float* const* a, int64_t k_begin, int64_t k_end, const float* b,
                    int64_t b_stride, const F& store) {
  F32 acc[kM][kV];
  FRUGAL_UNROLL
  for (int i = 0; i < kM; ++i) {
    FRUGAL_UNROLL
    for (int j = 0; j < kV; ++j) acc[i][j] = Zero();
  }
  for (int64_t k = k_begin; k < k_end; ++k) {
    I32 column[kV];
    FRUGAL_UNROLL
    for (int j = 0; j < kV; ++j) column[j] = LoadI(b + k * b_stride + 16 * j);
    FRUGAL_UNROLL
    for (int i = 0; i < kM; ++i) {
      FRUGAL_UNROLL
      for (int j = 0; j < kV; ++j) acc[i][j] = Words::Multiply(acc[i][j], column[j], a[i] + k);
    }
  }
  for (int i = 0; i < kM; ++i) {
    for (int j = 0; j < kV; ++j) store(i, j, acc[i][j]);
  }
}

// All columns of a product, kAttentionVectors vectors at a time: store(row, column, 16 sums).
template <class Words, typename Rows, typename F>
inline void Products(int64_t rows, const Rows& row_words, int64_t k_begin, int64_t k_end,
                     const float* b, int64_t columns, const F& store) {
  ForEachRows<kAttentionRows>(rows, [&](auto count, int64_t row) {
    constexpr int kM = decltype(count)::value;
    const float* a[kM];
    for (int i = 0; i < kM; ++i) a[i] = row_words(row + i);
    int64_t c = 0;
    for (; c + 16 * kAttentionVectors <= columns; c += 16 * kAttentionVectors) {
      Product<Words, kM, kAttentionVectors>(
          a, k_begin, k_end, b + c, columns,
          [&](int i, int j, F32 sum) { store(row + i, c + 16 * j, sum); });
    }
    for (; c < columns; c += 16) {
      Product<Words, kM, 1>(a, k_begin, k_end, b + c, columns,
                            [&](int i, int, F32 sum) { store(row + i, c, sum); });
    }
  });
}

// ---- Bringing a block into order --------------------------------------------------------------

// Keys of positions [span.first, span.last), position by position, become words by positions;
// zeros elsewhere.
template <class Words>
void OrderKeys(const Frame& f, const uint8_t* k, Span span) {
  const int64_t row_bytes = int64_t{f.a.head_dim} * Words::kBytes;
  constexpr int64_t kElements = 16 * Words::kPerWord;
  for (int64_t p = 0; p < kAttentionBlock; p += 16) {
    for (int64_t w = 0; w < f.q_words; w += 16) {
      const int64_t element = w * Words::kPerWord;
      const int64_t n = Within(f.a.head_dim - element, 0, kElements);
      I32 r[16];
      for (int i = 0; i < 16; ++i) {
        const bool there = p + i >= span.first && p + i < span.last;
        r[i] =
            there ? Words::Load16(k + (p + i) * row_bytes + element * Words::kBytes, n) : SetI(0);
      }
      Transpose16(r);
      for (int64_t j = 0; j < Within(f.q_words - w, 0, 16); ++j) {
        StoreI(f.keys + (w + j) * kAttentionBlock + p, r[j]);
      }
    }
  }
}

template <class Words>
void OrderValues(const Frame& f, const uint8_t* v, Span span) {
  const int64_t v_stride = f.a.v_stride > 0 ? f.a.v_stride : f.a.v_head_dim;
  const auto load = [&](int64_t p, int64_t c) {
    const int64_t n = Within(f.a.v_head_dim - c, 0, 16);
    if (p < span.first || p >= span.last) return SetI(0);
    return FloatWords < Words::kBytes == 4
               ? KvType::kF32
               : KvType::kBf16 > ::Load16(v + (p * v_stride + c) * Words::kBytes, n);
  };
  for (int64_t p = span.first / Words::kPerWord * Words::kPerWord; p < span.last;
       p += Words::kPerWord) {
    float* to = f.values + p / Words::kPerWord * f.v_columns;
    for (int64_t c = 0; c < f.v_columns; c += 16) {
      if constexpr (Words::kPerWord == 1) {
        StoreI(to + c, load(p, c));
      } else {
        StoreI(to + c, OrI(ShrI<16>(load(p, c)), load(p + 1, c)));
      }
    }
  }
}

// ---- Softmax ----------------------------------------------------------------------------------

// A row's block of scores → weights e^(score − running maximum), in place; the running sum follows.
template <class Words>
void Softmax(const Frame& f, int64_t row, int64_t start) {
  const int64_t query = row / f.a.group;
  const Span span = Attended(f.a, query, start);
  float* scores = f.scores + row * kAttentionBlock;
  if (span.first >= span.last) {
    for (int p = 0; p < kAttentionBlock; p += 16) Store(scores + p, Zero());
    f.correction[row] = 1.0f;
    return;
  }
  const F32 scale = Set(f.a.scale);
  for (int p = 0; p < kAttentionBlock; p += 16) {
    F32 x = Mul(Load(scores + p), scale);
    if (f.a.logit_cap > 0.0f) {
      const F32 cap = Set(f.a.logit_cap);
      x = Mul(Tanh(Div(x, cap)), cap);
    }
    if (f.a.factors != nullptr) x = Mul(x, Set(f.a.factors[query]));
    Store(scores + p, x);
  }
  for (int64_t p = 0; p < span.first; ++p) scores[p] = -__builtin_inff();
  for (int64_t p = span.last; p < kAttentionBlock; ++p) scores[p] = -__builtin_inff();
  F32 largest = Set(-__builtin_inff());
  for (int p = 0; p < kAttentionBlock; p += 16) largest = Max(Load(scores + p), largest);
  const float block_max = MaxLane(largest);
  const float new_max = block_max > f.maxima[row] ? block_max : f.maxima[row];
  alignas(64) float correction[16];
  Store(correction, Exp(Set(f.maxima[row] - new_max)));
  F32 sum = Zero();
  for (int p = 0; p < kAttentionBlock; p += 16) {
    const F32 weight = Exp(Sub(Load(scores + p), Set(new_max)));
    sum = Add(sum, weight);
    if constexpr (Words::kConvertsRows) {
      StoreBf16(reinterpret_cast<uint8_t*>(scores) + 2 * p, weight);  // behind what is still read
    } else {
      Store(scores + p, weight);
    }
  }
  f.sums[row] = f.sums[row] * correction[0] + Sum(sum);
  f.maxima[row] = new_max;
  f.correction[row] = correction[0];
}

// ---- All blocks -------------------------------------------------------------------------------

template <class Words>
void Block(const Frame& f, int64_t page) {
  const AttentionArgs& a = f.a;
  const int64_t start = page * kAttentionBlock;
  const Span span = {Attended(a, 0, start).first, Attended(a, a.queries - 1, start).last};
  const int64_t row = static_cast<int64_t>(a.kv_head) * kAttentionBlock;
  const int64_t v_stride = a.v_stride > 0 ? a.v_stride : a.v_head_dim;
  OrderKeys<Words>(f, a.pages[page] + a.k_offset + row * a.head_dim * Words::kBytes, span);
  OrderValues<Words>(f, a.pages[page] + a.v_offset + row * v_stride * Words::kBytes, span);
  Products<Words>(
      f.rows, [&](int64_t r) { return f.q[r]; }, 0, f.q_words, f.keys, kAttentionBlock,
      [&](int64_t r, int64_t c, F32 sum) { Store(f.scores + r * kAttentionBlock + c, sum); });
  for (int64_t r = 0; r < f.rows; ++r) Softmax<Words>(f, r, start);
  // The block's own sum first: the rounding error of long contexts stays that of short ones.
  Products<Words>(
      f.rows, [&](int64_t r) { return f.scores + r * kAttentionBlock; },
      span.first / Words::kPerWord, (span.last + Words::kPerWord - 1) / Words::kPerWord, f.values,
      f.v_columns,
      [&](int64_t r, int64_t c, F32 sum) {
        float* out = f.out + r * f.v_columns + c;
        Store(out, Fma(Load(out), Set(f.correction[r]), sum));
      });
}

template <class Words>
void AttentionOver(const AttentionArgs& a) {
  const int64_t rows = int64_t{a.queries} * a.group;
  Frame f = {.a = a,
             .rows = rows,
             .q_words = (a.head_dim + Words::kPerWord - 1) / Words::kPerWord,
             .v_columns = Up16(a.v_head_dim)};
  float* at = a.scratch;
  const auto take = [&](int64_t floats) {
    float* here = at;
    at += Up16(floats);
    return here;
  };
  f.q = reinterpret_cast<const float**>(take(2 * rows));
  float* words = take(rows * Up16(a.head_dim));
  f.keys = take(f.q_words * kAttentionBlock);
  f.values = take(kAttentionBlock * f.v_columns);
  f.scores = take(rows * kAttentionBlock);
  f.out = take(rows * f.v_columns);
  f.maxima = take(rows);
  f.sums = take(rows);
  f.correction = take(rows);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t h = r % a.group;
    f.q[r] = a.q + r / a.group * a.q_stride + h * a.head_dim;
    if constexpr (Words::kConvertsRows) {
      float* to = words + r * Up16(a.head_dim);
      for (int64_t d = 0; d < a.head_dim; d += 16) {
        const F32 x = LoadN(f.q[r] + d, Within(a.head_dim - d, 0, 16));
        StoreBf16(reinterpret_cast<uint8_t*>(to) + 2 * d, x);
      }
      f.q[r] = to;
    }
    // A sink is one more logit whose value is zero.
    f.maxima[r] = a.sinks == nullptr ? -__builtin_inff() : a.sinks[h];
    f.sums[r] = a.sinks == nullptr ? 0.0f : 1.0f;
  }
  for (int64_t i = 0; i < rows * f.v_columns; i += 16) Store(f.out + i, Zero());
  const int64_t begin = a.window > 0 && a.position + 1 > a.window ? a.position + 1 - a.window : 0;
  const int64_t last = a.position + a.queries - 1;
  for (int64_t page = begin / kAttentionBlock; page <= last / kAttentionBlock; ++page) {
    Block<Words>(f, page);
  }
  for (int64_t r = 0; r < rows; ++r) {
    const F32 inverse = Set(1.0f / f.sums[r]);
    float* out = a.out + r / a.group * a.out_stride + r % a.group * a.v_head_dim;
    for (int64_t d = 0; d < a.v_head_dim; d += 16) {
      StoreN(out + d, Mul(Load(f.out + r * f.v_columns + d), inverse),
             Within(a.v_head_dim - d, 0, 16));
    }
  }
}

}  // namespace

void Attention(const AttentionArgs& args) {
  if (args.type == KvType::kF32) return AttentionOver<FloatWords<KvType::kF32>>(args);
#if FRUGAL_HAS_BF16_DOT
  AttentionOver<PairWords>(args);
#else
  AttentionOver<FloatWords<KvType::kBf16>>(args);
#endif
}

}  // namespace frugal::FRUGAL_ISA_NS
