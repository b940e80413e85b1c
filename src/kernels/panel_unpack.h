// From a panel's bytes to tiles of 256 columns that the matmuls read: one function per weight
// format, made from its codec. (Layout of a panel: panel_layout.h.)
#pragma once

#include <cstdint>

#include "kernels/codec/list.h"
#include "kernels/panel_layout.h"
#include "kernels/row_tiles.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

constexpr int kTileColumns = 256;  // a multiple of every format's block
constexpr int kRows = 16;

// 256 columns of 16 rows of a quantised weight, in dot order.
struct QuantTile {
  // Group g has its codes at codes + g·group_bytes, [group/4][16][4]: as the panel has them, for
  // the formats that are `raw`, else code + kDotOffset in the buffer.
  const uint8_t* codes;
  int64_t group_bytes;
  alignas(64) uint8_t buffer[kTileColumns * kRows];
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
  static constexpr int kWordsAt = kOdd * kRows;

  static void Run(const uint8_t* src, uint8_t* codes, float* scales, float* biases) {
    constexpr int kGroups = Codec::kBlock / Codec::kGroup;
    for (int r = 0; r < kRows; ++r) {
      uint8_t block[Codec::kBytes];
      int8_t row_codes[Codec::kBlock];
      float row_scales[kGroups];
      float row_biases[kGroups];
      for (int j = 0; j < kOdd; ++j) {
        block[(kOddLast ? kWords * 4 : 0) + j] = src[r * kOdd + j];
      }
      for (int u = 0; u < kWords; ++u) {
        __builtin_memcpy(block + (kOddLast ? 0 : kOdd) + 4 * u,
                         src + kWordsAt + (PanelWord(Codec::kDType, u) * kRows + r) * 4, 4);
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
//
// Of each: Scale(), one for the whole block; and Codes<group>(), which calls f(Int<line>(), codes)
// for the 8 lines (4 columns) of a group of 32, what Dot() reads. Without a minimum, all of them.

template <class Codec>
struct Lines {
  static constexpr bool kFast = false;
};

// n − zero, of n and zero up to 127 in every byte. The borrow
// between bytes is kept out by setting the top bits: (n | 128) − zero is the code + 128.
inline I32 NibbleCodes(I32 nibbles, I32 zero) {
  const I32 high = SetI(static_cast<int32_t>(0x80808080u));
  const I32 shifted = SubI(OrI(nibbles, high), zero);
  return kDotOffset == 0 ? XorI(shifted, high) : shifted;
}
// f(line, code(nibbles)) for four words of a row: the low nibbles of word u are the line u, the
// high ones u + 4.
template <typename Code, typename F>
[[gnu::always_inline]] inline void NibbleLines(const uint8_t* words, const Code& code, const F& f) {
  const I32 four = SetI(0x0f0f0f0f);
  ForLines<4>([&](auto u) {
    const I32 q = Hold(LoadI(words + 64 * u.value));
    f(Int<u.value>(), code(AndI(q, four)));
    f(Int<u.value + 4>(), code(AndI(ShrI<4>(q), four)));
  });
}

struct NibbleLinesOf8 {
  static constexpr bool kFast = true;
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 zero = SetI(0x08080808);
    NibbleLines(
        src + 32, [&](I32 nibbles) { return NibbleCodes(nibbles, zero); }, f);
  }
};
template <>
struct Lines<CodecQ4_0> : NibbleLinesOf8 {
  static F32 Scale(const uint8_t* src) { return LoadF16(src); }
};
template <>
struct Lines<CodecI4_BF16> : NibbleLinesOf8 {
  static F32 Scale(const uint8_t* src) { return LoadBf16(src); }
};

// 16 codes as a table for LookUp, of what Dot() reads.
inline I32 CodeTable(const int8_t (&codes)[16]) {
  int8_t four_times[64];
  for (int i = 0; i < 4; ++i) __builtin_memcpy(four_times + 16 * i, codes, 16);
  return FlipCodes(LoadI(four_times));
}

template <>
struct Lines<CodecIQ4_NL> {
  static constexpr bool kFast = true;
  static F32 Scale(const uint8_t* src) { return LoadF16(src); }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 table = CodeTable(kIq4Codes);
    NibbleLines(
        src + 32, [&](I32 nibbles) { return LookUp(table, nibbles); }, f);
  }
};

template <>
struct Lines<CodecMXFP4> {
  static constexpr bool kFast = true;
  // HalvedE8M0 (mxfp4.h) of 16 exponents.
  static F32 Scale(const uint8_t* src) {
    const I32 exponent = LoadU8(src);
    const I32 normal = ShlI<23>(SubI(exponent, SetI(1)));
    const I32 denormal = AddI(ShlI<21>(exponent), SetI(0x00200000));
    const I32 is_denormal = SarI<31>(SubI(exponent, SetI(2)));
    return FromBits(XorI(normal, AndI(is_denormal, XorI(normal, denormal))));
  }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 table = CodeTable(kFp4Codes);
    NibbleLines(
        src + 16, [&](I32 nibbles) { return LookUp(table, nibbles); }, f);
  }
};

template <>
struct Lines<CodecQ5_0> {
  static constexpr bool kFast = true;
  static F32 Scale(const uint8_t* src) { return LoadF16(src); }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 fifth = Hold(LoadI(src + 32));
    const I32 four = SetI(0x0f0f0f0f);
    const I32 zero = SetI(0x10101010);
    ForLines<4>([&](auto u) {
      const I32 q = Hold(LoadI(src + 96 + 64 * u.value));
      const I32 low = SpreadBits(ShrI<4 * u.value>(fifth));
      const I32 high = SpreadBits(ShrI<4 * u.value + 16>(fifth));
      f(Int<u.value>(), NibbleCodes(OrI(AndI(q, four), low), zero));
      f(Int<u.value + 4>(), NibbleCodes(OrI(AndI(ShrI<4>(q), four), high), zero));
    });
  }
  // Bit i of a word to bit 4 of its byte i, i < 4.
  static I32 SpreadBits(I32 a) {
    const I32 four = AndI(a, SetI(15));
    const I32 pairs = OrI(ShlI<4>(four), ShlI<11>(four));
    return AndI(OrI(pairs, ShlI<14>(pairs)), SetI(0x10101010));
  }
};

