// Numbers of the GGUF container shared by its reader and writer (ggml's docs/gguf.md).
#pragma once

#include <bit>
#include <cstdint>

namespace frugal {

static_assert(std::endian::native == std::endian::little,
              "the containers are little-endian and are read in place");

inline constexpr uint32_t kGgufMagic = 0x46554747;  // "GGUF"
inline constexpr uint32_t kGgufDefaultAlignment = 32;
inline constexpr uint32_t kGgufMaxAlignment = 1 << 20;  // ours; published files use 32
inline constexpr uint32_t kGgufMaxDims = 4;
inline constexpr uint64_t kGgufMaxName = 65535;  // bytes of a key or tensor name

enum class GgufType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

}  // namespace frugal
