// Attention of one query token over a paged context: softmax kept running over blocks of
// kAttentionBlock positions (the "online softmax" of FlashAttention, arXiv:2205.14135), the query
// heads of one KV head together, so that every key and value is loaded once for up to four heads.
#include "kernels/isa.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

namespace {

struct KvF32 {
  static constexpr int kBytes = 4;
  static F32 Load16(const uint8_t* p) { return Load(reinterpret_cast<const float*>(p)); }
  static F32 LoadSome(const uint8_t* p, int64_t n) {
    return LoadN(reinterpret_cast<const float*>(p), n);
  }
};

struct KvBf16 {
  static constexpr int kBytes = 2;
  static F32 Load16(const uint8_t* p) { return LoadBf16(p); }
  static F32 LoadSome(const uint8_t* p, int64_t n) { return LoadBf16N(p, n); }
};

// The positions of one block that are attended, and where the block's keys and values lie.
struct Block {
  int first, count;
  const uint8_t* k;  // of position `first`
  const uint8_t* v;
};

// scores[h][p] = scale·(q_h · k_p), capped
template <class Kv, int kHeads>
void Scores(const AttentionArgs& a, const Block& block, int head, float* scores) {
  const int64_t whole = a.head_dim / 16 * 16;
  const int64_t rest = a.head_dim - whole;
  const float* q = a.q + static_cast<int64_t>(head) * a.head_dim;
  for (int p = 0; p < block.count; ++p) {
    const uint8_t* k = block.k + static_cast<int64_t>(p) * a.head_dim * Kv::kBytes;
    F32 acc[kHeads];
    for (int h = 0; h < kHeads; ++h) acc[h] = Zero();
    for (int64_t d = 0; d < whole; d += 16) {
      const F32 key = Kv::Load16(k + d * Kv::kBytes);
      for (int h = 0; h < kHeads; ++h) acc[h] = Fma(Load(q + h * a.head_dim + d), key, acc[h]);
    }
    if (rest > 0) {
      const F32 key = Kv::LoadSome(k + whole * Kv::kBytes, rest);
      for (int h = 0; h < kHeads; ++h) {
        acc[h] = Fma(LoadN(q + h * a.head_dim + whole, rest), key, acc[h]);
      }
    }
    for (int h = 0; h < kHeads; ++h) {
      scores[(head + h) * kAttentionBlock + p] = Sum(acc[h]) * a.scale;
    }
  }
}

// One head's block of scores → weights exp(score − running maximum), in place; the running sum
// follows. Returns what the values summed so far are to be multiplied with.
float Softmax(const AttentionArgs& a, int count, float* scores, float* running_max,
              float* running_sum) {
  if (a.logit_cap > 0.0f) {
    const F32 cap = Set(a.logit_cap);
    for (int p = 0; p < count; p += 16) {
      Store(scores + p, Mul(Tanh(Div(Load(scores + p), cap)), cap));
    }
  }
  for (int p = count; p % 16 != 0; ++p) scores[p] = -__builtin_inff();
  F32 largest = Set(-__builtin_inff());
  for (int p = 0; p < count; p += 16) largest = Max(Load(scores + p), largest);
  const float block_max = MaxLane(largest);
  const float new_max = block_max > *running_max ? block_max : *running_max;
  alignas(64) float correction[16];
  Store(correction, Exp(Set(*running_max - new_max)));
  F32 sum = Zero();
  for (int p = 0; p < count; p += 16) {
    const F32 weight = Exp(Sub(Load(scores + p), Set(new_max)));
    Store(scores + p, weight);
    sum = Add(sum, weight);
  }
  *running_sum = *running_sum * correction[0] + Sum(sum);
  *running_max = new_max;
  return correction[0];
}

// values[h] = values[h]·correction[h] + Σ_p weights[h][p]·v_p, 16·kVectors columns from d on.
template <class Kv, int kHeads, int kVectors>
void Values(const AttentionArgs& a, const Block& block, int head, int64_t d, int64_t rest,
            const float* weights, const float* correction, float* values, int64_t stride) {
  const int64_t v_stride = a.v_stride > 0 ? a.v_stride : a.v_head_dim;
  F32 acc[kHeads][kVectors];
  for (int h = 0; h < kHeads; ++h) {
    for (int j = 0; j < kVectors; ++j) acc[h][j] = Zero();
  }
  for (int p = 0; p < block.count; ++p) {
    const uint8_t* v = block.v + (static_cast<int64_t>(p) * v_stride + d) * Kv::kBytes;
    F32 value[kVectors];
    for (int j = 0; j < kVectors; ++j) {
      value[j] = rest == 16 ? Kv::Load16(v + 16 * j * Kv::kBytes) : Kv::LoadSome(v, rest);
    }
    for (int h = 0; h < kHeads; ++h) {
      const F32 weight = Set(weights[(head + h) * kAttentionBlock + p]);
      for (int j = 0; j < kVectors; ++j) acc[h][j] = Fma(weight, value[j], acc[h][j]);
    }
  }
  // The block's own sum first: the rounding error of long contexts stays that of short ones.
  for (int h = 0; h < kHeads; ++h) {
    for (int j = 0; j < kVectors; ++j) {
      float* out = values + (head + h) * stride + d + 16 * j;
      Store(out, Fma(Load(out), Set(correction[head + h]), acc[h][j]));
    }
  }
}

template <class Kv, int kHeads>
void BlockHeads(const AttentionArgs& a, const Block& block, int head, float* scores, float* maxima,
                float* sums, float* values, int64_t stride) {
  Scores<Kv, kHeads>(a, block, head, scores);
  float correction[kHeads];
  for (int h = 0; h < kHeads; ++h) {
    correction[h] = Softmax(a, block.count, scores + (head + h) * kAttentionBlock,
                            maxima + head + h, sums + head + h);
  }
  int64_t d = 0;
  for (; d + 64 <= a.v_head_dim; d += 64) {
    Values<Kv, kHeads, 4>(a, block, head, d, 16, scores, correction - head, values, stride);
  }
  for (; d < a.v_head_dim; d += 16) {
    const int64_t rest = a.v_head_dim - d < 16 ? a.v_head_dim - d : 16;
    Values<Kv, kHeads, 1>(a, block, head, d, rest, scores, correction - head, values, stride);
  }
}

template <class Kv>
void AttentionOver(const AttentionArgs& a) {
  const int64_t stride = (a.v_head_dim + 15) / 16 * 16;
  float* values = a.scratch;
  float* scores = values + a.group * stride;
  float* maxima = scores + a.group * kAttentionBlock;
  float* sums = maxima + a.group;
  for (int64_t i = 0; i < a.group * stride; i += 16) Store(values + i, Zero());
  for (int h = 0; h < a.group; ++h) {
    // A sink is one more logit whose value is zero.
    maxima[h] = a.sinks == nullptr ? -__builtin_inff() : a.sinks[h];
    sums[h] = a.sinks == nullptr ? 0.0f : 1.0f;
  }
  for (int64_t page = a.begin / kAttentionBlock; page * kAttentionBlock < a.end; ++page) {
    const int64_t start = page * kAttentionBlock;
    Block block;
    block.first = static_cast<int>(a.begin > start ? a.begin - start : 0);
    block.count =
        static_cast<int>(a.end - start < kAttentionBlock ? a.end - start : kAttentionBlock) -
        block.first;
    const int64_t row = static_cast<int64_t>(a.kv_head) * kAttentionBlock + block.first;
    block.k = a.pages[page] + a.k_offset + row * a.head_dim * Kv::kBytes;
    block.v = a.pages[page] + a.v_offset +
              row * (a.v_stride > 0 ? a.v_stride : a.v_head_dim) * Kv::kBytes;
    int h = 0;
    for (; h + 4 <= a.group; h += 4) {
      BlockHeads<Kv, 4>(a, block, h, scores, maxima, sums, values, stride);
    }
    for (; h < a.group; ++h) {
      BlockHeads<Kv, 1>(a, block, h, scores, maxima, sums, values, stride);
    }
  }
  for (int h = 0; h < a.group; ++h) {
    const F32 inverse = Set(1.0f / sums[h]);
    for (int64_t d = 0; d < a.v_head_dim; d += 16) {
      const int64_t rest = a.v_head_dim - d < 16 ? a.v_head_dim - d : 16;
      StoreN(a.out + h * static_cast<int64_t>(a.v_head_dim) + d,
             Mul(Load(values + h * stride + d), inverse), rest);
    }
  }
}

}  // namespace

void Attention(const AttentionArgs& args) {
  if (args.type == KvType::kF32) {
    AttentionOver<KvF32>(args);
  } else {
    AttentionOver<KvBf16>(args);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
