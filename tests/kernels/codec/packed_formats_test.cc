// The formats that are in no file (f8_blocks.h, i4_groups.h, i8_groups.h), decoded by what their
// headers say, in another way than theirs.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/codec/codec.h"

namespace frugal {
namespace {

void PutFloat(float value, uint8_t* at) { std::memcpy(at, &value, sizeof(value)); }

// OCP 8-bit floating point 1.0, E4M3: bias 7, no infinities, all ones is NaN.
double E4m3(int code) {
  const int exponent = code >> 3 & 15;
  const int mantissa = code & 7;
  double value = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
  if (exponent == 15 && mantissa == 7) value = std::nan("");
  return code & 128 ? -value : value;
}

TEST(PackedFormats, Fp8HoldsEveryCode) {
  for (const DType dtype : {DType::kF8_G128, DType::kF8_G32}) {
    const DTypeInfo& info = GetDType(dtype);
    for (const float scale : {1.0f, -0.3f, 1e-30f}) {
      for (int first = 0; first < 256; first += info.block_size) {
        std::vector<uint8_t> block(static_cast<size_t>(info.block_bytes));
        PutFloat(scale, block.data());
        for (int i = 0; i < info.block_size; ++i) {
          block[static_cast<size_t>(4 + i)] = static_cast<uint8_t>(first + i);
        }
        std::vector<float> values(static_cast<size_t>(info.block_size));
        DecodeRow(dtype, block.data(), info.block_size, values.data());
        for (int i = 0; i < info.block_size; ++i) {
          const double code = E4m3(first + i);
          const float value = values[static_cast<size_t>(i)];
          if (std::isnan(code)) {
            EXPECT_TRUE(std::isnan(value)) << first + i;
          } else {
            EXPECT_EQ(value, scale * static_cast<float>(code)) << first + i;
            EXPECT_EQ(std::signbit(value), std::signbit(scale) != (first + i >= 128));
          }
        }
      }
    }
  }
}

TEST(PackedFormats, Int4TakesTheZeroFromTheNibbles) {
  std::mt19937 rng(3);
  for (const DType dtype : {DType::kI4_G128, DType::kI4_G32, DType::kI4_BF16}) {
    const DTypeInfo& info = GetDType(dtype);
    const int header = info.block_bytes - info.block_size / 2;
    for (int zero = 0; zero < 16; ++zero) {
      std::vector<uint8_t> block(static_cast<size_t>(info.block_bytes));
      for (uint8_t& byte : block) byte = static_cast<uint8_t>(rng());
      const float scale = dtype == DType::kI4_BF16 ? 0x1.4p-5f : 0.0123f;
      uint8_t bytes[4];
      PutFloat(scale, bytes);
      if (dtype == DType::kI4_BF16) {
        std::memcpy(block.data(), bytes + 2, 2);
      } else {
        block[0] = static_cast<uint8_t>(zero);
        std::memcpy(&block[1], bytes, 4);
      }
      std::vector<float> values(static_cast<size_t>(info.block_size));
      DecodeRow(dtype, block.data(), info.block_size, values.data());
      for (int i = 0; i < info.block_size; ++i) {
        const int byte = block[static_cast<size_t>(header + i / 32 * 16 + i % 16)];
        const int nibble = i % 32 < 16 ? byte & 15 : byte >> 4;
        const int code = nibble - (dtype == DType::kI4_BF16 ? 8 : zero);
        EXPECT_EQ(values[static_cast<size_t>(i)], scale * static_cast<float>(code)) << info.name;
      }
    }
  }
}

TEST(PackedFormats, Int8IsScaleTimesCode) {
  for (const DType dtype : {DType::kI8_G128, DType::kI8_G32}) {
    const DTypeInfo& info = GetDType(dtype);
    for (int first = -128; first < 128; first += info.block_size) {
      std::vector<uint8_t> block(static_cast<size_t>(info.block_bytes));
      PutFloat(0.7f, block.data());
      for (int i = 0; i < info.block_size; ++i) {
        block[static_cast<size_t>(4 + i)] = static_cast<uint8_t>(first + i);
      }
      std::vector<float> values(static_cast<size_t>(info.block_size));
      DecodeRow(dtype, block.data(), info.block_size, values.data());
      for (int i = 0; i < info.block_size; ++i) {
        EXPECT_EQ(values[static_cast<size_t>(i)], 0.7f * static_cast<float>(first + i));
      }
    }
  }
}

}  // namespace
}  // namespace frugal
