// The formats with blocks of 32 keep 32 nibbles in 16 bytes: element i in the low nibble of byte
// i, element 16 + i in the high one. Written with 16-byte vectors (a GCC and Clang extension),
// because compilers unroll loops this short before they would vectorise them.
#pragma once

#include "kernels/codec/half.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

namespace frugal::FRUGAL_ISA_NS {

typedef uint8_t Bytes16 __attribute__((vector_size(16)));

inline Bytes16 LoadBytes16(const uint8_t* p) {
  Bytes16 v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

inline void StoreBytes16(Bytes16 v, int8_t* p) { std::memcpy(p, &v, sizeof(v)); }

// codes[32] = the nibbles − offset.
inline void UnpackNibbles(const uint8_t* nibbles, uint8_t offset, int8_t* codes) {
  const Bytes16 bytes = LoadBytes16(nibbles);
  StoreBytes16((bytes & 15) - offset, codes);
  StoreBytes16((bytes >> 4) - offset, codes + 16);
}

// The five-bit values of Q5_0 and Q5_1: fifth bits (4 bytes, element i at bit i), then nibbles.
// codes[32] = the values − offset.
inline void UnpackFiveBits(const uint8_t* packed, uint8_t offset, int8_t* codes) {
  // Eight bytes repeat the byte that holds their bits, and each picks its own; 0x7F more carries
  // any single bit up to bit 7.
  uint64_t words[4];
  for (int i = 0; i < 4; ++i) {
    const uint64_t picked = (packed[i] * 0x0101010101010101u) & 0x8040201008040201u;
    words[i] = ((picked + 0x7F7F7F7F7F7F7F7Fu) >> 3) & 0x1010101010101010u;
  }
  Bytes16 fifth[2];
  std::memcpy(fifth, words, sizeof(fifth));
  const Bytes16 bytes = LoadBytes16(packed + 4);
  StoreBytes16(((bytes & 15) | fifth[0]) - offset, codes);
  StoreBytes16(((bytes >> 4) | fifth[1]) - offset, codes + 16);
}

// The codes of IQ4_NL and IQ4_XS.
inline constexpr int8_t kIq4Codes[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                         1,    13,   25,  38,  53,  69,  89,  113};

// The values of FP4 (E2M1), doubled.
inline constexpr int8_t kFp4Codes[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// codes[32] = table[nibble].
inline void LookUpNibbles(const int8_t (&table)[16], const uint8_t* __restrict nibbles,
                          int8_t* __restrict codes) {
#ifdef __SSSE3__
  // Compilers do not find the byte shuffle by themselves: 1.2 against 29 elements per ns.
  __m128i entries;
  std::memcpy(&entries, table, sizeof(entries));
  const Bytes16 bytes = LoadBytes16(nibbles);
  const __m128i low = _mm_shuffle_epi8(entries, reinterpret_cast<__m128i>(bytes & 15));
  const __m128i high = _mm_shuffle_epi8(entries, reinterpret_cast<__m128i>(bytes >> 4));
  std::memcpy(codes, &low, sizeof(low));
  std::memcpy(codes + 16, &high, sizeof(high));
#else
  for (int i = 0; i < 16; ++i) {
    codes[i] = table[nibbles[i] & 15];
    codes[16 + i] = table[nibbles[i] >> 4];
  }
#endif
}

}  // namespace frugal::FRUGAL_ISA_NS
