// Kernels over one row: quantisation, norm, gates, rope, and the small ones.
#include "kernels/isa.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

namespace {

// Calls f(begin, count) for 16 lanes at a time; only the last count may be below 16.
template <typename F>
inline void ForEachVector(int64_t n, const F& f) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) f(i, 16);
  if (i < n) f(i, n - i);
}

inline F32 LoadSome(const float* p, int64_t n) { return n == 16 ? Load(p) : LoadN(p, n); }
inline void StoreSome(float* p, F32 a, int64_t n) {
  if (n == 16) {
    Store(p, a);
  } else {
    StoreN(p, a, n);
  }
}

void QuantizeGroup(F32 a, F32 b, Q8Group* out) {
  const int32_t largest = MaxLaneI(MaxI(Bits(Abs(a)), Bits(Abs(b))));
  const float scale = __builtin_bit_cast(float, largest) * (1.0f / 127.0f);
  const bool finite = largest < 0x7f800000;
  __builtin_memset(out, 0, sizeof(*out));
  if (!finite) {
    out->scale = out->sum = out->sum16[0] = out->sum16[1] = __builtin_nanf("");
    return;
  }
  if (scale < 0x1p-126f) return;  // its reciprocal could overflow
  const F32 inverse = Set(127.0f / __builtin_bit_cast(float, largest));
  const F32 magic = Set(12582912.0f);  // 1.5·2^23: adding it rounds to an integer, ties to even
  int32_t sums[2];
  for (int half = 0; half < 2; ++half) {
    const F32 x = half == 0 ? a : b;
    const I32 codes = SubI(Bits(Add(Mul(x, inverse), magic)), Bits(magic));
    StoreS8(out->codes + 16 * half, codes);
    sums[half] = SumI(codes);
  }
  out->scale = scale;
  out->shift = -128 * (sums[0] + sums[1]);
  out->sum = scale * static_cast<float>(sums[0] + sums[1]);
  for (int half = 0; half < 2; ++half) {
    out->shift16[half] = -128 * sums[half];
    out->sum16[half] = scale * static_cast<float>(sums[half]);
  }
}

// As QuantizeGroup, of `n` floats (1 to 256).
void QuantizeBlock(const float* x, int64_t n, Q8Block* out) {
  alignas(64) float block[256] = {};
  if (n < 256) {
    __builtin_memcpy(block, x, static_cast<size_t>(4 * n));
    x = block;
  }
  I32 largest_bits = SetI(0);
  for (int i = 0; i < 256; i += 16) largest_bits = MaxI(largest_bits, Bits(Abs(Load(x + i))));
  const int32_t largest = MaxLaneI(largest_bits);
  const float scale = __builtin_bit_cast(float, largest) * (1.0f / 127.0f);
  __builtin_memset(out, 0, sizeof(*out));
  if (largest >= 0x7f800000) {
    out->scale = __builtin_nanf("");
    return;
  }
  if (scale < 0x1p-126f) return;
  const F32 inverse = Set(127.0f / __builtin_bit_cast(float, largest));
  const F32 magic = Set(12582912.0f);
  for (int i = 0; i < 16; ++i) {
    const I32 codes = SubI(Bits(Add(Mul(Load(x + 16 * i), inverse), magic)), Bits(magic));
    StoreS8(out->codes + 16 * i, codes);
    out->sums16[i] = static_cast<int16_t>(SumI(codes));
  }
  for (int i = 0; i < 8; ++i) {
    out->sums32[i] = static_cast<int16_t>(out->sums16[2 * i] + out->sums16[2 * i + 1]);
  }
  out->scale = scale;
}

inline int64_t Clamp16(int64_t n) { return n < 0 ? 0 : n > 16 ? 16 : n; }

}  // namespace

void Quantize(ActKind kind, const float* x, int64_t k, uint8_t* row) {
  if (kind == ActKind::kQ8Block) {
    for (int64_t c = 0; c < k; c += 256) {
      QuantizeBlock(x + c, k - c < 256 ? k - c : 256, reinterpret_cast<Q8Block*>(row) + c / 256);
    }
    return;
  }
  for (int64_t c = 0; c < k; c += 32) {
    const F32 a = LoadSome(x + c, Clamp16(k - c));
    const int64_t rest = Clamp16(k - c - 16);
    const F32 b = rest > 0 ? LoadSome(x + c + 16, rest) : Zero();
    switch (kind) {
      case ActKind::kF32:
        Store(reinterpret_cast<float*>(row) + c, a);
        Store(reinterpret_cast<float*>(row) + c + 16, b);
        break;
      case ActKind::kBf16:
        StoreBf16(row + 2 * c, a);
        StoreBf16(row + 2 * (c + 16), b);
        break;
      case ActKind::kQ8:
        QuantizeGroup(a, b, reinterpret_cast<Q8Group*>(row) + c / 32);
        break;
      case ActKind::kQ8Block:
        break;
    }
  }
}

