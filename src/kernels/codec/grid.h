// Eight codes at a time from the grids of the IQ formats.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/codec/iq_tables.h"

namespace frugal::FRUGAL_ISA_NS {

inline constexpr uint64_t kEveryByte = 0x0101010101010101u;

// Negates the magnitudes under the mask. None is zero, so −x = ~x + 1 carries out of no byte.
inline void StoreSigned(uint64_t magnitudes, uint64_t sign_mask, int8_t* codes) {
  const uint64_t word = (magnitudes ^ sign_mask) + (sign_mask & kEveryByte);
  std::memcpy(codes, &word, sizeof(word));
}

// Two 4-element vectors beside each other.
inline uint64_t JoinVectors(uint32_t first, uint32_t second) {
  return first | static_cast<uint64_t>(second) << 32;
}

// 8·g − 1 when `negative`, else 8·g + 1, for the vector g of kIq1Grid.
inline void StoreShifted(uint64_t offset_vector, bool negative, int8_t* codes) {
  const uint64_t step = negative ? 0 - kEveryByte : kEveryByte;
  const uint64_t word = (offset_vector + step) ^ (kEveryByte << 7);
  std::memcpy(codes, &word, sizeof(word));
}

}  // namespace frugal::FRUGAL_ISA_NS
