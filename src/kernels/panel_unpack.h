// From a panel's bytes to tiles of 256 columns that the matmuls read: one function per weight
// format, made from its codec. (Layout of a panel: panel_layout.h.)
#pragma once

#include <cstdint>

#include "kernels/codec/list.h"
#include "kernels/panel_layout.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

constexpr int kTileColumns = 256;  // a multiple of every format's block
constexpr int kRows = 16;

// 256 columns of 16 rows of a quantised weight, in dot order.
struct QuantTile {
  alignas(64) uint8_t codes[kTileColumns * kRows];      // [256/4][16][4], code + kDotOffset
  alignas(64) float scales[kTileColumns / 16 * kRows];  // [256/group][16]
  alignas(64) float biases[kTileColumns / 16 * kRows];  // likewise; unset without a minimum
};

// A codec's int8 codes become what Dot() reads by this on words of 4.
constexpr uint32_t kCodeFlip = kDotOffset * 0x01010101u;
inline I32 FlipCodes(I32 codes) {
  return kDotOffset == 0 ? codes : XorI(codes, SetI(static_cast<int32_t>(kCodeFlip)));
}

// 16 interleaved blocks → codes [kBlock/4][16][4], scales and biases [kBlock/kGroup][16].
// For any codec: row by row through its scalar Unpack.
template <class Codec>
struct UnpackBlocks {
  static constexpr int kOdd = Codec::kBytes % 4;
  static constexpr int kWords = Codec::kBytes / 4;
  static constexpr bool kOddLast = OddBytesLast(Codec::kDType);
  static constexpr int kWordsAt = kOddLast ? 0 : kOdd * kRows;
  static constexpr int kOddAt = kOddLast ? kWords * 4 * kRows : 0;

  static void Run(const uint8_t* src, uint8_t* codes, float* scales, float* biases) {
    constexpr int kGroups = Codec::kBlock / Codec::kGroup;
    for (int r = 0; r < kRows; ++r) {
      uint8_t block[Codec::kBytes];
      int8_t row_codes[Codec::kBlock];
      float row_scales[kGroups];
      float row_biases[kGroups];
      for (int j = 0; j < kOdd; ++j) {
        block[(kOddLast ? kWords * 4 : 0) + j] = src[kOddAt + r * kOdd + j];
      }
      for (int u = 0; u < kWords; ++u) {
        __builtin_memcpy(block + (kOddLast ? 0 : kOdd) + 4 * u,
                         src + kWordsAt + (u * kRows + r) * 4, 4);
      }
      Codec::Unpack(block, row_codes, row_scales, row_biases);
      for (int u = 0; u < Codec::kBlock / 4; ++u) {
        uint32_t word;
        __builtin_memcpy(&word, row_codes + 4 * u, 4);
        word ^= kCodeFlip;
        __builtin_memcpy(codes + (u * kRows + r) * 4, &word, 4);
      }
      for (int g = 0; g < kGroups; ++g) {
        scales[g * kRows + r] = row_scales[g];
        if constexpr (Codec::kHasMin) biases[g * kRows + r] = row_biases[g];
      }
    }
  }
};

// ---- The same, 16 rows at a time, for the most common formats -----------------------------------

template <>
struct UnpackBlocks<CodecQ8_0> {
  static void Run(const uint8_t* src, uint8_t* codes, float* scales, float*) {
    Store(scales, LoadF16(src));
    for (int u = 0; u < 8; ++u) StoreI(codes + 64 * u, FlipCodes(LoadI(src + 32 + 64 * u)));
  }
};

template <>
struct UnpackBlocks<CodecQ4_0> {
  static void Run(const uint8_t* src, uint8_t* codes, float* scales, float*) {
    Store(scales, LoadF16(src));
    const I32 mask = SetI(0x0f0f0f0f);
    // n − 8 as a byte, and flipped: n + 120 when the offset is 128. Else the borrow between
    // bytes is kept out by setting the top bits: (n | 128) − 8 has bit 7 wrong, flip it.
    const I32 high = SetI(static_cast<int32_t>(0x80808080u));
    const I32 eight = SetI(0x08080808);
    for (int u = 0; u < 4; ++u) {
      const I32 q = LoadI(src + 32 + 64 * u);
      for (int half = 0; half < 2; ++half) {
        const I32 n = AndI(half == 0 ? q : ShrI<4>(q), mask);
        const I32 shifted = SubI(OrI(n, high), eight);  // n − 8 + 128
        StoreI(codes + 64 * (u + 4 * half), kDotOffset == 0 ? XorI(shifted, high) : shifted);
      }
    }
  }
};

