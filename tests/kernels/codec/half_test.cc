#define FRUGAL_ISA_NS isa_half_test
#include "kernels/codec/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal {
namespace {

using namespace isa_half_test;

// IEEE 754 binary16 by its definition.
double HalfByDefinition(int bits) {
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Half, EveryPatternToFloat) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    const double want = HalfByDefinition(bits);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(value), want) << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(want)) << bits;
    }
  }
}

TEST(Half, EveryPatternBack) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const uint16_t back = FloatToHalf(HalfToFloat(static_cast<uint16_t>(bits)));
    if (std::isnan(HalfByDefinition(bits))) {
      ASSERT_TRUE(std::isnan(HalfToFloat(back))) << bits;
    } else {
      ASSERT_EQ(back, bits);
    }
  }
}

// Between neighbours: the nearer, and in the middle the even one.
TEST(Half, RoundsToNearestEven) {
  for (int bits = 0; bits < 0x7BFF; ++bits) {
    const float low = HalfToFloat(static_cast<uint16_t>(bits));
    const float high = HalfToFloat(static_cast<uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(FloatToHalf(middle), bits + (bits & 1)) << bits;
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, low)), bits);
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, high)), bits + 1);
    ASSERT_EQ(FloatToHalf(-std::nextafterf(middle, low)), bits | 0x8000);
  }
  EXPECT_EQ(FloatToHalf(65519.996f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7C00);
  EXPECT_EQ(FloatToHalf(-1e30f), 0xFC00);
}

TEST(Bf16, RoundsToNearestEven) {
  for (int bits = 0; bits < 0x7F80; ++bits) {
    const float low = Bf16ToFloat(static_cast<uint16_t>(bits));
    const float middle = FloatFromBits(static_cast<uint32_t>(bits) << 16 | 0x8000);
    ASSERT_EQ(FloatToBf16(low), bits);
    ASSERT_EQ(FloatToBf16(middle), bits + (bits & 1)) << bits;
    ASSERT_EQ(FloatToBf16(std::nextafterf(middle, 0.0f)), bits);
    ASSERT_EQ(FloatToBf16(std::nextafterf(middle, INFINITY)), bits + 1);
    ASSERT_EQ(FloatToBf16(-low), bits | 0x8000);
  }
  EXPECT_EQ(FloatToBf16(INFINITY), 0x7F80);
  // A NaN whose payload lies in the lower half must not become infinity.
  EXPECT_TRUE(std::isnan(Bf16ToFloat(FloatToBf16(FloatFromBits(0x7F800001)))));
  EXPECT_TRUE(std::isnan(Bf16ToFloat(FloatToBf16(FloatFromBits(0xFFFFFFFF)))));
}

}  // namespace
}  // namespace frugal
