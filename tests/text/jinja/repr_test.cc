#include "text/jinja/repr.h"

#include <limits>

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaRepr, Goldens) { RunGoldens("repr", 85); }

TEST(JinjaRepr, Floats) {
  using jinja::FloatRepr;
  EXPECT_EQ(FloatRepr(0), "0.0");
  EXPECT_EQ(FloatRepr(-0.0), "-0.0");
  EXPECT_EQ(FloatRepr(1e15), "1000000000000000.0");
  EXPECT_EQ(FloatRepr(1e16), "1e+16");
  EXPECT_EQ(FloatRepr(1.5e16), "1.5e+16");
  EXPECT_EQ(FloatRepr(1e-4), "0.0001");
  EXPECT_EQ(FloatRepr(1e-5), "1e-05");
  EXPECT_EQ(FloatRepr(1e100), "1e+100");
  EXPECT_EQ(FloatRepr(5e-324), "5e-324");
  EXPECT_EQ(FloatRepr(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(FloatRepr(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(FloatRepr(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(JinjaRepr, Integers) {
  EXPECT_EQ(jinja::IntText(0), "0");
  EXPECT_EQ(jinja::IntText(-42), "-42");
  const auto max = static_cast<jinja::Int>(~static_cast<unsigned __int128>(0) >> 1);
  EXPECT_EQ(jinja::IntText(max), "170141183460469231731687303715884105727");
  EXPECT_EQ(jinja::IntText(-max - 1), "-170141183460469231731687303715884105728");
}

// Printing what contains itself, or has 2^300 leaves, ends in an error.
TEST(JinjaRepr, Bounded) {
  EXPECT_NE(Outcome("{% set n = namespace() %}{% set n.n = n %}{{ n }}").find("too deeply"),
            std::string::npos);
  EXPECT_NE(Outcome("{% set n = namespace(l=[1]) %}{% for q in range(300) %}"
                    "{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}")
                .find("limit"),
            std::string::npos);
}

}  // namespace
}  // namespace frugal