template <>
struct UnpackBlocks<CodecQ4_K> {
  static void Run(const uint8_t* src, uint8_t* codes, float* scales, float* biases) {
    const I32 header = LoadI(src);
    const F32 d = F16Low(header);
    const F32 dmin = F16High(header);
    // k_scales.h, on 16 rows: words[0..1] are the scales' bytes, words[2..3] the minima's.
    const I32 s = LoadI(src + 64);
    const I32 m = LoadI(src + 128);
    const I32 low = LoadI(src + 192);
    const I32 six = SetI(0x3f3f3f3f);
    const I32 four = SetI(0x0f0f0f0f);
    const I32 top = SetI(0x30303030);
    const I32 words[4] = {AndI(s, six), OrI(AndI(low, four), AndI(ShrI<2>(s), top)), AndI(m, six),
                          OrI(AndI(ShrI<4>(low), four), AndI(ShrI<2>(m), top))};
    const I32 byte = SetI(255);
    for (int half = 0; half < 2; ++half) {
      StoreGroups(words[half], byte, d, scales + 64 * half);
      StoreGroups(words[2 + half], byte, Sub(FromBits(SetI(INT32_MIN)), dmin), biases + 64 * half);
    }
    for (int pair = 0; pair < 4; ++pair) {
      for (int u = 0; u < 8; ++u) {
        const I32 q = LoadI(src + 256 + 64 * (8 * pair + u));
        StoreI(codes + 64 * (16 * pair + u), FlipCodes(AndI(q, four)));
        StoreI(codes + 64 * (16 * pair + 8 + u), FlipCodes(AndI(ShrI<4>(q), four)));
      }
    }
  }
  // factor · each byte of `word`, in four rows of 16.
  static void StoreGroups(I32 word, I32 byte, F32 factor, float* out) {
    Store(out, Mul(factor, ToF32(AndI(word, byte))));
    Store(out + 16, Mul(factor, ToF32(AndI(ShrI<8>(word), byte))));
    Store(out + 32, Mul(factor, ToF32(AndI(ShrI<16>(word), byte))));
    Store(out + 48, Mul(factor, ToF32(ShrI<24>(word))));
  }
};

template <>
struct UnpackBlocks<CodecQ6_K> {
  static void Run(const uint8_t* panel, uint8_t* codes, float* scales, float*) {
    // Nibbles, bit pairs and scales stand far apart. A copy reads the panel front to back, as the
    // processor's prefetcher wants it: twice as fast at one row.
    alignas(64) uint8_t src[52 * 64];
    for (int u = 0; u < 52; ++u) StoreI(src + 64 * u, LoadI(panel + 64 * u));
    const F32 d = LoadF16(panel + 52 * 64);
    for (int u = 0; u < 4; ++u) {
      const I32 s = LoadI(src + 64 * (48 + u));
      Store(scales + 64 * u, Mul(d, ToF32(SarI<24>(ShlI<24>(s)))));
      Store(scales + 64 * u + 16, Mul(d, ToF32(SarI<24>(ShlI<16>(s)))));
      Store(scales + 64 * u + 32, Mul(d, ToF32(SarI<24>(ShlI<8>(s)))));
      Store(scales + 64 * u + 48, Mul(d, ToF32(SarI<24>(s))));
    }
    for (int half = 0; half < 2; ++half) {
      for (int u = 0; u < 8; ++u) {
        const I32 low0 = LoadI(src + 64 * (16 * half + u));
        const I32 low1 = LoadI(src + 64 * (16 * half + 8 + u));
        const I32 high = LoadI(src + 64 * (32 + 8 * half + u));
        uint8_t* out = codes + 64 * (32 * half + u);
        StoreCode(out, low0, ShlI<4>(high));
        StoreCode(out + 64 * 8, low1, ShlI<2>(high));
        StoreCode(out + 64 * 16, ShrI<4>(low0), high);
        StoreCode(out + 64 * 24, ShrI<4>(low1), ShrI<2>(high));
      }
    }
  }
  // ((low & 15) | (high & 0x30)) − 32 in every byte.
  static void StoreCode(uint8_t* out, I32 low, I32 high) {
    const I32 n = OrI(AndI(low, SetI(0x0f0f0f0f)), AndI(high, SetI(0x30303030)));
    const I32 top = SetI(static_cast<int32_t>(0x80808080u));
    const I32 shifted = SubI(OrI(n, top), SetI(0x20202020));  // n − 32 + 128
    StoreI(out, kDotOffset == 0 ? XorI(shifted, top) : shifted);
  }
};

// ---- Tiles -------------------------------------------------------------------------------------

// `blocks` block columns into a tile.
template <class Codec>
void UnpackTile(const uint8_t* src, int64_t blocks, QuantTile* tile) {
  constexpr int kGroups = Codec::kBlock / Codec::kGroup;
  for (int64_t b = 0; b < blocks; ++b) {
    UnpackBlocks<Codec>::Run(
        src + b * Codec::kBytes * kRows, tile->codes + b * Codec::kBlock * kRows,
        tile->scales + b * kGroups * kRows, tile->biases + b * kGroups * kRows);
  }
}

// A quantised format as data, so that the matmuls are not instantiated for each one.
struct QuantFormat {
  void (*unpack)(const uint8_t* src, int64_t blocks, QuantTile* tile);
  int block;
  int bytes;
  int group;
  bool has_min;
};

template <class Codec>
inline constexpr QuantFormat kQuantFormat = {UnpackTile<Codec>, Codec::kBlock, Codec::kBytes,
                                             Codec::kGroup, Codec::kHasMin};

// Null for the float formats.
inline const QuantFormat* FindQuantFormat(DType dtype) {
  switch (dtype) {
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return &kQuantFormat<Codec>;
    FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      return nullptr;
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
