// From a panel of a K-quant (Q2_K to Q6_K) to tiles of one block column, 256 columns of 16 rows.
// These formats keep integers throughout: codes without a sign, and a scale and a minimum for each
// group that are small integers under one scale for the block. (Layout of a panel: panel_layout.h.)
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// Element c of group g is scales[g]·codes[c] + min_scale·mins[g].
struct KScales {
  alignas(64) float scales[16 * 16];     // [256 / group][16]
  alignas(64) int16_t mins[8 * 16 * 2];  // [128 / group][16][2]: of two groups
  alignas(64) float min_scale[16];
};
struct KTile : KScales {
  alignas(64) uint8_t codes[256 * 16];  // [64][16][4], 0 to 63
};

// Two of a word's bytes, as int16 in a lane: byte kFirst in the low half, the next in the high.
template <int kFirst>
inline I32 BytePair(I32 word) {
  const I32 low = AndI(kFirst == 0 ? word : ShrI<8 * kFirst>(word), SetI(0xff));
  const I32 high = kFirst == 2 ? ShrI<8>(word) : ShlI<8>(word);
  return OrI(low, AndI(high, SetI(0xff0000)));
}

inline void StoreMins(I32 word, int16_t* out) {
  StoreI(out, BytePair<0>(word));
  StoreI(out + 32, BytePair<2>(word));
}

// −2^kShift times each of a word's four signed bytes.
template <int kShift>
inline void StoreOffsets(I32 word, int16_t* out) {
  const I32 zero = SetI(0);
  const I32 low = SetI(0xffff);
  const I32 b0 = SubI(zero, SarI<24>(ShlI<24>(word)));
  const I32 b1 = SubI(zero, SarI<24>(ShlI<16>(word)));
  const I32 b2 = SubI(zero, SarI<24>(ShlI<8>(word)));
  const I32 b3 = SubI(zero, SarI<24>(word));
  StoreI(out, OrI(AndI(ShlI<kShift>(b0), low), ShlI<16 + kShift>(b1)));
  StoreI(out + 32, OrI(AndI(ShlI<kShift>(b2), low), ShlI<16 + kShift>(b3)));
}

// factor times each of a word's four bytes, unsigned or signed.
inline void StoreScales(I32 word, F32 factor, float* out) {
  const I32 byte = SetI(255);
  Store(out, Mul(factor, ToF32(AndI(word, byte))));
  Store(out + 16, Mul(factor, ToF32(AndI(ShrI<8>(word), byte))));
  Store(out + 32, Mul(factor, ToF32(AndI(ShrI<16>(word), byte))));
  Store(out + 48, Mul(factor, ToF32(ShrI<24>(word))));
}
inline void StoreSignedScales(I32 word, F32 factor, float* out) {
  Store(out, Mul(factor, ToF32(SarI<24>(ShlI<24>(word)))));
  Store(out + 16, Mul(factor, ToF32(SarI<24>(ShlI<16>(word)))));
  Store(out + 32, Mul(factor, ToF32(SarI<24>(ShlI<8>(word)))));
  Store(out + 48, Mul(factor, ToF32(SarI<24>(word))));
}

inline F32 Negated(F32 a) { return Sub(FromBits(SetI(INT32_MIN)), a); }

// ---- The formats ------------------------------------------------------------------------------
//
// Of each: bytes of a block, columns of a group, the offset of the codes (0 for the formats that
// have minima), Scales(), and Codes<part>(), which calls f(Int<line>(), codes) for all lines
// (4 columns) of one of `kParts` equal parts of the block, in any order.

// Scales of Q4_K and Q5_K: d, dmin, and k_scales.h on 16 rows.
inline void UnpackKScales(const uint8_t* src, KScales* out) {
  const I32 header = LoadI(src);
  const F32 d = F16Low(header);
  const I32 s = LoadI(src + 64);
  const I32 m = LoadI(src + 128);
  const I32 low = LoadI(src + 192);
  const I32 six = SetI(0x3f3f3f3f);
  const I32 four = SetI(0x0f0f0f0f);
  const I32 top = SetI(0x30303030);
  StoreScales(AndI(s, six), d, out->scales);
  StoreScales(OrI(AndI(low, four), AndI(ShrI<2>(s), top)), d, out->scales + 64);
  StoreMins(AndI(m, six), out->mins);
  StoreMins(OrI(AndI(ShrI<4>(low), four), AndI(ShrI<2>(m), top)), out->mins + 64);
  Store(out->min_scale, Negated(F16High(header)));
}