void RmsNorm(const float* x, const float* weight, int64_t n, float eps, float* y) {
  F32 squares = Zero();
  ForEachVector(n, [&](int64_t i, int64_t count) {
    const F32 v = LoadSome(x + i, count);
    squares = Fma(v, v, squares);
  });
  const float mean = Sum(squares) / static_cast<float>(n);
  const F32 scale = Set(1.0f / __builtin_sqrtf(mean + eps));
  ForEachVector(n, [&](int64_t i, int64_t count) {
    const F32 v = Mul(LoadSome(x + i, count), scale);
    StoreSome(y + i, Mul(v, LoadSome(weight + i, count)), count);
  });
}

void Glu(Activation act, const float* gate, const float* up, int64_t n, float* y) {
  ForEachVector(n, [&](int64_t i, int64_t count) {
    F32 g = LoadSome(gate + i, count);
    F32 u = LoadSome(up + i, count);
    F32 inner = g;
    if (act == Activation::kSwigluClamped) {
      // In this order of operands a NaN stays one.
      g = Min(Set(7.0f), g);
      u = Add(Min(Set(7.0f), Max(Set(-7.0f), u)), Set(1.0f));
      inner = Mul(g, Set(1.702f));
    }
    if (act == Activation::kGeluTanh) {
      // g·(1 + tanh(u))/2 = g·sigmoid(2u), u = √(2/π)·(g + 0.044715·g³)
      inner = Mul(Mul(g, Set(1.59576912f)), Fma(Mul(g, g), Set(0.044715f), Set(1.0f)));
    }
    StoreSome(y + i, Mul(Sigmoid(inner, g), u), count);
  });
}

void Xielu(const XieluParams& params, const float* x, int64_t n, float* y) {
  const F32 zero = Zero();
  ForEachVector(n, [&](int64_t i, int64_t count) {
    const F32 v = LoadSome(x + i, count);
    // Each branch is zero, but for beta·x, where the other holds.
    const F32 above = Max(v, zero);
    const F32 below = Min(v, zero);
    F32 sum = Mul(Mul(above, above), Set(params.alpha_p));
    const F32 expm1 = Sub(Exp(Min(below, Set(params.eps))), Set(1.0f));
    const F32 negative = Mul(Sub(expm1, below), Set(params.alpha_n));
    const I32 not_above = SarI<31>(SubI(Bits(above), SetI(1)));  // all ones where v ≤ 0
    sum = Add(sum, FromBits(AndI(Bits(negative), not_above)));
    StoreSome(y + i, Fma(Set(params.beta), v, sum), count);
  });
}

void Silu(const float* x, int64_t n, float* y) {
  ForEachVector(n, [&](int64_t i, int64_t count) {
    const F32 v = LoadSome(x + i, count);
    StoreSome(y + i, Sigmoid(v, v), count);
  });
}

void SigmoidGate(const float* gate, int64_t n, float* y) {
  ForEachVector(n, [&](int64_t i, int64_t count) {
    StoreSome(y + i, Sigmoid(LoadSome(gate + i, count), LoadSome(y + i, count)), count);
  });
}

// Products rounded one by one, as the reference does.
void Rope(float* head, const float* cos, const float* sin, int64_t half, bool interleaved) {
  if (interleaved) {
    for (int64_t i = 0; i < half; ++i) {
      const float a = head[2 * i];
      const float b = head[2 * i + 1];
      head[2 * i] = a * cos[i] - b * sin[i];
      head[2 * i + 1] = b * cos[i] + a * sin[i];
    }
    return;
  }
  ForEachVector(half, [&](int64_t i, int64_t count) {
    const F32 a = LoadSome(head + i, count);
    const F32 b = LoadSome(head + half + i, count);
    const F32 c = LoadSome(cos + i, count);
    const F32 s = LoadSome(sin + i, count);
    StoreSome(head + i, Sub(Mul(a, c), Mul(b, s)), count);
    StoreSome(head + half + i, Add(Mul(b, c), Mul(a, s)), count);
  });
}

void Axpy(float alpha, const float* x, int64_t n, float* y) {
  const F32 a = Set(alpha);
  ForEachVector(n, [&](int64_t i, int64_t count) {
    StoreSome(y + i, Fma(a, LoadSome(x + i, count), LoadSome(y + i, count)), count);
  });
}

void StoreKv(KvType type, const float* x, int64_t n, uint8_t* dst) {
  if (type == KvType::kF32) {
    __builtin_memcpy(dst, x, static_cast<size_t>(4 * n));
    return;
  }
  ForEachVector(n, [&](int64_t i, int64_t count) {
    if (count == 16) {
      StoreBf16(dst + 2 * i, Load(x + i));
    } else {
      StoreBf16N(dst + 2 * i, LoadN(x + i, count), count);
    }
  });
}

int64_t Argmax(const float* x, int64_t n) {
  F32 best = Set(-__builtin_inff());
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) best = Max(Load(x + i), best);  // keeps best where x is NaN
  float largest = MaxLane(best);
  for (; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  for (i = 0; i < n; ++i) {
    if (x[i] == largest) return i;
  }
  return 0;  // every value is NaN
}

}  // namespace frugal::FRUGAL_ISA_NS
