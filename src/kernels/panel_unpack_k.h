// From a panel of a K-quant (Q2_K to Q6_K) to tiles of one block column, 256 columns of 16 rows.
// These formats keep integers throughout: codes without a sign, and a scale and a minimum for each
// group that are small integers under one scale for the block. (Layout of a panel: panel_layout.h.)
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

// Element c of group g is scales[g]·codes[c] + min_scale·mins[g].
struct KTile {
  alignas(64) uint8_t codes[256 * 16];   // [64][16][4], 0 to 63
  alignas(64) float scales[16 * 16];     // [256 / group][16]
  alignas(64) int16_t mins[8 * 16 * 2];  // [128 / group][16][2]: of two groups
  alignas(64) float min_scale[16];
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

// Header of Q4_K and Q5_K: d, dmin, and k_scales.h on 16 rows.
inline void UnpackKHeader(const uint8_t* src, KTile* tile) {
  const I32 header = LoadI(src);
  const F32 d = F16Low(header);
  const I32 s = LoadI(src + 64);
  const I32 m = LoadI(src + 128);
  const I32 low = LoadI(src + 192);
  const I32 six = SetI(0x3f3f3f3f);
  const I32 four = SetI(0x0f0f0f0f);
  const I32 top = SetI(0x30303030);
  StoreScales(AndI(s, six), d, tile->scales);
  StoreScales(OrI(AndI(low, four), AndI(ShrI<2>(s), top)), d, tile->scales + 64);
  StoreMins(AndI(m, six), tile->mins);
  StoreMins(OrI(AndI(ShrI<4>(low), four), AndI(ShrI<2>(m), top)), tile->mins + 64);
  Store(tile->min_scale, Negated(F16High(header)));
}

inline void UnpackQ4K(const uint8_t* src, KTile* tile) {
  UnpackKHeader(src, tile);
  const I32 four = SetI(0x0f0f0f0f);
  for (int pair = 0; pair < 4; ++pair) {
    for (int u = 0; u < 8; ++u) {
      const I32 q = LoadI(src + 64 * (4 + 8 * pair + u));
      StoreI(tile->codes + 64 * (16 * pair + u), AndI(q, four));
      StoreI(tile->codes + 64 * (16 * pair + 8 + u), AndI(ShrI<4>(q), four));
    }
  }
}

// Bit kBit of every byte, moved to bit kTo.
template <int kBit, int kTo>
inline I32 MoveBit(I32 a) {
  const I32 mask = SetI(0x01010101 << kTo);
  if constexpr (kBit < kTo) return AndI(ShlI<kTo - kBit>(a), mask);
  if constexpr (kBit > kTo) return AndI(ShrI<kBit - kTo>(a), mask);
  return AndI(a, mask);
}

template <int kPair>
inline void UnpackQ5KPair(const uint8_t* src, KTile* tile) {
  const I32 four = SetI(0x0f0f0f0f);
  for (int u = 0; u < 8; ++u) {
    const I32 high = LoadI(src + 64 * (4 + u));
    const I32 q = LoadI(src + 64 * (12 + 8 * kPair + u));
    uint8_t* out = tile->codes + 64 * (16 * kPair + u);
    StoreI(out, OrI(AndI(q, four), MoveBit<2 * kPair, 4>(high)));
    StoreI(out + 64 * 8, OrI(AndI(ShrI<4>(q), four), MoveBit<2 * kPair + 1, 4>(high)));
  }
}

inline void UnpackQ5K(const uint8_t* src, KTile* tile) {
  UnpackKHeader(src, tile);
  UnpackQ5KPair<0>(src, tile);
  UnpackQ5KPair<1>(src, tile);
  UnpackQ5KPair<2>(src, tile);
  UnpackQ5KPair<3>(src, tile);
}

// Codes have the offset 32: the minimum of a group is −32 times its scale.
inline void UnpackQ6K(const uint8_t* panel, KTile* tile) {
  // Nibbles, bit pairs and scales stand far apart. A copy reads the panel front to back, as the
  // processor's prefetcher wants it: twice as fast at one row.
  alignas(64) uint8_t src[52 * 64];
  for (int u = 0; u < 52; ++u) StoreI(src + 64 * u, LoadI(panel + 64 * u));
  const F32 d = LoadF16(panel + 52 * 64);
  Store(tile->min_scale, d);
  for (int u = 0; u < 4; ++u) {
    const I32 s = LoadI(src + 64 * (48 + u));
    StoreSignedScales(s, d, tile->scales + 64 * u);
    StoreOffsets<5>(s, tile->mins + 64 * u);
  }
  const I32 four = SetI(0x0f0f0f0f);
  const I32 top = SetI(0x30303030);
  for (int half = 0; half < 2; ++half) {
    for (int u = 0; u < 8; ++u) {
      const I32 low0 = LoadI(src + 64 * (16 * half + u));
      const I32 low1 = LoadI(src + 64 * (16 * half + 8 + u));
      const I32 high = LoadI(src + 64 * (32 + 8 * half + u));
      uint8_t* out = tile->codes + 64 * (32 * half + u);
      StoreI(out, OrI(AndI(low0, four), AndI(ShlI<4>(high), top)));
      StoreI(out + 64 * 8, OrI(AndI(low1, four), AndI(ShlI<2>(high), top)));
      StoreI(out + 64 * 16, OrI(AndI(ShrI<4>(low0), four), AndI(high, top)));
      StoreI(out + 64 * 24, OrI(AndI(ShrI<4>(low1), four), AndI(ShrI<2>(high), top)));
    }
  }
}

inline void UnpackQ2K(const uint8_t* src, KTile* tile) {
  const I32 header = LoadI(src + 64 * 20);
  const F32 d = F16Low(header);
  Store(tile->min_scale, Negated(F16High(header)));
  const I32 four = SetI(0x0f0f0f0f);
  for (int u = 0; u < 4; ++u) {
    const I32 s = LoadI(src + 64 * u);
    StoreScales(AndI(s, four), d, tile->scales + 64 * u);
    StoreMins(AndI(ShrI<4>(s), four), tile->mins + 64 * u);
  }
  const I32 two = SetI(0x03030303);
  for (int half = 0; half < 2; ++half) {
    for (int u = 0; u < 8; ++u) {
      const I32 q = LoadI(src + 64 * (4 + 8 * half + u));
      uint8_t* out = tile->codes + 64 * (32 * half + u);
      StoreI(out, AndI(q, two));
      StoreI(out + 64 * 8, AndI(ShrI<2>(q), two));
      StoreI(out + 64 * 16, AndI(ShrI<4>(q), two));
      StoreI(out + 64 * 24, AndI(ShrI<6>(q), two));
    }
  }
}

template <int kHalf>
inline void UnpackQ3KHalf(const uint8_t* src, KTile* tile) {
  const I32 two = SetI(0x03030303);
  for (int u = 0; u < 8; ++u) {
    const I32 high = LoadI(src + 64 * u);
    const I32 q = LoadI(src + 64 * (8 + 8 * kHalf + u));
    uint8_t* out = tile->codes + 64 * (32 * kHalf + u);
    StoreI(out, OrI(AndI(q, two), MoveBit<4 * kHalf, 2>(high)));
    StoreI(out + 64 * 8, OrI(AndI(ShrI<2>(q), two), MoveBit<4 * kHalf + 1, 2>(high)));
    StoreI(out + 64 * 16, OrI(AndI(ShrI<4>(q), two), MoveBit<4 * kHalf + 2, 2>(high)));
    StoreI(out + 64 * 24, OrI(AndI(ShrI<6>(q), two), MoveBit<4 * kHalf + 3, 2>(high)));
  }
}

// Codes have the offset 4, scales the offset 32.
inline void UnpackQ3K(const uint8_t* src, KTile* tile) {
  const F32 d = LoadF16(src + 64 * 27);
  Store(tile->min_scale, d);
  const I32 low0 = LoadI(src + 64 * 24);
  const I32 low1 = LoadI(src + 64 * 25);
  const I32 high = LoadI(src + 64 * 26);
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
    StoreSignedScales(s, d, tile->scales + 64 * u);
    StoreOffsets<2>(s, tile->mins + 64 * u);
  }
  UnpackQ3KHalf<0>(src, tile);
  UnpackQ3KHalf<1>(src, tile);
}

// A K-quant as data.
struct KFormat {
  void (*unpack)(const uint8_t* src, KTile* tile);
  int bytes;   // of a block
  int group;   // 16 or 32 columns
  int offset;  // of the codes; 0 for the formats that have minima
};

// Null for every other format.
inline const KFormat* FindKFormat(DType dtype) {
  static constexpr KFormat kQ2K = {UnpackQ2K, 84, 16, 0};
  static constexpr KFormat kQ3K = {UnpackQ3K, 110, 16, 4};
  static constexpr KFormat kQ4K = {UnpackQ4K, 144, 32, 0};
  static constexpr KFormat kQ5K = {UnpackQ5K, 176, 32, 0};
  static constexpr KFormat kQ6K = {UnpackQ6K, 210, 16, 32};
  switch (dtype) {
    case DType::kQ2_K:
      return &kQ2K;
    case DType::kQ3_K:
      return &kQ3K;
    case DType::kQ4_K:
      return &kQ4K;
    case DType::kQ5_K:
      return &kQ5K;
    case DType::kQ6_K:
      return &kQ6K;
    default:
      return nullptr;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