struct Q4KPanel {
  static constexpr int kBytes = 144, kGroup = 32, kOffset = 0, kParts = 4;
  static void Scales(const uint8_t* src, KScales* out) { UnpackKScales(src, out); }
  template <int kPart, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 four = SetI(0x0f0f0f0f);
    ForLines<8>([&](auto u) {
      const I32 q = Hold(LoadI(src + 64 * (4 + 8 * kPart + u.value)));
      f(Int<u.value>(), AndI(q, four));
      f(Int<u.value + 8>(), AndI(ShrI<4>(q), four));
    });
  }
};

// Bit kBit of every byte, moved to bit kTo.
template <int kBit, int kTo>
inline I32 MoveBit(I32 a) {
  const I32 mask = SetI(0x01010101 << kTo);
  if constexpr (kBit < kTo) return AndI(ShlI<kTo - kBit>(a), mask);
  if constexpr (kBit > kTo) return AndI(ShrI<kBit - kTo>(a), mask);
  return AndI(a, mask);
}

struct Q5KPanel {
  static constexpr int kBytes = 176, kGroup = 32, kOffset = 0, kParts = 4;
  static void Scales(const uint8_t* src, KScales* out) { UnpackKScales(src, out); }
  template <int kPart, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 four = SetI(0x0f0f0f0f);
    ForLines<8>([&](auto u) {
      const I32 high = Hold(LoadI(src + 64 * (4 + u.value)));
      const I32 q = Hold(LoadI(src + 64 * (12 + 8 * kPart + u.value)));
      f(Int<u.value>(), OrI(AndI(q, four), MoveBit<2 * kPart, 4>(high)));
      f(Int<u.value + 8>(), OrI(AndI(ShrI<4>(q), four), MoveBit<2 * kPart + 1, 4>(high)));
    });
  }
};

// Codes have the offset 32: the minimum of a group is −32 times its scale.
struct Q6KPanel {
  static constexpr int kBytes = 210, kGroup = 16, kOffset = 32, kParts = 2;
  static void Scales(const uint8_t* src, KScales* out) {
    const F32 d = LoadF16(src);
    Store(out->min_scale, d);
    for (int u = 0; u < 4; ++u) {
      const I32 s = LoadI(src + 32 + 64 * u);
      StoreSignedScales(s, d, out->scales + 64 * u);
      StoreOffsets<5>(s, out->mins + 64 * u);
    }
  }
  template <int kPart, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 four = SetI(0x0f0f0f0f);
    const I32 top = SetI(0x30303030);
    ForLines<8>([&](auto u) {
      const uint8_t* words = src + 32 + 64 * (4 + 24 * kPart + 3 * u.value);
      const I32 low0 = Hold(LoadI(words));
      const I32 low1 = Hold(LoadI(words + 64));
      const I32 high = Hold(LoadI(words + 128));
      f(Int<u.value>(), OrI(AndI(low0, four), AndI(ShlI<4>(high), top)));
      f(Int<u.value + 8>(), OrI(AndI(low1, four), AndI(ShlI<2>(high), top)));
      f(Int<u.value + 16>(), OrI(AndI(ShrI<4>(low0), four), AndI(high, top)));
      f(Int<u.value + 24>(), OrI(AndI(ShrI<4>(low1), four), AndI(ShrI<2>(high), top)));
    });
  }
};