template <DType kType, int kSize>
struct Lines<CodecI4<kType, kSize>> {
  static constexpr bool kFast = true;
  static F32 Scale(const uint8_t* src) { return FromBits(LoadI(src + 16)); }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    const I32 byte = AndI(LoadU8(src), SetI(15));
    const I32 pair = OrI(byte, ShlI<8>(byte));
    const I32 zero = OrI(pair, ShlI<16>(pair));
    NibbleLines(
        src + 80 + 256 * kGroup, [&](I32 nibbles) { return NibbleCodes(nibbles, zero); }, f);
  }
};

template <DType kType, int kSize>
struct Lines<CodecI8<kType, kSize>> {
  static constexpr bool kFast = true;
  static F32 Scale(const uint8_t* src) { return FromBits(LoadI(src)); }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    ForLines<8>([&](auto u) {
      f(Int<u.value>(), FlipCodes(LoadI(src + 64 + 512 * kGroup + 64 * u.value)));
    });
  }
};

template <>
struct Lines<CodecQ8_0> {
  static constexpr bool kFast = true;
  static F32 Scale(const uint8_t* src) { return LoadF16(src); }
  template <int kGroup, typename F>
  [[gnu::always_inline]] static void Codes(const uint8_t* src, const F& f) {
    ForLines<8>([&](auto u) { f(Int<u.value>(), FlipCodes(LoadI(src + 32 + 64 * u.value))); });
  }
};

// ---- Tiles -------------------------------------------------------------------------------------

