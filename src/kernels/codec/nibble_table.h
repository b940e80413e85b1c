// IQ4_NL, IQ4_XS and MXFP4 store 4-bit indices into 16 fixed codes.
#pragma once

#include <cstdint>

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

namespace frugal::FRUGAL_ISA_NS {

// The codes of IQ4_NL and IQ4_XS.
inline constexpr int8_t kIq4Codes[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                         1,    13,   25,  38,  53,  69,  89,  113};

// The values of FP4 (E2M1), doubled.
inline constexpr int8_t kFp4Codes[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// codes[32]: element i is looked up by the low nibble of byte i, element 16 + i by the high one.
inline void LookUpNibbles(const int8_t (&table)[16], const uint8_t* __restrict nibbles,
                          int8_t* __restrict codes) {
#ifdef __SSSE3__
  // Compilers do not find the byte shuffle by themselves.
  const __m128i entries = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(nibbles));
  const __m128i mask = _mm_set1_epi8(15);
  const __m128i low = _mm_and_si128(bytes, mask);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), mask);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm_shuffle_epi8(entries, low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + 16), _mm_shuffle_epi8(entries, high));
#else
  for (int i = 0; i < 16; ++i) {
    codes[i] = table[nibbles[i] & 15];
    codes[16 + i] = table[nibbles[i] >> 4];
  }
#endif
}

}  // namespace frugal::FRUGAL_ISA_NS