struct Q2KPanel {
  static constexpr int kBytes = 84, kGroup = 16, kOffset = 0, kParts = 2;
  static void Scales(const uint8_t* src, KScales* out) {
    const I32 header = LoadI(src);
    const F32 d = F16Low(header);
    Store(out->min_scale, Negated(F16High(header)));
    const I32 four = SetI(0x0f0f0f0f);
    for (int u = 0; u < 4; ++u) {
      const I32 s = LoadI(src + 64 + 64 * u);
      StoreScales(AndI(s, four), d, out->scales + 64 * u);
      StoreMins(AndI(ShrI<4>(s), four), out->mins + 64 * u);
    }
  }
  template <int kPart, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 two = SetI(0x03030303);
    ForLines<8>([&](auto u) {
      const I32 q = Hold(LoadI(src + 64 * (5 + 8 * kPart + u.value)));
      f(Int<u.value>(), AndI(q, two));
      f(Int<u.value + 8>(), AndI(ShrI<2>(q), two));
      f(Int<u.value + 16>(), AndI(ShrI<4>(q), two));
      f(Int<u.value + 24>(), AndI(ShrI<6>(q), two));
    });
  }
};

// Codes have the offset 4, scales the offset 32.
struct Q3KPanel {
  static constexpr int kBytes = 110, kGroup = 16, kOffset = 4, kParts = 2;
  static void Scales(const uint8_t* src, KScales* out) {
    const F32 d = LoadF16(src);
    Store(out->min_scale, d);
    const I32 low0 = LoadI(src + 32);
    const I32 low1 = LoadI(src + 32 + 64);
    const I32 high = LoadI(src + 32 + 128);
    const I32 four = SetI(0x0f0f0f0f);
    const I32 top = SetI(0x30303030);
    const I32 words[4] = {OrI(AndI(low0, four), AndI(ShlI<4>(high), top)),
                          OrI(AndI(low1, four), AndI(ShlI<2>(high), top)),
                          OrI(AndI(ShrI<4>(low0), four), AndI(high, top)),
                          OrI(AndI(ShrI<4>(low1), four), AndI(ShrI<2>(high), top))};
    for (int u = 0; u < 4; ++u) {
      // n − 32 in every byte: the borrow between bytes is kept out by setting the top bits.
      const I32 bits = SetI(static_cast<int32_t>(0x80808080u));
      const I32 s = XorI(SubI(OrI(words[u], bits), SetI(0x20202020)), bits);
      StoreSignedScales(s, d, out->scales + 64 * u);
      StoreOffsets<2>(s, out->mins + 64 * u);
    }
  }
  template <int kPart, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 two = SetI(0x03030303);
    ForLines<8>([&](auto u) {
      const I32 high = Hold(LoadI(src + 32 + 64 * (3 + u.value)));
      const I32 q = Hold(LoadI(src + 32 + 64 * (11 + 8 * kPart + u.value)));
      f(Int<u.value>(), OrI(AndI(q, two), MoveBit<4 * kPart, 2>(high)));
      f(Int<u.value + 8>(), OrI(AndI(ShrI<2>(q), two), MoveBit<4 * kPart + 1, 2>(high)));
      f(Int<u.value + 16>(), OrI(AndI(ShrI<4>(q), two), MoveBit<4 * kPart + 2, 2>(high)));
      f(Int<u.value + 24>(), OrI(AndI(ShrI<6>(q), two), MoveBit<4 * kPart + 3, 2>(high)));
    });
  }
};

template <class Panel>
void UnpackK(const uint8_t* src, KTile* tile) {
  Panel::Scales(src, tile);
  ForLines<Panel::kParts>([&](auto part) {
    Panel::template Codes<part.value>(src, [&](auto line, I32 codes) {
      StoreI(tile->codes + 64 * (64 / Panel::kParts * part.value + line.value), codes);
    });
  });
}

// A K-quant as data.
struct KFormat {
  void (*unpack)(const uint8_t* src, KTile* tile);
  int bytes;   // of a block
  int group;   // 16 or 32 columns
  int offset;  // of the codes; 0 for the formats that have minima
};

template <class Panel>
inline constexpr KFormat kKFormat = {UnpackK<Panel>, Panel::kBytes, Panel::kGroup, Panel::kOffset};

// Null for every other format.
inline const KFormat* FindKFormat(DType dtype) {
  switch (dtype) {
    case DType::kQ2_K:
      return &kKFormat<Q2KPanel>;
    case DType::kQ3_K:
      return &kKFormat<Q3KPanel>;
    case DType::kQ4_K:
      return &kKFormat<Q4KPanel>;
    case DType::kQ5_K:
      return &kKFormat<Q5KPanel>;
    case DType::kQ6_K:
      return &kKFormat<Q6KPanel>;
    default:
      return nullptr;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