// `blocks` block columns into a tile.
template <class Codec>
void UnpackTile(const uint8_t* src, int64_t blocks, QuantTile* tile) {
  constexpr int kGroups = Codec::kBlock / Codec::kGroup;
  for (int64_t b = 0; b < blocks; ++b) {
    const uint8_t* from = src + b * Codec::kBytes * kRows;
    uint8_t* codes = tile->buffer + b * Codec::kBlock * kRows;
    float* scales = tile->scales + b * kGroups * kRows;
    if constexpr (Lines<Codec>::kFast) {
      const F32 scale = Lines<Codec>::Scale(from);
      ForLines<kGroups>([&](auto group) {
        Store(scales + group.value * kRows, scale);
        Lines<Codec>::template Codes<group.value>(from, [&](auto line, I32 words) {
          StoreI(codes + 512 * group.value + 64 * line.value, words);
        });
      });
    } else {
      UnpackBlocks<Codec>::Run(from, codes, scales, tile->biases + b * kGroups * kRows);
    }
  }
  tile->codes = tile->buffer;
  tile->group_bytes = Codec::kGroup * kRows;
}

// Q8_0's codes stay where they are.
template <>
inline void UnpackTile<CodecQ8_0>(const uint8_t* src, int64_t blocks, QuantTile* tile) {
  for (int64_t b = 0; b < blocks; ++b) {
    Store(tile->scales + b * kRows, LoadF16(src + b * CodecQ8_0::kBytes * kRows));
  }
  tile->codes = src + 2 * kRows;
  tile->group_bytes = CodecQ8_0::kBytes * kRows;
}

// A quantised format as data, so that the matmuls are not instantiated for each one.
struct QuantFormat {
  void (*unpack)(const uint8_t* src, int64_t blocks, QuantTile* tile);
  int block;
  int bytes;
  int group;
  bool has_min;
  bool raw;
};

template <class Codec>
inline constexpr QuantFormat kQuantFormat = {UnpackTile<Codec>, Codec::kBlock,
                                             Codec::kBytes,     Codec::kGroup,
                                             Codec::kHasMin,    Codec::kDType == DType::kQ8_0};

// The last block may reach beyond the columns, never beyond the tile.
inline int64_t Blocks(const QuantFormat& format, int64_t columns) {
  return (columns + format.block - 1) / format.block;
}

// Null for the float formats and FP8.
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

// ---- FP8 ---------------------------------------------------------------------------------------

// Elements per block; 0 for other formats.
inline int F8Block(DType dtype) {
  switch (dtype) {
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return Codec::kBlock;
    FRUGAL_FOR_EACH_F8_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      return 0;
  }
}

// E4m3ToFloat (f8_blocks.h) of the low byte of every lane; the other bytes must be 0.
inline F32 E4m3(I32 code) {
  const I32 magnitude = AndI(code, SetI(0x7f));
  const I32 normal = AddI(ShlI<20>(magnitude), SetI(120 << 23));
  const I32 least = SetI(121 << 23);
  const I32 denormal = Bits(Sub(FromBits(AddI(ShlI<20>(magnitude), least)), FromBits(least)));
  const I32 is_denormal = SarI<31>(SubI(magnitude, SetI(8)));
  const I32 is_nan = SarI<31>(SubI(SetI(126), magnitude));
  const I32 value = XorI(normal, AndI(is_denormal, XorI(normal, denormal)));
  const I32 sign = ShlI<24>(XorI(code, magnitude));
  return FromBits(OrI(OrI(value, sign), AndI(is_nan, SetI(0x7fc00000))));
}

// Calls store(column, four vectors of 16 unscaled values, for that column and the next three) over
// `columns` columns (a multiple of 32) from column `begin`, and writes the scale of every 32 of
// them, [columns/32][16].
template <typename StoreFour>
inline void UnpackF8(int block, const uint8_t* panel, int64_t begin, int64_t columns, float* scales,
                     const StoreFour& store) {
  const int64_t block_bytes = (4 + block) * kRows;
  for (int64_t c = 0; c < columns; c += 32) {
    const uint8_t* from = panel + (begin + c) / block * block_bytes;
    Store(scales + c / 32 * kRows, FromBits(LoadI(from)));
    const uint8_t* words = from + 64 + (begin + c) % block * kRows;
    for (int u = 0; u < 8; ++u) {
      const I32 word = LoadI(words + 64 * u);
      const I32 byte = SetI(255);
      const F32 values[4] = {E4m3(AndI(word, byte)), E4m3(AndI(ShrI<8>(word), byte)),
                             E4m3(AndI(ShrI<16>(word), byte)), E4m3(ShrI<24>(word))};
      store(c + 4 * u, values);
    }
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
